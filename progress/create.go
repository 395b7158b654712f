package progress

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/runflow/runflow/progress/flow"
)

// Draft is a task to be created.
type Draft struct {
	ID         string            `json:"id"`
	Flow       string            `json:"flow"`
	Title      string            `json:"title"`
	Params     json.RawMessage   `json:"params"`
	Labels     map[string]string `json:"labels"`
	Metadata   json.RawMessage   `json:"metadata"`
	StaleAfter *float64          `json:"staleAfter"` // seconds

	Parent string `json:"-"`
	// Key is the request's idempotency key, Print a fingerprint of the request that came with it. Empty: none.
	Key   string `json:"-"`
	Print string `json:"-"`
}

// Claim is what an idempotency key stands for.
type Claim struct {
	ID    string `json:"id"`
	Print string `json:"print"`
	Nonce string `json:"nonce"` // of the call that made the claim: two calls may ask for the same id
}

// Create opens a task and, if it names a flow, queues it for a worker. With a Key that was used before it answers the
// task that was created then, and false.
//
// Errors: *InvalidError, ErrFlowNotFound, ErrExists, ErrIdempotencyConflict, ErrQueueFull, ErrUnavailable.
func (s *Service) Create(ctx context.Context, d Draft) (Task, bool, error) {
	sp, f, err := s.spec(&d)
	if err != nil {
		return Task{}, false, err
	}
	if d.Key != "" {
		mine := Claim{ID: sp.ID, Print: d.Print, Nonce: uuid.NewString()}
		claim, err := s.cfg.Log.Claim(ctx, d.Key, mine)
		switch {
		case err != nil:
			return Task{}, false, fmt.Errorf("claim idempotency key: %w", err)
		case claim.Print != d.Print:
			return Task{}, false, ErrIdempotencyConflict
		}
		sp.ID = claim.ID
		rec, err := s.cfg.Log.Load(ctx, sp.ID)
		if err == nil && claim != mine {
			return rec.Task, false, nil
		} else if err != nil && !errors.Is(err, ErrNotFound) {
			return Task{}, false, err
		}
	}
	seq, err := s.cfg.Log.Append(ctx, sp.ID, KindSpec, sp, 0)
	if errors.Is(err, ErrConflict) {
		return Task{}, false, fmt.Errorf("task %s: %w", sp.ID, ErrExists)
	} else if err != nil {
		return Task{}, false, fmt.Errorf("create task %s: %w", sp.ID, err)
	}
	st := sp.Initial()
	shown := *sp
	shown.Plan = nil
	task := Task{Spec: &shown, Status: &st, Seq: seq}
	s.cfg.Stored(&Event{Seq: seq, TaskID: sp.ID, Kind: KindSpec, At: sp.CreatedAt, Task: task})
	s.remember(Record{Task: task, Last: seq, Next: 1})
	if f == nil {
		return task, true, nil
	}
	if err := s.cfg.Queue.Push(ctx, f, sp.ID); err != nil {
		if _, rejected := s.Apply(context.WithoutCancel(ctx), sp.ID, Reject{Error: err.Error()}); rejected != nil {
			s.cfg.Logger.Error("reject task that could not be queued", "task", sp.ID, "err", rejected)
		}
		return Task{}, false, fmt.Errorf("queue task %s: %w", sp.ID, err)
	}
	return task, true, nil
}

// spec checks a draft and makes the spec of it, and its flow if it has one.
func (s *Service) spec(d *Draft) (*Spec, *flow.Flow, error) {
	if err := d.validate(); err != nil {
		return nil, nil, err
	}
	sp := &Spec{
		ID: d.ID, Title: d.Title, Labels: d.Labels, Metadata: d.Metadata, Params: d.Params, Parent: d.Parent,
		CreatedAt: At(time.Now()),
	}
	if sp.ID == "" {
		sp.ID = uuid.Must(uuid.NewV7()).String()
	}
	if d.StaleAfter != nil {
		sp.StaleAfter = *d.StaleAfter
	}
	if d.Flow == "" {
		return sp, nil, nil
	}
	var f *flow.Flow
	if s.cfg.Flows != nil {
		f, _ = s.cfg.Flows.Lookup(d.Flow)
	}
	if f == nil {
		return nil, nil, fmt.Errorf("flow %q: %w", d.Flow, ErrFlowNotFound)
	}
	if err := sp.planFor(f); err != nil {
		return nil, nil, err
	}
	return sp, f, nil
}

