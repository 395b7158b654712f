package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/flow"
	"github.com/runflow/runflow/progress/worker/proc"
)

// runStep runs one step and stores how it ended. It returns when no process of it is left.
func (a *attempt) runStep(ctx context.Context, step *flow.Step) error {
	a.submit(step, progress.StepChange{State: progress.Running})
	if limit := step.Timeout.Std(); limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, fmt.Errorf("step %s: %w", step.Name, errTimeout))
		defer cancel()
	}
	exit, err := a.execute(ctx, step)
	end := progress.StepChange{State: progress.Succeeded}
	if err == nil || errors.As(err, new(*exitError)) {
		end.ExitCode = &exit.Code
	}
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errCanceled), errors.Is(cause, errDrain):
		end.State, err = progress.Canceled, cause
	case errors.Is(cause, errTimeout):
		end.State, err = progress.Failed, cause
	case cause != nil && err != nil: // another step has failed, and this one was ended for it
		end.State = progress.Canceled
	case err != nil:
		end.State = progress.Failed
	}
	if _, stored := a.submit(step, end).Wait(context.Background()); stored != nil && err == nil {
		return stored
	}
	return err
}

// exitError is a command that ended with a failure.
type exitError struct{ exit proc.Exit }

func (e *exitError) Error() string { return e.exit.String() }

// execute runs the step's command; a bad end of it is an exitError.
func (a *attempt) execute(ctx context.Context, step *flow.Step) (proc.Exit, error) {
	if ctx.Err() != nil {
		return proc.Exit{}, context.Cause(ctx)
	}
	argv := []string{"sh", "-e", "-c", step.Run}
	if step.Run == "" {
		var err error
		if argv, err = step.Argv(a.task.Spec.Params); err != nil {
			return proc.Exit{}, err
		}
	}
	file := filepath.Join(a.dir, "progress-"+step.Name)
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return proc.Exit{}, fmt.Errorf("make the progress file: %w", err)
	}
	dir := step.Dir(filepath.Join(a.dir, "work"))
	out := newOutput(a, step, file)
	p, err := proc.Start(proc.Spec{
		Argv: argv, Env: a.environment(step, file), Dir: dir, PTY: true, Output: out, Grace: a.w.cfg.Grace,
		Cookie: fmt.Sprintf("%s%s.%d.%s", cookiePrefix(a.w.cfg.Dir), a.work.ID, a.number, step.Name),
	})
	if err != nil {
		out.line("runflow: " + err.Error())
		out.close()
		exit := proc.Exit{}
		var failed *proc.StartError
		if errors.As(err, &failed) {
			exit.Code = failed.Code
			err = &exitError{exit}
		}
		return exit, err
	}
	stop := context.AfterFunc(ctx, func() {
		if err := p.Stop(context.Background()); err != nil {
			a.w.cfg.Logger.Warn("end step", "task", a.work.ID, "step", step.Name, "err", err)
		}
	})
	exit, err := p.Wait()
	stop()
	out.close()
	if err == nil && !exit.Success() {
		err = &exitError{exit}
	}
	return exit, err
}

// inherited is this process's environment without what was meant for itself, and with its own program to be found.
func inherited() []string {
	var env []string
	path := os.Getenv("PATH")
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		ours := strings.HasPrefix(name, "RUNFLOW_") && name != proc.CookieVar // a server inside a step is still found by it
		if !ours && name != "PATH" && name != "TMUX" && name != "STY" {
			env = append(env, kv)
		}
	}
	if self, err := os.Executable(); err == nil {
		path += string(os.PathListSeparator) + filepath.Dir(self)
	}
	return append(env, "PATH="+path)
}
