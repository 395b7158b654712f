package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/eventlog"
	"github.com/runflow/runflow/progress/flow"
)

const (
	storeRetry  = time.Second            // between tries to store how a task ended
	statusCheck = 100 * time.Millisecond // at most so often is a hint followed
)

// attempt is one try of a task on this worker.
type attempt struct {
	w      *Worker
	work   *eventlog.Work
	task   progress.Task
	flow   *flow.Flow
	number int
	dir    string
}

// run does with a task from the queue what its status asks for.
func (w *Worker) run(ctx context.Context, work *eventlog.Work) {
	log := w.cfg.Logger.With("task", work.ID, "flow", work.Flow)
	a, err := w.begin(ctx, work)
	switch {
	case errors.Is(err, progress.ErrNotFound), errors.Is(err, progress.ErrEnded):
		w.done(work) // removed, canceled while it waited, or lost for good
		return
	case err != nil:
		log.Warn("begin task", "err", err)
		_ = work.Return(storeRetry) // if not even that works, the lease runs out
		return
	}
	log.Debug("task begins", "attempt", a.number)
	wait, again, err := a.run(ctx)
	switch {
	case err != nil:
		log.Warn("task given up", "attempt", a.number, "err", err)
		_ = work.Return(0)
	case again:
		if err := work.Return(wait); err != nil {
			log.Warn("put task back", "err", err)
		}
	default:
		w.done(work)
	}
}

func (w *Worker) done(work *eventlog.Work) {
	ctx, cancel := context.WithTimeout(context.Background(), beatEvery)
	defer cancel()
	if err := work.Done(ctx); err != nil {
		w.cfg.Logger.Warn("take task out of the queue", "task", work.ID, "err", err) // it comes again, and is found final
	}
}

// begin takes up the next attempt of a task. One that runs has lost the worker that ran it, as the queue gives a task to
// one worker only.
func (w *Worker) begin(ctx context.Context, work *eventlog.Work) (*attempt, error) {
	rec, err := w.cfg.Queue.Load(ctx, work.ID)
	if err != nil {
		return nil, err
	}
	if st := rec.Task.Status; !st.State.Final() && st.State != progress.Queued {
		if _, err := w.cfg.Tasks.Apply(ctx, work.ID, progress.Lose{Attempt: st.Attempt}); err != nil {
			return nil, err
		}
		if rec, err = w.cfg.Queue.Load(ctx, work.ID); err != nil {
			return nil, err
		}
	}
	if rec.Task.Status.State.Final() {
		return nil, progress.ErrEnded
	}
	plan, err := w.cfg.Queue.Plan(ctx, work.ID)
	if err != nil {
		return nil, err
	}
	a := &attempt{w: w, work: work, flow: new(flow.Flow), number: rec.Task.Status.Attempt}
	if err := json.Unmarshal(plan, a.flow); err != nil {
		return nil, fmt.Errorf("decode plan: %w", err)
	}
	if _, err := w.cfg.Tasks.Apply(ctx, work.ID, progress.Begin{Attempt: a.number}); err != nil {
		return nil, err
	}
	if rec, err = w.cfg.Queue.Load(ctx, work.ID); err != nil {
		return nil, err
	}
	a.task = rec.Task
	return a, nil
}

