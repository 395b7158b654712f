package worker

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/eventlog"
	"github.com/runflow/runflow/progress/worker/proc"
)

const (
	beatEvery = 5 * time.Second
	pollEvery = time.Second // for what no signal tells: leases that ran out, delays that are over
)

var (
	errDrain    = errors.New("the worker stops")
	errCanceled = errors.New("the task was canceled")
	errTimeout  = errors.New("the task ran longer than its timeout")
	errGone     = errors.New("the task is no longer this worker's")
)

// Queue is where work comes from and what is known of a task; eventlog.Log is it.
type Queue interface {
	Queues(ctx context.Context) ([]string, error)
	Pull(ctx context.Context, flow string) (*eventlog.Work, error)
	OnWork(fn func()) (stop func(), err error)
	Freed() error
	Load(ctx context.Context, id string) (progress.Record, error)
	Plan(ctx context.Context, id string) (json.RawMessage, error)
	Beat(id string) error
	OnStatus(id string, fn func()) (stop func(), err error)
}

// Tasks is where a worker reports; progress.Service is it.
type Tasks interface {
	Submit(id string, c progress.Change) *progress.Receipt
	SubmitLog(id string, lines progress.LogChunk) *progress.Receipt
	Apply(ctx context.Context, id string, c progress.Change) (uint64, error)
}

// Config is what a Worker works with.
type Config struct {
	Queue Queue
	Tasks Tasks
	// Slots is how many tasks run at once.
	Slots int
	// Dir is where each attempt gets a folder of its own, which is removed when it ends. Nothing else is in it.
	Dir string
	// URL is where a step reaches the API, as RUNFLOW_URL.
	URL string
	// Grace is how long a step's processes have between SIGTERM and SIGKILL.
	Grace  time.Duration
	Logger *slog.Logger
}

// Worker runs flow tasks.
type Worker struct {
	cfg   Config
	wake  chan struct{} // cap 1; signals send, Run receives
	slots chan struct{} // holds a token for each task that runs
	tasks sync.WaitGroup
	next  int  // the queue to ask first
	away  bool // the queue could not be asked last time
}

// New makes a worker; Run it.
func New(cfg Config) *Worker {
	return &Worker{cfg: cfg, wake: make(chan struct{}, 1), slots: make(chan struct{}, cfg.Slots)}
}

// Run takes and runs tasks until ctx ends. What runs then gets the grace, and goes back to the queue; Run returns when
// it has.
func (w *Worker) Run(ctx context.Context) error {
	w.sweep(ctx)
	stop, err := w.cfg.Queue.OnWork(w.signal)
	if err != nil {
		return err
	}
	defer stop()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		w.fill(ctx)
		select {
		case <-w.wake:
		case <-tick.C:
		case <-ctx.Done():
			w.tasks.Wait()
			return nil
		}
	}
}

func (w *Worker) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// sweep ends what an earlier run of this worker, killed, has left: processes and folders.
func (w *Worker) sweep(ctx context.Context) {
	if n, err := proc.KillStale(ctx, cookiePrefix(w.cfg.Dir), w.cfg.Grace); err == nil && n > 0 {
		w.cfg.Logger.Warn("ended processes that an earlier worker left", "count", n)
	}
	left, _ := filepath.Glob(filepath.Join(w.cfg.Dir, "*"))
	for _, dir := range left {
		if err := os.RemoveAll(dir); err != nil {
			w.cfg.Logger.Warn("remove folder of an earlier worker", "dir", dir, "err", err)
		}
	}
}

// fill takes tasks while there are free slots and waiting tasks, from each flow in turn.
func (w *Worker) fill(ctx context.Context) {
	flows, err := w.cfg.Queue.Queues(ctx)
	if err != nil && !w.away && ctx.Err() == nil {
		w.cfg.Logger.Warn("look for work", "err", err)
	}
	if w.away = err != nil; w.away {
		return
	}
	for idle := 0; idle < len(flows) && ctx.Err() == nil; {
		select {
		case w.slots <- struct{}{}:
		default:
			return
		}
		w.next++
		work, err := w.cfg.Queue.Pull(ctx, flows[w.next%len(flows)])
		if err != nil && ctx.Err() == nil {
			w.cfg.Logger.Warn("take work", "flow", flows[w.next%len(flows)], "err", err)
		}
		if work == nil {
			<-w.slots
			idle++
			continue
		}
		idle = 0
		w.tasks.Add(1)
		go func() {
			defer w.tasks.Done()
			w.run(ctx, work)
			<-w.slots
			w.signal()
			if err := w.cfg.Queue.Freed(); err != nil {
				w.cfg.Logger.Debug("tell other workers of a free slot", "err", err)
			}
		}()
	}
}
