package progress

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	storeTimeout = 10 * time.Second // for an append, with all that other writers were faster with; then ErrUnavailable
	maxChunk     = 32 << 10         // bytes of log lines in one event
)

// entry is one thing that somebody submitted: a change or log lines.
type entry struct {
	change  Change
	log     *LogChunk
	receipt *Receipt
}

// lane is the order in which this node writes one task: one writer, so that each append knows the seq before it.
// While an append is under way, or the report rate is used up, what is submitted gathers in the queue.
type lane struct {
	s       *Service
	id      string
	limiter *rate.Limiter // nil: no limit

	mu      sync.Mutex
	queue   []entry
	running bool
	used    time.Time
	wake    chan struct{} // cap 1; push sends, a writer that waits for its rate receives

	rec   Record // of the goroutine that runs, alone
	known bool   // rec is loaded
}

func newLane(s *Service, id string) *lane {
	l := &lane{s: s, id: id, wake: make(chan struct{}, 1)}
	if r := s.cfg.ReportRate; r > 0 {
		l.limiter = rate.NewLimiter(rate.Limit(r), max(1, int(r/4)))
	}
	return l
}

// push queues an entry and tells whether a writer must be started.
func (l *lane) push(e entry) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = append(l.queue, e)
	l.used = time.Now()
	if l.running {
		select {
		case l.wake <- struct{}{}:
		default:
		}
		return false
	}
	l.running = true
	return true
}

// take answers everything that waits, or nil when the writer shall stop.
func (l *lane) take() []entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := l.queue
	l.queue = nil
	if len(q) == 0 {
		l.running = false
	}
	return q
}

func (l *lane) idle(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.running && now.Sub(l.used) > idleLane
}

// run writes until nothing waits. It does not end with the request that started it: others wait for it too.
func (l *lane) run() {
	defer l.s.active.Done()
	ctx := context.Background()
	for {
		batch := l.take()
		if batch == nil {
			return
		}
		for len(batch) > 0 {
			var n int
			if batch[0].log != nil {
				n = l.writeLog(ctx, batch)
			} else {
				batch, n = l.admit(batch)
				l.writeStatus(ctx, batch[:n])
			}
			batch = batch[n:]
		}
	}
}

// admit answers how many changes at the head of the batch become the next event: one while the rate allows it, and when
// it does not, all that have gathered by the time it does.
func (l *lane) admit(batch []entry) ([]entry, int) {
	if l.limiter == nil || batch[0].change.urgent() || l.limiter.Allow() {
		return batch, 1
	}
	turn := l.limiter.Reserve()
	timer := time.NewTimer(turn.Delay())
	defer timer.Stop()
	for {
		for i := range batch {
			if batch[i].log != nil {
				turn.Cancel()
				return batch, i
			}
			if batch[i].change.urgent() {
				turn.Cancel()
				return batch, i + 1
			}
		}
		select {
		case <-timer.C:
			return batch, len(batch)
		case <-l.wake:
			l.mu.Lock()
			batch = append(batch, l.queue...)
			l.queue = nil
			l.mu.Unlock()
		}
	}
}

// writeStatus folds the changes into one status event and stores it.
func (l *lane) writeStatus(ctx context.Context, batch []entry) {
	refused := make([]error, len(batch))
	seq, err := l.store(ctx, func() (Kind, any, error) {
		st, changed := *l.rec.Task.Status, false
		for i := range batch {
			next, err := Fold(l.rec.Task.Spec, &st, batch[i].change, time.Now(), l.s.cfg.Typical(l.rec.Task.Spec.Flow))
			if errors.Is(err, errNoChange) {
				err = nil
			} else if err == nil {
				st, changed = next, true
			}
			refused[i] = err
		}
		if !changed {
			return "", nil, errNoChange
		}
		return KindStatus, &st, nil
	})
	if errors.Is(err, errNoChange) {
		seq, err = l.rec.Task.Seq, nil
	}
	for i := range batch {
		switch {
		case refused[i] != nil:
			batch[i].receipt.resolve(0, refused[i])
		default:
			batch[i].receipt.resolve(seq, err)
		}
	}
}

// writeLog stores log lines from the head of the batch as one event, as many as fit, and answers how many entries it took.
func (l *lane) writeLog(ctx context.Context, batch []entry) int {
	chunk := *batch[0].log
	chunk.Lines = slices.Clone(chunk.Lines)
	size, n := chunk.size(), 1
	for ; n < len(batch) && batch[n].log != nil; n++ {
		next := batch[n].log
		if size += next.size(); size > maxChunk || next.Step != chunk.Step || next.Stream != chunk.Stream {
			break
		}
		chunk.Lines = append(chunk.Lines, next.Lines...)
	}
	seq, err := l.store(ctx, func() (Kind, any, error) {
		if l.rec.Task.Status.State.Final() {
			return "", nil, ErrEnded
		}
		chunk.From = l.rec.Next
		return KindLog, &chunk, nil
	})
	for i := range n {
		batch[i].receipt.resolve(seq, err)
	}
	return n
}

// store appends what make answers, again after each conflict, and remembers the result. make reads l.rec.
func (l *lane) store(ctx context.Context, make func() (Kind, any, error)) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	for {
		fresh := !l.known
		if err := l.load(ctx); err != nil {
			return 0, err
		}
		kind, body, err := make()
		if err != nil && !fresh { // another node may have written since: a refusal must not rest on what was remembered
			l.known = false
			continue
		}
		if err != nil {
			return 0, err
		}
		seq, err := l.s.cfg.Log.Append(ctx, l.id, kind, body, l.rec.Last)
		if err == nil {
			l.stored(kind, body, seq)
			return seq, nil
		}
		l.known = false // whatever it was, the log knows better
		if !errors.Is(err, ErrConflict) {
			return 0, err
		}
	}
}

func (l *lane) load(ctx context.Context) error {
	if l.known {
		return nil
	}
	rec, err := l.s.cfg.Log.Load(ctx, l.id)
	if err != nil {
		return err
	}
	l.rec, l.known = rec, true
	return nil
}

// stored takes over what was appended, and shows it to this node before the writer is answered.
func (l *lane) stored(kind Kind, body any, seq uint64) {
	l.rec.Last = seq
	e := &Event{Seq: seq, TaskID: l.id, Kind: kind}
	switch body := body.(type) {
	case *Status:
		l.rec.Task.Status, l.rec.Task.Seq = body, seq
		e.Task, e.At = l.rec.Task, body.UpdatedAt
	case *LogChunk:
		l.rec.Next = body.Next()
		e.Log, e.At = body, At(time.Now())
	}
	l.s.cfg.Stored(e)
}

func (c *LogChunk) size() int {
	n := 0
	for _, line := range c.Lines {
		n += len(line) + 3
	}
	return n
}
