package watch

import "github.com/runflow/runflow/progress"

const (
	ringEvents = 8192    // events kept in memory for those who come back
	ringBytes  = 8 << 20 // of log lines among them
)

// ring holds the newest events, for watchers that were away for a moment: they are served without asking the log.
type ring struct {
	events []*progress.Event
	head   int    // index of the oldest
	bytes  int    // of log lines
	after  uint64 // every event behind this seq is in the ring
}

func (r *ring) add(e *progress.Event) {
	r.events = append(r.events, e)
	if e.Log != nil {
		r.bytes += e.LogSize()
	}
	for len(r.events)-r.head > ringEvents || r.bytes > ringBytes {
		old := r.events[r.head]
		if old.Log != nil {
			r.bytes -= old.LogSize()
		}
		r.after = old.Seq
		r.events[r.head] = nil
		r.head++
	}
	if r.head > ringEvents {
		r.events = append(make([]*progress.Event, 0, 2*ringEvents), r.events[r.head:]...)
		r.head = 0
	}
}

// since answers the events behind a seq, and whether the ring has all of them.
func (r *ring) since(seq uint64) ([]*progress.Event, bool) {
	if seq < r.after {
		return nil, false
	}
	low, high := r.head, len(r.events)
	for low < high {
		if mid := (low + high) / 2; r.events[mid].Seq <= seq {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return r.events[low:], true
}
