//go:build !linux && !darwin

package proc

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"syscall"
	"time"
)

var errPlatform = fmt.Errorf("steps cannot run on %s: %w", runtime.GOOS, errors.ErrUnsupported)

// A Process is one running step. There is none on this platform.
type Process struct{}

// Start returns an error that is errors.ErrUnsupported.
func Start(Spec) (*Process, error) { return nil, errPlatform }

// PID returns 0.
func (*Process) PID() int { return 0 }

// Wait returns an error that is errors.ErrUnsupported.
func (*Process) Wait() (Exit, error) { return Exit{}, errPlatform }

// Stop returns an error that is errors.ErrUnsupported.
func (*Process) Stop(context.Context) error { return errPlatform }

// Kill returns an error that is errors.ErrUnsupported.
func (*Process) Kill(context.Context) error { return errPlatform }

// Signal returns an error that is errors.ErrUnsupported.
func (*Process) Signal(syscall.Signal) error { return errPlatform }

// Resize returns an error that is errors.ErrUnsupported.
func (*Process) Resize(_, _ uint16) error { return errPlatform }

// KillStale returns an error that is errors.ErrUnsupported.
func KillStale(context.Context, string, time.Duration) (int, error) { return 0, errPlatform }
