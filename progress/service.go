package progress

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/runflow/runflow/progress/flow"
)

// Record is what a writer must know of a task to append to it.
type Record struct {
	Task Task
	Last uint64 // seq of the task's newest event of any kind
	Next int    // number of the next log line
}

// Log is the event log as the Service writes it; progress/eventlog is one. Its errors are those of this package.
type Log interface {
	// Append stores one event, if the newest event of the task has the seq last, and answers its seq once it is stored.
	// Otherwise ErrConflict. With last 0 it stores a task's first event, if there is none of this kind.
	Append(ctx context.Context, id string, kind Kind, body any, last uint64) (uint64, error)
	// Load reads the task's newest state. ErrNotFound.
	Load(ctx context.Context, id string) (Record, error)
	// Remove deletes a task with all its events and tells every node.
	// The seq is that of its last event, which says so.
	Remove(ctx context.Context, id string) (uint64, error)
	// Claim stores value under an idempotency key unless one is there, and answers what is there now.
	Claim(ctx context.Context, key string, value Claim) (Claim, error)
}

// Queue holds the flow tasks that wait for a worker; progress/eventlog has it.
type Queue interface {
	// Push adds a task, once however often it is called. ErrQueueFull.
	Push(ctx context.Context, f *flow.Flow, id string) error
}

// Flows is where flows are looked up; flow.Catalog is one.
type Flows interface {
	Lookup(name string) (*flow.Flow, bool)
}

// Config is what a Service works with.
type Config struct {
	Log   Log
	Queue Queue
	Flows Flows // nil: no flows
	// Stored is called with every event that this Service stored, in the order of its task, before the writer is
	// answered. It must not block. nil: nobody.
	Stored func(*Event)
	// Typical answers how long past runs of a flow took, 0 when unknown. nil: unknown.
	Typical func(flow string) time.Duration
	// Beat is told of every empty report: it is not stored, but the reporter lives. nil: nobody.
	Beat func(id string)
	// ReportRate is how many reports per second and task are stored as events of their own; 0 is every one.
	ReportRate float64
	Logger     *slog.Logger
}

// Service is the one way to change a task. Safe for concurrent use.
type Service struct {
	cfg Config

	mu     sync.Mutex
	lanes  map[string]*lane
	closed bool
	active sync.WaitGroup // lanes that write
}

// NewService makes a Service. Close it so that what was submitted is stored.
func NewService(cfg Config) *Service {
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Stored == nil {
		cfg.Stored = func(*Event) {}
	}
	if cfg.Typical == nil {
		cfg.Typical = func(string) time.Duration { return 0 }
	}
	if cfg.Beat == nil {
		cfg.Beat = func(string) {}
	}
	return &Service{cfg: cfg, lanes: make(map[string]*lane)}
}

// Submit queues a change behind those already submitted for the task and returns at once. The change is stored whether
// or not anybody waits for its receipt.
func (s *Service) Submit(id string, c Change) *Receipt {
	r := newReceipt()
	if report, ok := c.(Report); ok {
		if err := report.Validate(); err != nil {
			r.resolve(0, err)
			return r
		}
		if report.Beat() {
			s.cfg.Beat(id)
		}
		c = report
	}
	s.enter(id, entry{change: c, receipt: r})
	return r
}

// SubmitLog queues lines for the task's log, as Submit does a change.
func (s *Service) SubmitLog(id string, lines LogChunk) *Receipt {
	r := newReceipt()
	if len(lines.Lines) == 0 {
		r.resolve(0, nil)
		return r
	}
	s.enter(id, entry{log: &lines, receipt: r})
	return r
}

// Apply submits a change and waits until it is stored. The seq is that of the event which holds it.
//
// Errors: ErrNotFound, ErrEnded, ErrStale, ErrUnavailable, *InvalidError, and ctx's: then it may be stored or not.
func (s *Service) Apply(ctx context.Context, id string, c Change) (uint64, error) {
	return s.Submit(id, c).Wait(ctx)
}

// enter puts an entry into the task's lane and sees that somebody works on it.
func (s *Service) enter(id string, e entry) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		e.receipt.resolve(0, ErrUnavailable)
		return
	}
	l := s.lanes[id]
	if l == nil {
		l = newLane(s, id)
		s.lanes[id] = l
	}
	if l.push(e) {
		s.active.Add(1)
		go l.run()
	}
	s.mu.Unlock()
}

// remember spares the first writer of a new task the reading of it.
func (s *Service) remember(rec Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id := rec.Task.Spec.ID; s.lanes[id] == nil {
		l := newLane(s, id)
		l.rec, l.known, l.used = rec, true, time.Now()
		s.lanes[id] = l
	}
}

// idleLane is how long the Service remembers a task that nobody writes to.
const idleLane = 30 * time.Second

// Sweep forgets tasks that nobody has written to for a while. Call it now and then.
func (s *Service) Sweep(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, l := range s.lanes {
		if l.idle(now) {
			delete(s.lanes, id)
		}
	}
}

// Close refuses what comes from now on with ErrUnavailable and waits until what was submitted is stored, or ctx ends.
func (s *Service) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	done := make(chan struct{})
	go func() {
		s.active.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Receipt is the promise that a submitted change will be stored.
type Receipt struct {
	done chan struct{} // closed by resolve
	seq  uint64
	err  error
}

func newReceipt() *Receipt { return &Receipt{done: make(chan struct{})} }

func (r *Receipt) resolve(seq uint64, err error) {
	r.seq, r.err = seq, err
	close(r.done)
}

// Done is closed once the change is stored or refused.
func (r *Receipt) Done() <-chan struct{} { return r.done }

// Wait waits until the change is stored or refused. See Service.Apply for the errors.
func (r *Receipt) Wait(ctx context.Context) (uint64, error) {
	select {
	case <-r.done:
		return r.seq, r.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}
