package watch

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/runflow/runflow/progress"
)

const (
	maxRound   = 1024   // events that are handed out together
	maxBacklog = 65_536 // events that may wait for a round; then the log waits
)

// Log is the event log as a node reads it; eventlog.Log is one.
type Log interface {
	Bounds(ctx context.Context) (first, last uint64, err error)
	Newest(ctx context.Context, fn func(*progress.Event)) error
	Follow(ctx context.Context, after uint64, fn func(*progress.Event), bad func(error)) error
	Replay(ctx context.Context, id string, from, to uint64, fn func(*progress.Event) error) error
	Load(ctx context.Context, id string) (progress.Record, error)
}

// Feed is the node's one reader of the log: it fills the index and hands events to the hub, in rounds.
type Feed struct {
	log    Log
	index  *Index
	hub    *Hub
	logger *slog.Logger
	seq    atomic.Uint64 // of the newest event that was handed out

	mu      sync.Mutex
	room    sync.Cond // the backlog has become shorter
	waiting []*progress.Event
	stopped bool
	wake    chan struct{} // cap 1; take's caller receives
}

// NewFeed makes a feed; Load it, then Run it.
func NewFeed(log Log, index *Index, hub *Hub, logger *slog.Logger) *Feed {
	f := &Feed{log: log, index: index, hub: hub, logger: logger, wake: make(chan struct{}, 1)}
	f.room.L = &f.mu
	return f
}

// Load reads the newest status of every task into the index.
func (f *Feed) Load(ctx context.Context) error {
	_, last, err := f.log.Bounds(ctx)
	if err != nil {
		return err
	}
	err = f.log.Newest(ctx, func(e *progress.Event) { f.index.Apply(e) })
	if err != nil {
		return fmt.Errorf("load the index: %w", err)
	}
	f.seq.Store(last)
	f.hub.begin(last)
	return nil
}

// Seq is the seq up to which events were handed out.
func (f *Feed) Seq() uint64 { return f.seq.Load() }

// Run follows the log from where Load ended, until ctx ends.
func (f *Feed) Run(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for f.round(ctx) {
		}
		f.mu.Lock()
		f.stopped = true
		f.room.Broadcast()
		f.mu.Unlock()
	}()
	err := f.log.Follow(ctx, f.Seq(), f.add, func(err error) {
		f.logger.Warn("event log", "err", err)
	})
	<-done
	return err
}

func (f *Feed) add(e *progress.Event) {
	f.mu.Lock()
	for len(f.waiting) >= maxBacklog && !f.stopped {
		f.room.Wait()
	}
	f.waiting = append(f.waiting, e)
	f.mu.Unlock()
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// gather lets whoever could run do so, as long as that brings more events: each watcher gets what one round brings in one
// write, which costs more than all the rest. With nothing else to run it takes less than a microsecond.
func (f *Feed) gather() {
	const patience = 8 // an event passes through several goroutines on its way here
	had := 0
	for idle := 0; idle < patience && had < maxRound; idle++ {
		runtime.Gosched()
		f.mu.Lock()
		have := len(f.waiting)
		f.mu.Unlock()
		if have > had {
			had, idle = have, 0
		}
	}
}

// round hands out everything that waits, and waits itself when nothing does. It answers false once ctx has ended.
func (f *Feed) round(ctx context.Context) bool {
	select {
	case <-f.wake:
	case <-ctx.Done():
		return false
	}
	f.gather()
	f.mu.Lock()
	waiting := f.waiting
	f.waiting = nil
	f.room.Broadcast()
	f.mu.Unlock()
	for len(waiting) > 0 {
		round := waiting[:min(len(waiting), maxRound)]
		waiting = waiting[len(round):]
		last := round[len(round)-1].Seq
		f.hub.Publish(round, last)
		f.seq.Store(last)
	}
	return true
}

// Reached waits until everything up to a seq was handed out. It answers false when that takes two seconds, or ctx ends.
func (f *Feed) Reached(ctx context.Context, seq uint64) bool { return f.hub.reach(ctx, seq) }
