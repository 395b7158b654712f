package progress

import (
	"encoding/json"

	"github.com/runflow/runflow/progress/flow"
)

// Limits on what a task carries. A length is counted in characters (runes), a size in bytes of JSON.
const (
	MaxTitle    = 256
	MaxMessage  = 1024
	MaxName     = 64 // step, unit, label key, label value
	MaxLabels   = 20
	MaxSteps    = 200
	MaxDocument = 64 << 10 // metadata, result, params: each
)

// Spec is what does not change in a task's life: the first event of its log.
type Spec struct {
	ID        string            `json:"id"`
	Flow      string            `json:"flow,omitempty"` // empty for a task that a reporter reports
	Title     string            `json:"title,omitempty"`
	Labels    map[string]string `json:"labels,omitempty"`
	Params    json.RawMessage   `json:"params,omitempty"`
	Metadata  json.RawMessage   `json:"metadata,omitempty"` // as it was at creation; reports merge into the Status's
	Parent    string            `json:"parent,omitempty"`   // the task that this one runs again
	CreatedAt Time              `json:"createdAt"`

	// StaleAfter is how many seconds a reporter may be silent before its task is shown as stalled; 0 is for ever.
	StaleAfter float64 `json:"staleAfter,omitempty"`
	// Plan is the flow as it was at creation: what any worker needs to run the task. Readers leave it in the log.
	Plan json.RawMessage `json:"plan,omitempty"`
	// Retry is the plan's, for whoever finds the task's worker gone.
	Retry flow.Retry `json:"retry,omitzero"`
	// Steps lists the plan's steps, so that a queued task already shows them.
	Steps []Step `json:"steps,omitempty"`
}

// Status is everything that changes in a task's life. Every status event holds a whole one, so the newest is enough.
type Status struct {
	State    State    `json:"state"`
	Reason   Reason   `json:"reason,omitempty"`   // of a failed task
	Progress *float64 `json:"progress,omitempty"` // 0 to 100; nil while nobody knows
	Current  *float64 `json:"current,omitempty"`
	Total    *float64 `json:"total,omitempty"`
	Unit     string   `json:"unit,omitempty"`
	Message  string   `json:"message,omitempty"`
	Step     string   `json:"step,omitempty"` // the step that moved last
	Steps    []Step   `json:"steps,omitempty"`
	Attempt  int      `json:"attempt"` // 1 for the first
	Retries  int      `json:"retries,omitempty"`
	Stalled  bool     `json:"stalled,omitempty"` // a beat is overdue
	Rate     *float64 `json:"rate,omitempty"`    // units per second, smoothed
	ETA      Time     `json:"eta,omitzero"`
	Pace     Pace     `json:"pace,omitzero"` // what Rate and ETA are smoothed from

	Metadata json.RawMessage `json:"metadata,omitempty"`
	Result   json.RawMessage `json:"result,omitempty"`
	Error    string          `json:"error,omitempty"`

	StartedAt Time `json:"startedAt,omitzero"`
	UpdatedAt Time `json:"updatedAt"`
	EndedAt   Time `json:"endedAt,omitzero"`
}

// Step is one part of a task.
type Step struct {
	Name      string   `json:"name"`
	State     State    `json:"state"`
	Progress  *float64 `json:"progress"`
	Message   string   `json:"message,omitempty"`
	Weight    float64  `json:"weight,omitempty"` // 0 counts as 1
	Needs     []string `json:"needs,omitempty"`
	StartedAt Time     `json:"startedAt"`
	EndedAt   Time     `json:"endedAt"`
	ExitCode  *int     `json:"exitCode,omitempty"`
}

// Initial is the status of a task that has only a Spec: nobody has worked on it yet.
func (s *Spec) Initial() Status {
	return Status{State: Queued, Attempt: 1, Steps: s.Steps, Metadata: s.Metadata, UpdatedAt: s.CreatedAt}
}

// Task is one run of some work, as clients see it: its Spec and its newest Status. A Task handed out by this module is
// shared; nobody changes it.
type Task struct {
	Spec   *Spec
	Status *Status
	Seq    uint64 // of the newest event that Status stands for
}

// step finds a step by name, or nil.
func (s *Status) step(name string) *Step {
	for i := range s.Steps {
		if s.Steps[i].Name == name {
			return &s.Steps[i]
		}
	}
	return nil
}

// clone copies what a fold may change, so that the original stays as it was for whoever holds it.
func (s *Status) clone() Status {
	c := *s
	c.Steps = append([]Step(nil), s.Steps...)
	return c
}

var (
	emptyObject = json.RawMessage("{}")
	noLabels    = map[string]string{}
)

// MarshalJSON writes the task as section 2 of the contract has it: every member there, null where nothing is known.
func (t Task) MarshalJSON() ([]byte, error) {
	sp, st := t.Spec, t.Status
	labels := sp.Labels
	if labels == nil {
		labels = noLabels
	}
	steps := st.Steps
	if steps == nil {
		steps = []Step{}
	}
	return json.Marshal(struct {
		ID        string            `json:"id"`
		Flow      *string           `json:"flow"`
		Title     *string           `json:"title"`
		State     State             `json:"state"`
		Reason    *string           `json:"reason"`
		Stalled   bool              `json:"stalled,omitempty"`
		Progress  *float64          `json:"progress"`
		Current   *float64          `json:"current"`
		Total     *float64          `json:"total"`
		Unit      *string           `json:"unit"`
		Message   string            `json:"message"`
		Step      *string           `json:"step"`
		Steps     []Step            `json:"steps"`
		Attempt   int               `json:"attempt"`
		Seq       uint64            `json:"seq"`
		Rate      *float64          `json:"rate"`
		ETA       Time              `json:"eta"`
		Labels    map[string]string `json:"labels"`
		Params    json.RawMessage   `json:"params"`
		Metadata  json.RawMessage   `json:"metadata"`
		Result    json.RawMessage   `json:"result"`
		Error     *string           `json:"error"`
		Parent    *string           `json:"parent"`
		Stale     float64           `json:"staleAfter,omitempty"`
		CreatedAt Time              `json:"createdAt"`
		StartedAt Time              `json:"startedAt"`
		UpdatedAt Time              `json:"updatedAt"`
		EndedAt   Time              `json:"endedAt"`
	}{
		sp.ID, nullable(sp.Flow), nullable(sp.Title), st.State, nullable(string(st.Reason)), st.Stalled,
		st.Progress, st.Current, st.Total, nullable(st.Unit), st.Message, nullable(st.Step), steps,
		st.Attempt, t.Seq, st.Rate, st.ETA, labels, object(sp.Params), object(st.Metadata), document(st.Result),
		nullable(st.Error), nullable(sp.Parent), sp.StaleAfter, sp.CreatedAt, st.StartedAt, st.UpdatedAt, st.EndedAt,
	})
}

func nullable(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func object(doc json.RawMessage) json.RawMessage {
	if len(doc) == 0 {
		return emptyObject
	}
	return doc
}

func document(doc json.RawMessage) json.RawMessage {
	if len(doc) == 0 {
		return json.RawMessage("null")
	}
	return doc
}
