package progress

import (
	"errors"
	"fmt"
	"strings"
)

// The errors that every part of RunFlow answers with. The api package maps each to a status and a stable code, and ws
// sends the same codes; wrap them with what was tried and test for them with errors.Is.
var (
	// ErrNotFound: no task has this id.
	ErrNotFound = errors.New("no such task")
	// ErrClientNotFound: no client with this id is connected, or it takes no more messages.
	ErrClientNotFound = errors.New("no such client is connected")
	// ErrFlowNotFound: no flow has this name.
	ErrFlowNotFound = errors.New("no such flow")
	// ErrExists: a task with this id is there already.
	ErrExists = errors.New("a task with this id exists")
	// ErrEnded: the task is in a final state, which nothing follows.
	ErrEnded = errors.New("the task has ended")
	// ErrRunning: the task must have ended for this, and has not.
	ErrRunning = errors.New("the task has not ended")
	// ErrIdempotencyConflict: the Idempotency-Key was used before with another request.
	ErrIdempotencyConflict = errors.New("this idempotency key was used with another request")
	// ErrQueueFull: no more flow tasks can wait.
	ErrQueueFull = errors.New("the queue of this flow is full")
	// ErrUnavailable: the event log cannot store or answer now; nothing was acknowledged.
	ErrUnavailable = errors.New("the event log is unavailable")
	// ErrConflict: somebody else appended to the task first. The Service folds again; callers never see it.
	ErrConflict = errors.New("the task changed meanwhile")
	// ErrStale: a worker spoke for an attempt that is no longer the current one.
	ErrStale = errors.New("another attempt of this task has begun")
)

// FieldError says what is wrong with one field of a request.
type FieldError struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

// InvalidError reports input that was refused, field by field. Nothing of the request took effect.
type InvalidError struct {
	Fields []FieldError
}

// Invalid makes an InvalidError about one field.
func Invalid(field, format string, args ...any) *InvalidError {
	return &InvalidError{Fields: []FieldError{{Field: field, Detail: fmt.Sprintf(format, args...)}}}
}

func (e *InvalidError) Error() string {
	parts := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		parts[i] = f.Field + " " + f.Detail
	}
	return "invalid request: " + strings.Join(parts, "; ")
}

// Code is the stable code of an error, the same on every transport: invalid_request, task_not_found, … and internal for
// what is nobody's business.
func Code(err error) string {
	var invalid *InvalidError
	if errors.As(err, &invalid) {
		return "invalid_request"
	}
	for _, c := range codes {
		if errors.Is(err, c.err) {
			return c.code
		}
	}
	return "internal"
}

var codes = []struct {
	err  error
	code string
}{
	{ErrNotFound, "task_not_found"},
	{ErrFlowNotFound, "flow_not_found"},
	{ErrClientNotFound, "client_not_found"},
	{ErrExists, "task_exists"},
	{ErrEnded, "task_ended"},
	{ErrRunning, "task_running"},
	{ErrStale, "task_ended"},
	{ErrIdempotencyConflict, "idempotency_conflict"},
	{ErrQueueFull, "queue_full"},
	{ErrUnavailable, "log_unavailable"},
}
