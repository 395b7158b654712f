package progress

import "fmt"

// State is where a task or a step stands.
type State string

// The states of a task, in the order in which it can pass them: queued, running, canceling, then one of the final three.
// A step has the same states, and skipped for one that never ran because the task ended before it.
const (
	Queued    State = "queued"
	Running   State = "running"
	Canceling State = "canceling"
	Succeeded State = "succeeded"
	Failed    State = "failed"
	Canceled  State = "canceled"
	Skipped   State = "skipped"
)

// Final tells whether nothing follows this state.
func (s State) Final() bool {
	return s == Succeeded || s == Failed || s == Canceled || s == Skipped
}

// ParseState reads the state of a task; "cancelled" is taken for Canceled.
func ParseState(s string) (State, error) {
	switch State(s) {
	case Queued, Running, Canceling, Succeeded, Failed, Canceled:
		return State(s), nil
	case "cancelled":
		return Canceled, nil
	}
	return "", fmt.Errorf("is %q, not one of queued, running, canceling, succeeded, failed, canceled", s)
}

// Reason says why a task failed.
type Reason string

const (
	// ReasonExit: a step failed.
	ReasonExit Reason = "exit"
	// ReasonTimeout: the task or one of its steps ran longer than its limit.
	ReasonTimeout Reason = "timeout"
	// ReasonLost: its worker or reporter went silent.
	ReasonLost Reason = "lost"
	// ReasonRejected: it could not be started.
	ReasonRejected Reason = "rejected"
	// ReasonReported: its reporter said so.
	ReasonReported Reason = "reported"
)
