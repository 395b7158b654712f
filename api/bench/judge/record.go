package judge

// remembered is how many events back a repeated one is told from a late one.
const remembered = 32

// Faults are what a watcher must never see.
type Faults struct {
	Duplicates int // events that it had got already
	OutOfOrder int // events with a seq or a report behind one that it had got; also repeated ones from long ago
	AfterFinal int // events that followed a task's final one
	Unasked    int // events of the run's tasks that it does not watch
}

func (f *Faults) add(o Faults) {
	f.Duplicates += o.Duplicates
	f.OutOfOrder += o.OutOfOrder
	f.AfterFinal += o.AfterFinal
	f.Unasked += o.Unasked
}

// Record is what one watcher got of one task. The zero value has got nothing.
type Record struct {
	Faults
	Gaps int // snapshots that said that events before them are no longer kept

	started bool
	final   bool
	states  uint32 // bits of the states it saw
	base    uint64 // what it got counts from here: the seq of its snapshot
	last    uint64 // newest seq
	index   int    // newest report
	count   uint64 // events behind base, each once
	sum     uint64 // of their mixed seqs
	recent  [remembered]uint64
}

// Started tells whether the task was heard of, Final whether its final status came.
func (r *Record) Started() bool { return r.started }
func (r *Record) Final() bool   { return r.final }

// Index is the newest report that came.
func (r *Record) Index() int { return r.index }

// Take takes an event in, and tells whether it is a new one: neither the first snapshot nor a fault.
func (r *Record) Take(e Event) bool {
	if !r.started || e.Gap && e.Seq > r.last {
		if r.started {
			r.Gaps++
		}
		r.started = true
		r.base, r.count, r.sum, r.states = e.Seq, 0, 0, 0
		if !e.Snapshot { // it was created while it was watched
			r.base--
		}
		if e.Snapshot {
			r.pass(e)
			return false
		}
	}
	switch {
	case e.Seq <= r.last && r.remembers(e.Seq):
		r.Duplicates++
		return false
	case e.Seq < r.last:
		r.OutOfOrder++
		if e.Seq > r.base {
			r.tally(e) // late, yet not lost
		}
		return false
	case r.final:
		r.AfterFinal++
		return false
	case e.Index > 0 && e.Index <= r.index:
		r.OutOfOrder++
	}
	r.pass(e)
	r.tally(e)
	return true
}

func (r *Record) tally(e Event) {
	r.recent[r.count%remembered] = e.Seq
	r.count++
	r.sum += mix(e.Seq)
	r.states |= bit(e.State)
}

func (r *Record) pass(e Event) {
	r.last, r.index = max(r.last, e.Seq), max(r.index, e.Index)
	r.final = r.final || e.Final()
}

func (r *Record) remembers(seq uint64) bool {
	if seq == r.base { // the snapshot
		return true
	}
	for _, s := range r.recent {
		if s == seq {
			return true
		}
	}
	return false
}

// Watcher is what one watcher got: of the tasks from First on, each its record.
type Watcher struct {
	First   int
	Records []Record
	Last    uint64 // newest seq of all: where it resumes

	Faults // those of no record
}

// Take takes an event in, and tells whose it was (nil: of no task that is judged) and whether it is a new one.
func (w *Watcher) Take(e Event) (r *Record, fresh bool) {
	behind := e.Seq <= w.Last && !e.Snapshot
	w.Last = max(w.Last, e.Seq)
	i := e.Task - w.First
	switch {
	case e.Task < 0:
		if behind {
			w.OutOfOrder++
		}
		return nil, false
	case i < 0 || i >= len(w.Records):
		w.Unasked++
		return nil, false
	}
	r = &w.Records[i]
	if fresh = r.Take(e); fresh && behind {
		w.OutOfOrder++ // in order within its task, not among the tasks
	}
	return r, fresh
}

// mix spreads a seq over 64 bits, so that sums of different sets differ (the finalizer of SplitMix64).
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

func bit(state byte) uint32 { return 1 << (state % 32) }
