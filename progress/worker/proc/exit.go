package proc

import (
	"errors"
	"fmt"
)

// What a shell answers for a command that it could not run.
const (
	codeNotFound    = 127
	codeNotRunnable = 126
)

// ErrOutputHeld is returned by Wait when something outside the step's tree still holds the step's output open (on
// macOS, a daemon that escaped). What was written until then is in Output.
var ErrOutputHeld = errors.New("output of the step is still held open by a process that left its tree")

// An Exit says how the main process of a step ended. The zero value is success.
type Exit struct {
	Code   int    // exit status, or 128 + the number of the signal that killed it
	Signal string // name of that signal ("SIGKILL"); "" if it ended by itself
}

// Success reports whether the process ended by itself with status 0.
func (e Exit) Success() bool { return e == Exit{} }

// String returns "exit status 3" or "killed by SIGKILL".
func (e Exit) String() string {
	if e.Signal != "" {
		return "killed by " + e.Signal
	}
	return fmt.Sprintf("exit status %d", e.Code)
}

// A StartError is what Start returns for a command that could not be started; no process was left behind.
type StartError struct {
	Name string // Argv[0]
	Code int    // what a shell would exit with: 127 the command was not found, 126 it was found and cannot be run
	Err  error
}

func (e *StartError) Error() string { return fmt.Sprintf("start %q: %v", e.Name, e.Err) }

// Unwrap returns the cause, such as fs.ErrNotExist or fs.ErrPermission.
func (e *StartError) Unwrap() error { return e.Err }
