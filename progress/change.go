package progress

import "time"

// Change is something that happened to a task, to be folded into its status: a Report, or one of the changes below.
// A Change is folded again when another writer appended first, so apply has no side effect.
type Change interface {
	// apply moves st, a copy that the fold made. It answers errNoChange when there is nothing to store.
	apply(sp *Spec, st *Status, now Time) error
	// urgent tells that this is never held back by the report rate: it ends the task or changes its course.
	urgent() bool
}

// Begin is a worker taking up an attempt of a queued flow task.
type Begin struct{ Attempt int }

func (c Begin) urgent() bool { return true }

func (c Begin) apply(sp *Spec, st *Status, now Time) error {
	if st.Attempt != c.Attempt || st.State != Queued {
		return ErrStale
	}
	st.State = Running
	if st.StartedAt.IsZero() {
		st.StartedAt = now
	}
	return nil
}

// StepChange is a worker's word on one step of the attempt it runs. What is zero stays as it is.
type StepChange struct {
	Attempt  int
	Step     string
	State    State // running to begin; a final state to end
	ExitCode *int
	Report   Report // its Step is ignored
}

func (c StepChange) urgent() bool { return c.State != "" }

func (c StepChange) apply(sp *Spec, st *Status, now Time) error {
	step := st.step(c.Step)
	if st.Attempt != c.Attempt || st.State == Queued || step == nil {
		return ErrStale
	}
	st.Step = c.Step
	if c.State != "" {
		step.State = c.State
		if c.State == Running {
			step.StartedAt = now
			st.Current, st.Total, st.Unit = nil, nil, "" // they counted the step before
		}
		if c.State.Final() {
			step.EndedAt, step.ExitCode = now, c.ExitCode
		}
		if c.State == Succeeded {
			step.Progress = number(100)
		}
	}
	return c.Report.applyToStep(st, step)
}

// Finish is a worker ending a task for good: its last process is gone and its log is stored.
type Finish struct {
	Attempt int
	State   State
	Reason  Reason // of a failed task
	Error   string
}

func (c Finish) urgent() bool { return true }

func (c Finish) apply(sp *Spec, st *Status, now Time) error {
	if st.Attempt != c.Attempt {
		return ErrStale
	}
	end(st, c.State, now)
	st.Reason = c.Reason
	st.Error = c.Error
	return nil
}

// Retry puts a flow task back into the queue for its next attempt.
type Retry struct {
	Attempt int    // the one that ended
	Why     Reason // "" when it was no failure (its worker stopped in order), which costs none of the tries
	Error   string
}

func (c Retry) urgent() bool { return true }

func (c Retry) apply(sp *Spec, st *Status, now Time) error {
	if st.Attempt != c.Attempt || st.State == Queued {
		return ErrStale
	}
	if st.State == Canceling {
		end(st, Canceled, now)
		return nil
	}
	again := sp.Initial()
	again.Attempt, again.Retries = st.Attempt+1, st.Retries
	again.Metadata, again.StartedAt, again.Error = st.Metadata, st.StartedAt, c.Error
	if c.Why != "" {
		again.Retries++
	}
	*st = again
	return nil
}

// Lose says that the worker or reporter of a task went silent: the task is tried again if its flow says so, and has
// failed otherwise.
type Lose struct{ Attempt int }

func (c Lose) urgent() bool { return true }

func (c Lose) apply(sp *Spec, st *Status, now Time) error {
	switch {
	case st.Attempt != c.Attempt || st.State == Queued && sp.Flow != "":
		return ErrStale
	case st.State == Canceling:
		end(st, Canceled, now)
	}
	if st.State.Final() {
		return nil
	}
	if _, again := sp.retries(st, ReasonLost); again {
		return Retry{Attempt: c.Attempt, Why: ReasonLost, Error: "the worker went silent"}.apply(sp, st, now)
	}
	end(st, Failed, now)
	st.Reason, st.Error = ReasonLost, "went silent"
	return nil
}

// Cancel asks for a task to end. A flow task that runs is canceling until its processes are gone; any other is canceled.
type Cancel struct{}

func (c Cancel) urgent() bool { return true }

func (c Cancel) apply(sp *Spec, st *Status, now Time) error {
	switch {
	case st.State == Canceling:
		return errNoChange
	case st.State == Running && sp.Flow != "":
		st.State = Canceling
	default:
		end(st, Canceled, now)
	}
	return nil
}

// Stall marks a task whose beat is overdue; Stall{Over: true} takes the mark away, as any report does.
type Stall struct{ Over bool }

func (c Stall) urgent() bool { return true }

func (c Stall) apply(sp *Spec, st *Status, now Time) error {
	if st.Stalled == !c.Over {
		return errNoChange
	}
	st.Stalled = !c.Over
	return nil
}

// Reject ends a flow task that could not be put into the queue.
type Reject struct{ Error string }

func (c Reject) urgent() bool { return true }

func (c Reject) apply(sp *Spec, st *Status, now Time) error {
	if st.State != Queued {
		return ErrStale
	}
	end(st, Failed, now)
	st.Reason, st.Error = ReasonRejected, c.Error
	return nil
}

// retries tells whether a task that failed for this reason is tried again, and how long it waits first.
func (sp *Spec) retries(st *Status, why Reason) (time.Duration, bool) {
	return sp.Retry.Next(st.Retries+1, string(why))
}

// Retries tells whether a task that fails now for this reason is tried again, and how long it waits in the queue first.
func (t Task) Retries(why Reason) (time.Duration, bool) { return t.Spec.retries(t.Status, why) }

// end moves a task and what is left of its steps into a final state.
func end(st *Status, to State, now Time) {
	st.State, st.EndedAt, st.Stalled = to, now, false
	st.Rate, st.ETA, st.Pace = nil, Time{}, Pace{}
	if st.StartedAt.IsZero() && to == Succeeded {
		st.StartedAt = now
	}
	if to == Succeeded {
		st.Progress = number(100)
	}
	for i := range st.Steps {
		step := &st.Steps[i]
		switch {
		case step.State == Queued:
			step.State = Skipped
		case !step.State.Final():
			step.State, step.EndedAt = to, now
			if to == Succeeded {
				step.Progress = number(100)
			}
		}
	}
}

func number(f float64) *float64 { return &f }
