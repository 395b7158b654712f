package watch

import (
	"context"
	"errors"
	"sync"
)

// Deliver says what a watcher gets that falls behind.
type Deliver int

const (
	Latest Deliver = iota // the newest status of each task
	All                   // everything, or ErrSlow
)

const (
	keepsUp  = 64        // messages that wait for a watcher which keeps up; from here on it is behind
	maxQueue = 4096      // messages that may wait with All
	maxBytes = 256 << 10 // log text that may wait with Latest before lines are skipped
)

// ErrSlow: the watcher wanted everything and fell further behind than its queue is long.
var ErrSlow = errors.New("the watcher is too slow")

// Watcher is one client's outbox. The hub and the transport's answers fill it, the transport takes from it. Safe for
// concurrent use.
type Watcher struct {
	wake func() // called, outside all locks, when there is something to take

	mu        sync.Mutex
	room      chan struct{} // closed and made anew when something was taken; nil while nobody waits
	queue     []Message     // those with Name "" were replaced by a later one
	holes     int
	newest    map[string]int // task and name → its newest place in queue, kept while behind
	logBytes  int
	deliver   Deliver
	last      uint64 // seq of the newest event that was offered
	dirty     bool   // in the hub's list of watchers to wake
	slow      bool
	closed    bool
	conflated uint64
}

// NewWatcher makes an outbox. wake is called without any lock held, possibly from several goroutines, and must not block.
func NewWatcher(wake func()) *Watcher { return &Watcher{wake: wake} }

// Send queues an answer of the transport's own. It is never left out.
func (w *Watcher) Send(m Message) {
	w.mu.Lock()
	if !w.closed {
		w.queue = append(w.queue, m)
	}
	w.mu.Unlock()
	w.wake()
}

// TrySend is Send for what others send to this client: it answers false when more than most messages wait already.
func (w *Watcher) TrySend(m Message, most int) bool {
	w.mu.Lock()
	ok := !w.closed && !w.slow && len(w.queue)-w.holes < most
	if ok {
		w.queue = append(w.queue, m)
	}
	w.mu.Unlock()
	if ok {
		w.wake()
	}
	return ok
}

// offer queues a live event, and tells whether the watcher must be woken that was not yet to be.
func (w *Watcher) offer(m Message) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if m.Seq <= w.last { // it came by another subscription of the same watcher
		return false
	}
	return w.offerLocked(m)
}

// offerStored is offer for an event of a replay or a snapshot: a second subscription's may lie before what the first one
// has brought.
func (w *Watcher) offerStored(m Message) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.offerLocked(m)
}

func (w *Watcher) offerLocked(m Message) bool {
	if w.closed || w.slow {
		return false
	}
	w.last = max(w.last, m.Seq)
	if m.Event == nil { // a snapshot: as long as the list of tasks
		w.queue = append(w.queue, m)
	} else {
		w.put(m)
	}
	if w.dirty {
		return false
	}
	w.dirty = true
	return true
}

// put appends a message, in place of an older one if the watcher is behind.
func (w *Watcher) put(m Message) {
	if m.Event != nil && m.Event.Log != nil {
		w.logBytes += m.Event.LogSize()
	}
	behind := len(w.queue)-w.holes >= keepsUp || w.logBytes > maxBytes
	switch {
	case !behind:
		w.newest = nil
	case w.deliver == All:
		if len(w.queue) >= maxQueue {
			w.slow, w.queue, w.holes = true, nil, 0
			return
		}
	default:
		w.conflate(&m)
	}
	w.queue = append(w.queue, m)
	if w.newest != nil {
		w.newest[m.task+" "+m.Name] = len(w.queue) - 1
	}
}

// conflate makes a hole where the message that m replaces stood: m itself goes to the end, as seqs must rise.
func (w *Watcher) conflate(m *Message) {
	if w.newest == nil {
		w.newest = make(map[string]int)
		for i := range w.queue {
			if q := &w.queue[i]; q.task != "" {
				w.newest[q.task+" "+q.Name] = i
			}
		}
	}
	i, ok := w.newest[m.task+" "+m.Name]
	if !ok || !m.replaces(&w.queue[i]) {
		return
	}
	if old := w.queue[i].Event; old != nil && old.Log != nil {
		w.logBytes -= old.LogSize()
	}
	w.queue[i] = Message{}
	w.conflated++
	if w.holes++; w.holes > keepsUp && w.holes > len(w.queue)/2 {
		w.compact()
	}
}

func (w *Watcher) compact() {
	kept := make([]Message, 0, len(w.queue)-w.holes+keepsUp)
	for _, q := range w.queue {
		if q.Name != "" {
			kept = append(kept, q)
			if q.task != "" {
				w.newest[q.task+" "+q.Name] = len(kept) - 1
			}
		}
	}
	w.queue, w.holes = kept, 0
}

// Take answers what waits, at most max messages, in order; none when nothing does. ErrSlow, after which nothing comes.
func (w *Watcher) Take(max int) ([]Message, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dirty = false
	if w.slow {
		return nil, ErrSlow
	}
	var out []Message
	i := 0
	for ; i < len(w.queue) && len(out) < max; i++ {
		m := w.queue[i]
		if m.Name == "" {
			w.holes--
			continue
		}
		if m.Event != nil && m.Event.Log != nil {
			w.logBytes -= m.Event.LogSize()
		}
		out = append(out, m)
	}
	clear(w.queue[:i])
	w.queue, w.newest = w.queue[i:], nil
	if len(w.queue) == 0 {
		w.queue = nil
	}
	if w.room != nil {
		close(w.room)
		w.room = nil
	}
	return out, nil
}

// Room waits until the watcher has taken enough that it keeps up, or ctx ends.
func (w *Watcher) Room(ctx context.Context) error {
	for {
		w.mu.Lock()
		if w.closed || w.slow || len(w.queue)-w.holes < keepsUp {
			w.mu.Unlock()
			return ctx.Err()
		}
		if w.room == nil {
			w.room = make(chan struct{})
		}
		room := w.room
		w.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Empty tells whether nothing waits.
func (w *Watcher) Empty() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.queue)-w.holes == 0
}

// Depth is how many messages wait, Conflated how many were left out for newer ones.
func (w *Watcher) Depth() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.queue) - w.holes
}

// Conflated is how many events were left out because the watcher was behind.
func (w *Watcher) Conflated() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.conflated
}

// gone tells whether the watcher has left.
func (w *Watcher) gone() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.closed
}

func (w *Watcher) close() {
	w.mu.Lock()
	w.closed, w.queue, w.newest, w.holes = true, nil, nil, 0
	if w.room != nil {
		close(w.room)
		w.room = nil
	}
	w.mu.Unlock()
}
