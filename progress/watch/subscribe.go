package watch

import (
	"context"
	"fmt"
	"slices"

	"github.com/runflow/runflow/progress"
)

// maxSnapshot is how many ended tasks, the newest, a subscription by filter shows at once; a list has them all.
const maxSnapshot = 1000

// Subscription is what a watcher wants to see.
type Subscription struct {
	IDs     []string // these tasks, unless Filter is set
	Filter  *Filter
	Logs    bool    // their log lines too
	Since   *uint64 // nil: begin with a snapshot; else with every stored event behind this seq
	Wait    bool    // a task of IDs that is not there yet is waited for
	Deliver Deliver // All holds for the whole watcher, from the first subscription that asks for it
}

// Subscribe begins to deliver: begun, if it is not nil, is called once nothing can be refused any more; then the snapshot
// or the replay goes to w, then what is live, without a gap or a duplicate. It returns when the replay is in w's outbox:
// with Since it waits as long as w is behind, so call it where that delays nobody else. Until Unsubscribe or Leave.
//
// Errors: progress.ErrNotFound for a task that is not there, without Wait; progress.ErrUnavailable; ctx's.
func (h *Hub) Subscribe(ctx context.Context, w *Watcher, s *Subscription, begun func()) error {
	if !s.Wait && s.Filter == nil {
		for _, id := range s.IDs {
			if _, _, ok := h.index.Get(id); !ok {
				return fmt.Errorf("task %s: %w", id, progress.ErrNotFound)
			}
		}
	}
	if begun != nil {
		begun()
	}
	if s.Deliver == All {
		w.mu.Lock()
		w.deliver = All
		w.mu.Unlock()
	}
	if s.Since != nil {
		gap, err := h.lost(ctx, s)
		if err != nil {
			return err
		}
		if !gap {
			return h.resume(ctx, w, s)
		}
	}
	h.mu.Lock()
	h.snapshotLocked(w, s, 0, s.Since != nil)
	h.addLocked(w, s)
	h.mu.Unlock()
	w.wake()
	return nil
}

// lost tells whether events behind s.Since are no longer kept, or the seq is from another log. The events of a task are
// kept as long as the task is, so only a filter can have missed some.
func (h *Hub) lost(ctx context.Context, s *Subscription) (bool, error) {
	since := *s.Since
	h.mu.Lock()
	pos, recent := h.pos, h.recent.after
	h.mu.Unlock()
	if since > pos { // another node was ahead of this one, or it is from another log
		if _, last, err := h.log.Bounds(ctx); err != nil || since > last {
			return true, err
		}
		h.reach(ctx, since)
		return false, nil
	}
	if since >= recent || s.Filter == nil {
		return false, nil
	}
	first, _, err := h.log.Bounds(ctx)
	return since+1 < first, err
}

// resume replays what is behind s.Since, first at the watcher's pace up to where the hub stood when it came, then, what
// came meanwhile, at once.
func (h *Hub) resume(ctx context.Context, w *Watcher, s *Subscription) error {
	cursor := *s.Since
	for {
		h.mu.Lock()
		until := h.pos
		events, ok := h.recent.since(cursor)
		if ok && len(events) <= keepsUp/2 {
			h.finishLocked(w, s, events)
			h.mu.Unlock()
			w.wake()
			return nil
		}
		events = slices.Clone(events)
		h.mu.Unlock()
		var err error
		if ok {
			for _, e := range events {
				if err = h.replay(ctx, w, s, e); err != nil {
					return err
				}
			}
		} else if err = h.log.Replay(ctx, s.task(), cursor, until, func(e *progress.Event) error { return h.replay(ctx, w, s, e) }); err != nil {
			return err
		}
		cursor = until
		if s.Deliver == Latest {
			h.mu.Lock()
			if events, ok = h.recent.since(cursor); ok {
				h.finishLocked(w, s, events)
			} else { // the watcher is slow, so the newest of each is what it gets
				h.snapshotLocked(w, s, cursor, false)
				h.addLocked(w, s)
			}
			h.mu.Unlock()
			w.wake()
			return nil
		}
	}
}

// task is the one task that is subscribed to, or empty.
func (s *Subscription) task() string {
	if s.Filter == nil && len(s.IDs) == 1 {
		return s.IDs[0]
	}
	return ""
}

// replay gives one stored event to the watcher, when it has room.
func (h *Hub) replay(ctx context.Context, w *Watcher, s *Subscription, e *progress.Event) error {
	if !h.wants(s, e) {
		return nil
	}
	if err := w.Room(ctx); err != nil {
		return err
	}
	if w.offerStored(eventMessage(e)) {
		w.wake()
	}
	return nil
}

// finishLocked gives the last stored events and registers the watcher: what comes next is live.
func (h *Hub) finishLocked(w *Watcher, s *Subscription, events []*progress.Event) {
	for _, e := range events {
		if h.wants(s, e) {
			w.offerStored(eventMessage(e))
		}
	}
	h.addLocked(w, s)
}

// wants tells whether a stored event is one that the subscription would have got live. Of a state filter it cannot know
// what a task was before, so it takes every state: a watcher must not miss that a task left its filter.
func (h *Hub) wants(s *Subscription, e *progress.Event) bool {
	if e.Kind == progress.KindDeleted || e.Kind == progress.KindLog && !s.Logs {
		return false
	}
	if s.Filter == nil && !slices.Contains(s.IDs, e.TaskID) {
		return false
	}
	t, _, ok := h.index.Get(e.TaskID)
	if !ok {
		return false // removed since
	}
	if e.Kind == progress.KindStatus && e.Task.Spec == nil {
		e.Task.Spec = t.Spec
	}
	return s.Filter == nil || s.Filter.matchSpec(t.Spec)
}

// snapshotLocked gives the current state of each task that changed behind a seq, oldest change first.
func (h *Hub) snapshotLocked(w *Watcher, s *Subscription, behind uint64, gap bool) {
	var tasks []progress.Task
	if s.Filter == nil {
		for _, id := range s.IDs {
			if t, _, ok := h.index.Get(id); ok {
				tasks = append(tasks, t)
			}
		}
	} else {
		tasks = h.index.List(s.Filter, maxSnapshot, 0).Tasks
		if len(tasks) == maxSnapshot { // those that have not ended are shown however many there are
			seen := make(map[string]bool, len(tasks))
			for _, t := range tasks {
				seen[t.Spec.ID] = true
			}
			for _, t := range h.index.Active() {
				if !seen[t.Spec.ID] && s.Filter.Match(t) {
					tasks = append(tasks, t)
				}
			}
		}
	}
	slices.SortFunc(tasks, func(a, b progress.Task) int {
		if a.Seq < b.Seq {
			return -1
		}
		return 1
	})
	for _, t := range tasks {
		if t.Seq > behind {
			w.offerStored(snapshotMessage(t, gap))
		}
	}
}
