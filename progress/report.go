package progress

import (
	"encoding/json"
	"math"
	"unicode/utf8"

	jsonpatch "github.com/evanphx/json-patch/v5"
)

// Report is what a reporter says of its task. What is absent stays as it was. An empty Report is a beat: it says only
// that the reporter lives, and is not stored.
type Report struct {
	Progress *float64        `json:"progress"` // percent; clamped to 0–100
	Current  *float64        `json:"current"`  // with Total, Progress follows from them
	Total    *float64        `json:"total"`
	Unit     *string         `json:"unit"`
	Message  *string         `json:"message"`
	Step     string          `json:"step"`
	Metadata json.RawMessage `json:"metadata"` // merged, RFC 7386
	State    State           `json:"state"`    // running, or a final state to end the task
	Result   json.RawMessage `json:"result"`
	Error    *string         `json:"error"`
	Reset    bool            `json:"reset"` // progress may fall back, once
}

// Validate refuses what no task could take, whatever its state, with an InvalidError.
func (r *Report) Validate() error {
	var bad InvalidError
	add := func(field, detail string) { bad.Fields = append(bad.Fields, FieldError{field, detail}) }
	for _, n := range []struct {
		field string
		value *float64
	}{{"progress", r.Progress}, {"current", r.Current}, {"total", r.Total}} {
		if n.value != nil && (math.IsNaN(*n.value) || math.IsInf(*n.value, 0)) {
			add(n.field, "is not a number")
		}
	}
	if r.Message != nil && utf8.RuneCountInString(*r.Message) > MaxMessage {
		add("message", "is longer than 1024 characters")
	}
	if r.Error != nil && utf8.RuneCountInString(*r.Error) > MaxMessage {
		add("error", "is longer than 1024 characters")
	}
	if r.Unit != nil && utf8.RuneCountInString(*r.Unit) > MaxName {
		add("unit", "is longer than 64 characters")
	}
	if utf8.RuneCountInString(r.Step) > MaxName {
		add("step", "is longer than 64 characters")
	}
	if len(r.Result) > MaxDocument {
		add("result", "is larger than 64 KiB")
	}
	if detail := checkObject(r.Metadata); detail != "" {
		add("metadata", detail)
	}
	if r.State != "" {
		state, err := ParseState(string(r.State))
		switch {
		case err != nil:
			add("state", err.Error())
		case state == Queued || state == Canceling:
			add("state", "is set by the server; report running, succeeded, failed or canceled")
		}
		r.State = state
	}
	if len(bad.Fields) > 0 {
		return &bad
	}
	return nil
}

// Beat tells whether the report says nothing but that its reporter lives.
func (r *Report) Beat() bool {
	return r.Progress == nil && r.Current == nil && r.Total == nil && r.Unit == nil && r.Message == nil && r.Step == "" &&
		len(r.Metadata) == 0 && r.State == "" && len(r.Result) == 0 && r.Error == nil && !r.Reset
}

func (r Report) urgent() bool { return r.State.Final() }

func (r Report) apply(sp *Spec, st *Status, now Time) error {
	if sp.Flow != "" {
		return r.applyToFlow(st)
	}
	if r.Beat() && st.State == Running && !st.Stalled {
		return errNoChange
	}
	if st.State == Queued {
		st.State, st.StartedAt = Running, now
	}
	if err := r.document(st); err != nil {
		return err
	}
	if r.Step != "" && r.Step != st.Step {
		if err := enterStep(st, r.Step, now); err != nil {
			return err
		}
	}
	if r.Reset {
		st.Progress, st.Pace = nil, Pace{}
	}
	r.counts(st)
	st.Progress = rise(st.Progress, r.percent(st.Current, st.Total))
	if r.State.Final() {
		end(st, r.State, now)
		if r.State == Failed {
			st.Reason = ReasonReported
		}
	}
	return nil
}

