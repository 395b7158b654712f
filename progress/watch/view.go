package watch

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/runflow/runflow/progress"
)

// syncTimeout bounds how long a reader waits for the feed to reach what this node stored.
const syncTimeout = 2 * time.Second

// View is a node's whole reading side.
type View struct {
	Index *Index
	Hub   *Hub
	Feed  *Feed

	log    Log
	stored atomic.Uint64
}

// NewView makes the parts of a view over a log.
func NewView(log Log, logger *slog.Logger) *View {
	index := NewIndex()
	hub := NewHub(index, log)
	return &View{Index: index, Hub: hub, Feed: NewFeed(log, index, hub, logger), log: log}
}

// Stored notes an event that this node has stored: who reads here from now on sees it.
func (v *View) Stored(e *progress.Event) {
	for {
		seq := v.stored.Load()
		if e.Seq <= seq || v.stored.CompareAndSwap(seq, e.Seq) {
			return
		}
	}
}

// Sync waits until the feed has what this node acknowledged before the call, so that nobody misses his own writes. It
// gives up after two seconds or with ctx: the feed is late then, and what it has is better than nothing.
func (v *View) Sync(ctx context.Context) {
	v.Hub.reach(ctx, v.stored.Load())
}

// reach waits until events up to seq were published, and answers false when ctx or syncTimeout ends first.
func (h *Hub) reach(ctx context.Context, seq uint64) bool {
	var late <-chan time.Time
	for {
		h.mu.Lock()
		if h.pos >= seq {
			h.mu.Unlock()
			return true
		}
		if h.moved == nil {
			h.moved = make(chan struct{})
		}
		moved := h.moved
		h.mu.Unlock()
		if late == nil {
			timer := time.NewTimer(syncTimeout)
			defer timer.Stop()
			late = timer.C
		}
		select {
		case <-moved:
		case <-late:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// Get answers a task with all its documents. ErrNotFound, ErrUnavailable.
func (v *View) Get(ctx context.Context, id string) (progress.Task, error) {
	v.Sync(ctx)
	t, whole, ok := v.Index.Get(id)
	return v.whole(ctx, t, whole && ok, id) // of one that another node has just created, the index may not know yet
}

// List answers tasks with all their documents, newest first; see Index.List. ErrUnavailable.
func (v *View) List(ctx context.Context, f *Filter, limit int, cursor uint64) (Page, error) {
	v.Sync(ctx)
	p := v.Index.List(f, limit, cursor)
	for i, t := range p.Tasks {
		_, whole, ok := v.Index.Get(t.Spec.ID)
		t, err := v.whole(ctx, t, whole || !ok, t.Spec.ID)
		if errors.Is(err, progress.ErrNotFound) {
			continue // removed since; what the index has of it will do
		} else if err != nil {
			return Page{}, err
		}
		p.Tasks[i] = t
	}
	return p, nil
}

func (v *View) whole(ctx context.Context, t progress.Task, whole bool, id string) (progress.Task, error) {
	if whole {
		return t, nil
	}
	rec, err := v.log.Load(ctx, id)
	if err != nil {
		return progress.Task{}, err
	}
	return rec.Task, nil
}

// Subscribe is Hub.Subscribe, for a watcher that must see what was acknowledged here before.
func (v *View) Subscribe(ctx context.Context, w *Watcher, s *Subscription, begun func()) error {
	v.Sync(ctx)
	return v.Hub.Subscribe(ctx, w, s, begun)
}
