package judge

import (
	"fmt"
	"sort"
)

// Truth is every event of one task, as the log has them.
type Truth struct {
	seqs    []uint64
	sums    []uint64 // of the mixed seqs before each
	total   uint64
	index   int // newest report
	reports int // events that tell of a report
	changes []change
	state   byte
}

// change is an event with which the task's state became another.
type change struct {
	seq uint64
	bit uint32
}

// Add adds the log's next event. The log itself is at fault when seq or report do not rise, or when something follows
// the final one.
func (t *Truth) Add(e Event) error {
	if n := len(t.seqs); n > 0 && e.Seq <= t.seqs[n-1] {
		return fmt.Errorf("the log has seq %d after %d", e.Seq, t.seqs[n-1])
	}
	if e.Index > 0 && e.Index <= t.index {
		return fmt.Errorf("the log has report %d after %d", e.Index, t.index)
	}
	if last := (Event{State: t.state}); last.Final() {
		return fmt.Errorf("the log has seq %d after the final status", e.Seq)
	}
	if e.State != t.state {
		t.changes = append(t.changes, change{e.Seq, bit(e.State)})
		t.state = e.State
	}
	if e.Index > 0 {
		t.index = e.Index
		t.reports++
	}
	t.seqs = append(t.seqs, e.Seq)
	t.sums = append(t.sums, t.total)
	t.total += mix(e.Seq)
	return nil
}

// Events is how many events there are, Reports how many of them tell of a report.
func (t *Truth) Events() int  { return len(t.seqs) }
func (t *Truth) Reports() int { return t.reports }

// Newest is the index of the last report that is told of.
func (t *Truth) Newest() int { return t.index }

// Has tells whether there is an event with this seq.
func (t *Truth) Has(seq uint64) bool {
	i := sort.Search(len(t.seqs), func(i int) bool { return t.seqs[i] >= seq })
	return i < len(t.seqs) && t.seqs[i] == seq
}

// Verdict is what was wrong with what watchers got.
type Verdict struct {
	Faults
	Received  int // events, each once, snapshots apart
	Lost      int // events that should have come
	Conflated int // events that a slow watcher was spared: newer ones came in their place
	NoFinal   int // tasks whose final status did not come
	Gaps      int
	Stray     int // events that the log does not have
}

// Add sums verdicts.
func (v *Verdict) Add(o Verdict) {
	v.Faults.add(o.Faults)
	v.Received += o.Received
	v.Lost += o.Lost
	v.Conflated += o.Conflated
	v.NoFinal += o.NoFinal
	v.Gaps += o.Gaps
	v.Stray += o.Stray
}

// Clean tells whether nothing was wrong.
func (v *Verdict) Clean() bool {
	return v.Faults == Faults{} && v.Lost == 0 && v.NoFinal == 0 && v.Gaps == 0 && v.Stray == 0
}

// Judge compares what a watcher got of the task with the truth. With all, every event had to come; without, a newer
// status may have taken an older one's place, if neither the state changed between nor nothing newer came at all.
func (t *Truth) Judge(r *Record, all bool) Verdict {
	v := Verdict{Faults: r.Faults, Gaps: r.Gaps, Received: int(r.count)}
	if !r.started {
		v.Lost, v.NoFinal = len(t.seqs), 1
		return v
	}
	i := t.after(r.base)
	missing := len(t.seqs) - i - int(r.count)
	if sum := t.total - t.sumBefore(i); missing < 0 || missing == 0 && sum != r.sum {
		v.Stray = max(-missing, 1)
		missing = 0
	}
	if !r.final {
		v.NoFinal = 1
	}
	if all {
		v.Lost = missing
		return v
	}
	v.Lost = len(t.seqs) - t.after(r.last)
	for _, c := range t.changes {
		if c.seq > r.base && c.seq <= r.last && r.states&c.bit == 0 {
			v.Lost++
		}
	}
	v.Conflated = max(0, missing-v.Lost)
	return v
}

// after is the place of the first event behind a seq.
func (t *Truth) after(seq uint64) int {
	return sort.Search(len(t.seqs), func(i int) bool { return t.seqs[i] > seq })
}

func (t *Truth) sumBefore(i int) uint64 {
	if i == len(t.sums) {
		return t.total
	}
	return t.sums[i]
}

// Judge is Truth.Judge over all tasks, of which truths[i] is task i's.
func (w *Watcher) Judge(truths []*Truth, all bool) Verdict {
	v := Verdict{Faults: w.Faults}
	for i := range w.Records {
		v.Add(truths[w.First+i].Judge(&w.Records[i], all))
	}
	return v
}
