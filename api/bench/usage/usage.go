// Package usage reads what a process costs: CPU time and memory, of the server under load and of the generator itself.
package usage

import (
	"errors"
	"time"
)

// ErrUnknown: the process cannot be looked at: it is on another machine, another user's, or this system has no /proc.
var ErrUnknown = errors.New("the server's process is not to be seen from here")

// Sample is what a process had used up to a moment.
type Sample struct {
	At       time.Time
	CPU      time.Duration // user and system
	RSS      int64         // bytes
	Switches int64         // times that one of its threads went to sleep and was woken again
}

// Process is a running process on this machine.
type Process struct{ Pid int }
