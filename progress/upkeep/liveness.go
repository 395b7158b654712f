package upkeep

import (
	"sync"
	"time"

	"github.com/runflow/runflow/progress"
)

const (
	workerStale = 10 * time.Second // two beats of a worker are overdue
	lost        = 30 * time.Second // after the last sign of life
)

// liveness notes when this node last heard of each task that somebody must be alive for. Only this node's own clock
// counts.
type liveness struct {
	mu    sync.Mutex
	beats map[string]time.Time
	seen  map[string]sign
}

// sign is the last sign of life of a task.
type sign struct {
	seq uint64
	at  time.Time
}

func newLiveness() *liveness {
	return &liveness{beats: map[string]time.Time{}, seen: map[string]sign{}}
}

func (l *liveness) beat(id string) {
	l.mu.Lock()
	l.beats[id] = time.Now()
	l.mu.Unlock()
}

// look answers what is to be said of silent tasks. A task that it sees for the first time is taken to be alive.
func (l *liveness) look(active []progress.Task, now time.Time) map[string]progress.Change {
	l.mu.Lock()
	beats := l.beats
	l.beats = make(map[string]time.Time, len(beats))
	l.mu.Unlock()
	seen := make(map[string]sign, len(active))
	changes := map[string]progress.Change{}
	for _, t := range active {
		stale, gone, ok := patience(t)
		if !ok {
			continue
		}
		id, st := t.Spec.ID, t.Status
		s, known := l.seen[id]
		if !known {
			s = sign{t.Seq, now}
		}
		if t.Seq != s.seq {
			s.seq = t.Seq
			if !st.Stalled { // that event was no sign of life
				s.at = now
			}
		}
		if at, ok := beats[id]; ok {
			s.at = at
			if st.Stalled {
				changes[id] = progress.Stall{Over: true}
			}
		}
		seen[id] = s
		switch silent := now.Sub(s.at); {
		case silent >= gone:
			changes[id] = progress.Lose{Attempt: st.Attempt}
		case silent >= stale && !st.Stalled:
			changes[id] = progress.Stall{}
		}
	}
	l.seen = seen
	return changes
}

// patience answers after how long a task is stalled and lost; false for one that nobody need be alive for.
func patience(t progress.Task) (stale, gone time.Duration, ok bool) {
	if t.Spec.Flow != "" {
		return workerStale, lost, t.Status.State != progress.Queued
	}
	stale = time.Duration(t.Spec.StaleAfter * float64(time.Second))
	return stale, max(lost, 2*stale), stale > 0
}
