package watch

import (
	"sync"

	"github.com/runflow/runflow/progress"
)

// Hub knows who watches what. Publish is called by one goroutine, the feed's; the rest is safe for concurrent use.
type Hub struct {
	index *Index
	log   Log

	mu      sync.Mutex
	pos     uint64        // seq up to which events were published
	moved   chan struct{} // closed and made anew when pos moves; nil while nobody waits
	recent  ring
	tasks   map[string]map[*Watcher]interest
	filters map[string]*filterGroup
	dirty   []*Watcher // woken at the end of the round
}

// interest is what a watcher wants to see of a task.
type interest struct{ logs bool }

// filterGroup is a filter and those who watch by it: it is evaluated once per event, not once per watcher.
type filterGroup struct {
	Filter
	watchers map[*Watcher]interest
	inside   map[string]struct{} // tasks that a state filter chose last: their leaving is told too
}

// NewHub makes a hub over an index.
func NewHub(index *Index, log Log) *Hub {
	return &Hub{index: index, log: log, tasks: map[string]map[*Watcher]interest{}, filters: map[string]*filterGroup{}}
}

// begin says that the index stands at this seq.
func (h *Hub) begin(seq uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pos = seq
	h.recent.after = seq
}

// Publish takes a round of events into the index and hands them to the outboxes of their watchers, and wakes each of them
// once. last is the seq that the log has been read up to. The index moves under the hub's lock: who holds that finds the
// index where the hub is, so that nothing lies between a snapshot and what is live.
func (h *Hub) Publish(round []*progress.Event, last uint64) {
	h.mu.Lock()
	for _, e := range round {
		if h.index.Apply(e) {
			h.recent.add(e)
			h.offer(e)
		}
	}
	h.pos = last
	if h.moved != nil {
		close(h.moved)
		h.moved = nil
	}
	dirty := h.dirty
	h.dirty = nil
	h.mu.Unlock()
	for _, w := range dirty {
		w.wake()
	}
}

func (h *Hub) offer(e *progress.Event) {
	if e.Kind == progress.KindDeleted {
		delete(h.tasks, e.TaskID)
		return
	}
	m := eventMessage(e)
	for w, in := range h.tasks[e.TaskID] {
		h.give(w, in, m)
	}
	for _, g := range h.filters {
		if g.admits(e, h.index) {
			for w, in := range g.watchers {
				h.give(w, in, m)
			}
		}
	}
	if e.Final() {
		delete(h.tasks, e.TaskID) // nothing follows
	}
}

func (h *Hub) give(w *Watcher, in interest, m Message) {
	if m.Event != nil && m.Event.Kind == progress.KindLog && !in.logs {
		return
	}
	if w.offer(m) {
		h.dirty = append(h.dirty, w)
	}
}

// admits tells whether the filter's watchers get an event: that of a task which is chosen, or was until now.
func (g *filterGroup) admits(e *progress.Event, index *Index) bool {
	t := e.Task
	if e.Kind == progress.KindLog {
		var ok bool
		if t, _, ok = index.Get(e.TaskID); !ok {
			return false
		}
	}
	if len(g.States) == 0 {
		return g.Match(t)
	}
	_, was := g.inside[e.TaskID]
	is := g.Match(t)
	switch {
	case is && !e.Final():
		g.inside[e.TaskID] = struct{}{}
	case was && e.Kind != progress.KindLog:
		delete(g.inside, e.TaskID)
	}
	return is || was
}

// add registers a watcher's interest. The caller holds mu.
func (h *Hub) addLocked(w *Watcher, s *Subscription) {
	if w.gone() { // it left while its replay went on
		return
	}
	in := interest{logs: s.Logs}
	if s.Filter == nil {
		for _, id := range s.IDs {
			if t, _, ok := h.index.Get(id); ok && t.Status.State.Final() {
				continue // nothing will come
			}
			if h.tasks[id] == nil {
				h.tasks[id] = map[*Watcher]interest{}
			}
			in.logs = s.Logs || h.tasks[id][w].logs
			h.tasks[id][w] = in
		}
		return
	}
	key := s.Filter.Key()
	g := h.filters[key]
	if g == nil {
		g = &filterGroup{Filter: *s.Filter, watchers: map[*Watcher]interest{}}
		h.filters[key] = g
		if len(g.States) > 0 {
			g.inside = map[string]struct{}{}
			for _, t := range h.index.Active() {
				if g.Match(t) {
					g.inside[t.Spec.ID] = struct{}{}
				}
			}
		}
	}
	in.logs = s.Logs || g.watchers[w].logs
	g.watchers[w] = in
}

// Unsubscribe ends what Subscribe began. Events that wait in the outbox are still delivered.
func (h *Hub) Unsubscribe(w *Watcher, s *Subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.removeLocked(w, s)
}

func (h *Hub) removeLocked(w *Watcher, s *Subscription) {
	if s.Filter == nil {
		for _, id := range s.IDs {
			delete(h.tasks[id], w)
			if len(h.tasks[id]) == 0 {
				delete(h.tasks, id)
			}
		}
		return
	}
	key := s.Filter.Key()
	if g := h.filters[key]; g != nil {
		delete(g.watchers, w)
		if len(g.watchers) == 0 {
			delete(h.filters, key)
		}
	}
}

// Leave ends a watcher: its subscriptions, given, are ended and its outbox is emptied.
func (h *Hub) Leave(w *Watcher, subs []*Subscription) {
	h.mu.Lock()
	for _, s := range subs {
		h.removeLocked(w, s)
	}
	h.mu.Unlock()
	w.close()
}