// run runs the steps and stores how they ended. again says that the task goes back to the queue, after the wait.
func (a *attempt) run(ctx context.Context) (wait time.Duration, again bool, err error) {
	steps, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() { cancel(errDrain) })()
	if limit := a.flow.Timeout.Std(); limit > 0 {
		timer := time.AfterFunc(limit, func() { cancel(errTimeout) })
		defer timer.Stop()
	}
	watched := make(chan struct{})
	watch, stopWatch := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer close(watched)
		a.watch(watch, cancel)
	}()
	defer func() { stopWatch(); <-watched }()

	failure := a.workspace()
	if failure == nil {
		failure = a.runSteps(steps)
		defer os.RemoveAll(a.dir)
	}
	cause := context.Cause(steps)
	switch {
	case errors.Is(cause, errGone):
		return 0, false, errGone
	case errors.Is(cause, errCanceled):
		return 0, false, a.finish(progress.Finish{State: progress.Canceled})
	case failure == nil:
		return 0, false, a.finish(progress.Finish{State: progress.Succeeded})
	case errors.Is(cause, errDrain):
		return 0, true, a.store(progress.Retry{Attempt: a.number})
	}
	reason := progress.ReasonExit
	if errors.Is(cause, errTimeout) || errors.Is(failure, errTimeout) {
		reason = progress.ReasonTimeout
	}
	if wait, again = a.task.Retries(reason); again {
		return wait, true, a.store(progress.Retry{Attempt: a.number, Why: reason, Error: failure.Error()})
	}
	return 0, false, a.finish(progress.Finish{State: progress.Failed, Reason: reason, Error: failure.Error()})
}

func (a *attempt) finish(f progress.Finish) error {
	f.Attempt = a.number
	return a.store(f)
}

// store stores how the attempt ended, however long the log is away: until somebody else has found the task lost.
func (a *attempt) store(c progress.Change) error {
	for {
		_, err := a.w.cfg.Tasks.Apply(context.Background(), a.work.ID, c)
		switch {
		case err == nil, errors.Is(err, progress.ErrEnded), errors.Is(err, progress.ErrNotFound):
			return nil
		case !errors.Is(err, progress.ErrUnavailable):
			return err
		}
		time.Sleep(storeRetry)
	}
}

// watch keeps the lease and tells the world that the task lives, and cancels the steps when the task is canceled or has
// been taken from this worker.
func (a *attempt) watch(ctx context.Context, cancel context.CancelCauseFunc) {
	hint := make(chan struct{}, 1)
	stop, err := a.w.cfg.Queue.OnStatus(a.work.ID, func() {
		select {
		case hint <- struct{}{}:
		default:
		}
	})
	if err != nil {
		a.w.cfg.Logger.Warn("listen for cancellation; the beat looks too", "task", a.work.ID, "err", err)
	} else {
		defer stop()
	}
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	pause := time.NewTimer(0) // a hint before the subscription was there
	defer pause.Stop()
	waiting := true
	for {
		select {
		case <-hint:
			if !waiting {
				waiting = true
				pause.Reset(statusCheck)
			}
			continue
		case <-pause.C:
			waiting = false
		case <-beat.C:
			if err := errors.Join(a.work.Extend(), a.w.cfg.Queue.Beat(a.work.ID)); err != nil {
				a.w.cfg.Logger.Warn("renew lease", "task", a.work.ID, "err", err)
			}
		case <-ctx.Done():
			return
		}
		rec, err := a.w.cfg.Queue.Load(ctx, a.work.ID)
		switch {
		case errors.Is(err, progress.ErrNotFound):
			cancel(errGone)
		case err != nil: // the next beat looks again
		case rec.Task.Status.State == progress.Canceling:
			cancel(errCanceled)
		case rec.Task.Status.State.Final(), rec.Task.Status.Attempt != a.number:
			cancel(errGone)
		}
	}
}

// workspace makes the attempt's folder, with the parameters in it.
func (a *attempt) workspace() error {
	a.dir = filepath.Join(a.w.cfg.Dir, a.work.ID+"."+strconv.Itoa(a.number))
	if err := os.MkdirAll(filepath.Join(a.dir, "work"), 0o700); err != nil {
		return fmt.Errorf("make the task's folder: %w", err)
	}
	params := a.task.Spec.Params
	if len(params) == 0 {
		params = json.RawMessage("{}")
	}
	return os.WriteFile(a.paramsFile(), params, 0o600)
}

func (a *attempt) paramsFile() string { return filepath.Join(a.dir, "params.json") }

func cookiePrefix(dir string) string { return fmt.Sprintf("rf-%x-", fnv64(dir)) }