// planFor writes a flow into the spec, as the task's own copy.
func (sp *Spec) planFor(f *flow.Flow) error {
	params, err := f.Check(sp.Params)
	var wrong *flow.ParamsError
	if errors.As(err, &wrong) {
		bad := &InvalidError{}
		for _, w := range wrong.Fields {
			bad.Fields = append(bad.Fields, FieldError{w.Field, w.Detail})
		}
		return bad
	} else if err != nil {
		return fmt.Errorf("check parameters of flow %s: %w", f.Name, err)
	}
	plan, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("encode flow %s: %w", f.Name, err)
	}
	sp.Flow, sp.Params, sp.Plan = f.Name, params, plan
	if sp.Title == "" {
		sp.Title = f.Title
	}
	sp.Retry = f.Retry
	for _, step := range f.Steps {
		sp.Steps = append(sp.Steps, Step{Name: step.Name, State: Queued, Weight: step.Weight, Needs: step.Needs})
	}
	return nil
}

// ValidID tells whether id can name a task: 1 to 64 of A–Z, a–z, 0–9, _ and -.
func ValidID(id string) bool {
	if len(id) == 0 || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

func (d *Draft) validate() error {
	var bad InvalidError
	add := func(field, detail string) { bad.Fields = append(bad.Fields, FieldError{field, detail}) }
	if d.ID != "" && !ValidID(d.ID) {
		add("id", "is not 1 to 64 of A-Z, a-z, 0-9, _ and -")
	}
	if utf8.RuneCountInString(d.Title) > MaxTitle {
		add("title", "is longer than 256 characters")
	}
	if len(d.Labels) > MaxLabels {
		add("labels", "are more than 20")
	}
	for k, v := range d.Labels {
		if k == "" || utf8.RuneCountInString(k) > MaxName || utf8.RuneCountInString(v) > MaxName {
			add("labels."+k, "is not a name and a value of 1 to 64 characters")
		}
	}
	if detail := checkObject(d.Metadata); detail != "" {
		add("metadata", detail)
	}
	if detail := checkObject(d.Params); detail != "" {
		add("params", detail)
	}
	if d.Flow == "" && len(d.Params) > 0 && string(d.Params) != "null" {
		add("params", "need a flow")
	}
	if s := d.StaleAfter; s != nil {
		switch {
		case d.Flow != "":
			add("staleAfter", "is for tasks that a reporter reports; a flow's worker always beats")
		case math.IsNaN(*s) || *s < 1 || *s > 86400:
			add("staleAfter", "is not between 1 and 86400 seconds")
		}
	}
	if len(bad.Fields) > 0 {
		return &bad
	}
	return nil
}

// Rerun creates a new task with the flow and the parameters of another, its parent. Errors: as Create's, ErrNotFound, and
// *InvalidError for a task without a flow.
func (s *Service) Rerun(ctx context.Context, id string) (Task, error) {
	rec, err := s.cfg.Log.Load(ctx, id)
	if err != nil {
		return Task{}, err
	}
	sp := rec.Task.Spec
	if sp.Flow == "" {
		return Task{}, Invalid("id", "is a task of a reporter; only a flow can be run again")
	}
	task, _, err := s.Create(ctx, Draft{
		Flow: sp.Flow, Title: sp.Title, Params: sp.Params, Labels: sp.Labels, Metadata: sp.Metadata, Parent: id,
	})
	return task, err
}

// Delete removes a task that has ended, with its log. ErrNotFound, ErrRunning.
func (s *Service) Delete(ctx context.Context, id string) error {
	rec, err := s.cfg.Log.Load(ctx, id)
	if err != nil {
		return err
	}
	if !rec.Task.Status.State.Final() {
		return fmt.Errorf("task %s: %w", id, ErrRunning)
	}
	seq, err := s.cfg.Log.Remove(ctx, id)
	if err != nil {
		return fmt.Errorf("remove task %s: %w", id, err)
	}
	s.cfg.Stored(&Event{Seq: seq, TaskID: id, Kind: KindDeleted, At: At(time.Now())})
	s.mu.Lock()
	delete(s.lanes, id)
	s.mu.Unlock()
	return nil
}