// applyToFlow takes a report from inside a step, or from anyone who may report: a worker alone decides how a flow task ends.
func (r Report) applyToFlow(st *Status) error {
	if r.State.Final() {
		return Invalid("state", "of a flow task is decided by its steps")
	}
	if r.Beat() {
		return errNoChange
	}
	if st.State == Queued {
		return Invalid("progress", "of a flow task can be reported once it runs")
	}
	name := r.Step
	if name == "" {
		name = st.Step
	}
	step := st.step(name)
	if step == nil {
		return Invalid("step", "is %q, which this flow does not have", name)
	}
	if step.State.Final() {
		return errNoChange
	}
	st.Step = name
	if err := r.document(st); err != nil {
		return err
	}
	return r.applyToStep(st, step)
}

// applyToStep moves one step of a flow task, and the task's own progress with it.
func (r Report) applyToStep(st *Status, step *Step) error {
	if r.Message != nil {
		st.Message, step.Message = *r.Message, *r.Message
	}
	r.counts(st)
	if r.Reset {
		step.Progress = nil
	}
	step.Progress = rise(step.Progress, r.percent(r.Current, r.Total))
	st.Progress = rise(st.Progress, mean(st.Steps))
	return nil
}

// document takes over what is not a number.
func (r *Report) document(st *Status) error {
	if r.Message != nil {
		st.Message = *r.Message
	}
	if r.Error != nil {
		st.Error = *r.Error
	}
	if len(r.Result) > 0 {
		st.Result = r.Result
	}
	if len(r.Metadata) == 0 || string(r.Metadata) == "null" {
		return nil
	}
	merged, err := jsonpatch.MergePatch(object(st.Metadata), r.Metadata)
	if err != nil {
		return Invalid("metadata", "cannot be merged: %v", err)
	}
	if len(merged) > MaxDocument {
		return Invalid("metadata", "would be larger than 64 KiB")
	}
	st.Metadata = merged
	return nil
}

func (r *Report) counts(st *Status) {
	if r.Current != nil {
		st.Current = r.Current
	}
	if r.Total != nil {
		st.Total = r.Total
	}
	if r.Unit != nil {
		st.Unit = *r.Unit
	}
}

// percent is the progress that the report tells, or nil.
func (r *Report) percent(current, total *float64) *float64 {
	switch {
	case r.Progress != nil:
		return number(min(max(*r.Progress, 0), 100))
	case (r.Current != nil || r.Total != nil) && current != nil && total != nil && *total > 0:
		return number(min(max(round(*current / *total * 100), 0), 100))
	}
	return nil
}

// enterStep begins a reporter's next step; the one it was in has succeeded.
func enterStep(st *Status, name string, now Time) error {
	if from := st.step(st.Step); from != nil && from.State == Running {
		from.State, from.EndedAt, from.Progress = Succeeded, now, number(100)
	}
	st.Step = name
	if to := st.step(name); to != nil {
		to.State, to.EndedAt, to.Progress = Running, Time{}, nil
		return nil
	}
	if len(st.Steps) >= MaxSteps {
		return Invalid("step", "would be one more than 200")
	}
	st.Steps = append(st.Steps, Step{Name: name, State: Running, StartedAt: now})
	return nil
}

// rise is the higher of two progresses: within an attempt it never goes down.
func rise(was, is *float64) *float64 {
	if is == nil || was != nil && *was >= *is {
		return was
	}
	return is
}

// mean is the weighted mean of the steps' progress, nil while none of them knows.
func mean(steps []Step) *float64 {
	var sum, weights float64
	known := false
	for i := range steps {
		w := steps[i].Weight
		if w == 0 {
			w = 1
		}
		weights += w
		if p := steps[i].Progress; p != nil {
			known = true
			sum += w * *p
		}
	}
	if !known {
		return nil
	}
	return number(min(round(sum/weights), 100))
}

// round cuts computed percentages to two decimals: nobody sees more, and every frame carries them.
func round(f float64) float64 { return math.Round(f*100) / 100 }

// checkObject says what keeps doc from being a JSON object of a legal size; absent and null are fine.
func checkObject(doc json.RawMessage) string {
	switch {
	case len(doc) == 0 || string(doc) == "null":
		return ""
	case len(doc) > MaxDocument:
		return "is larger than 64 KiB"
	case doc[0] != '{' || !json.Valid(doc):
		return "is not a JSON object"
	}
	return ""
}
