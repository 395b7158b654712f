// Package upkeep does what nobody asks for: it notices tasks whose worker or reporter went silent, puts queued tasks back
// that a crash kept from the queue, and removes old tasks. Every node does it; what two do at once takes effect once.
package upkeep

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/flow"
)

const (
	lookEvery   = time.Second
	sweepEvery  = 10 * time.Second
	removeEvery = time.Minute
	removeBatch = 1000 // tasks in one go
)

// Index is what a node knows of all tasks; watch.Index is it.
type Index interface {
	Active() []progress.Task
	Ended(before time.Time, keep int) []string
}

// Log is the event log and its bus; eventlog.Log is it.
type Log interface {
	OnBeat(fn func(id string)) (stop func(), err error)
	Plan(ctx context.Context, id string) (json.RawMessage, error)
	Push(ctx context.Context, f *flow.Flow, id string) error
}

// Config is what Upkeep works with.
type Config struct {
	Index   Index
	Log     Log
	Service *progress.Service
	Keep    time.Duration // ended tasks are kept so long; 0 is for ever
	MaxKept int           // and at most so many
	Logger  *slog.Logger
}

// Upkeep looks after a node's tasks.
type Upkeep struct {
	cfg  Config
	life *liveness
}

// New makes an Upkeep; Run it.
func New(cfg Config) *Upkeep { return &Upkeep{cfg: cfg, life: newLiveness()} }

// Run works until ctx ends.
func (u *Upkeep) Run(ctx context.Context) error {
	stop, err := u.cfg.Log.OnBeat(u.life.beat)
	if err != nil {
		return err
	}
	defer stop()
	u.requeue(ctx, time.Now())
	look, sweep, remove := time.NewTicker(lookEvery), time.NewTicker(sweepEvery), time.NewTicker(removeEvery)
	defer look.Stop()
	defer sweep.Stop()
	defer remove.Stop()
	for {
		select {
		case now := <-look.C:
			for id, change := range u.life.look(u.cfg.Index.Active(), now) {
				if _, err := u.cfg.Service.Apply(ctx, id, change); err != nil && !expected(err) && ctx.Err() == nil {
					u.cfg.Logger.Warn("note a silent task", "task", id, "err", err)
				}
			}
		case now := <-sweep.C:
			u.cfg.Service.Sweep(now)
		case now := <-remove.C:
			u.remove(ctx, now)
			u.requeue(ctx, now.Add(-removeEvery))
		case <-ctx.Done():
			return nil
		}
	}
}

// expected tells whether somebody else was faster, which is as good.
func expected(err error) bool {
	return errors.Is(err, progress.ErrEnded) || errors.Is(err, progress.ErrStale) || errors.Is(err, progress.ErrNotFound)
}

// requeue pushes every flow task that has been queued since before a time: those that are in the queue already stay there,
// once.
func (u *Upkeep) requeue(ctx context.Context, before time.Time) {
	for _, t := range u.cfg.Index.Active() {
		if t.Spec.Flow == "" || t.Status.State != progress.Queued || !t.Status.UpdatedAt.Before(before) || ctx.Err() != nil {
			continue
		}
		if err := u.push(ctx, t.Spec.ID); err != nil && !expected(err) {
			u.cfg.Logger.Error("put task back into the queue", "task", t.Spec.ID, "err", err)
		}
	}
}

func (u *Upkeep) push(ctx context.Context, id string) error {
	plan, err := u.cfg.Log.Plan(ctx, id)
	if err != nil {
		return err
	}
	var f flow.Flow
	if err := json.Unmarshal(plan, &f); err != nil {
		return fmt.Errorf("decode plan: %w", err)
	}
	return u.cfg.Log.Push(ctx, &f, id)
}

func (u *Upkeep) remove(ctx context.Context, now time.Time) {
	var before time.Time
	if u.cfg.Keep > 0 {
		before = now.Add(-u.cfg.Keep)
	}
	ids := u.cfg.Index.Ended(before, u.cfg.MaxKept)
	for _, id := range ids[:min(len(ids), removeBatch)] {
		if err := u.cfg.Service.Delete(ctx, id); err != nil && !expected(err) {
			u.cfg.Logger.Warn("remove an old task", "task", id, "err", err)
			return
		}
	}
}
