package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sync/errgroup"

	"github.com/runflow/runflow/api/bench/judge"
	"github.com/runflow/runflow/api/bench/usage"
)

const (
	atOnce      = 32               // connections or requests that are begun or read back at a time
	readyWithin = 60 * time.Second // for one watcher to be served its first status
	endWithin   = 20 * time.Second // for the streams to be acknowledged, and then for the final status to arrive
	readWithin  = 2 * time.Minute  // for the log to be read back
	spareFiles  = 200
)

// run is one run of a scenario.
type run struct {
	o      Options
	prefix string // of its tasks
	target *target
	server *server
	scan   judge.Scanner
	start  time.Time
	result *Result

	loading  context.Context // ends when no more load shall be sent
	stopLoad context.CancelFunc
	life     context.Context // of connections and streams: an interrupted run still ends its tasks

	process  *usage.Process // nil when the server's cannot be seen
	prepared bool           // all watchers are there, and what they get is judged
	streams  []*stream
	watchers []*watcher
	readers  sync.WaitGroup
	inFlight *inFlight // nil unless the load is bounded by it

	latency, catchUp, lag judge.Histogram
	writeBuffers          sync.Pool

	mu   sync.Mutex
	cuts map[string]int
	err  error
}

// Run runs a scenario against the server of o.URL. The result tells what there is also when ctx ends early or something
// fails midway; the error says what failed. ErrNotLocal.
func Run(ctx context.Context, s Scenario, o Options) (*Result, error) {
	if err := o.check(s.Uses); err != nil {
		return nil, err
	}
	if files, need := usage.RaiseFiles(), o.connections(s.Name)+spareFiles; need > files {
		return nil, fmt.Errorf("needs %d open files, and may have %d (ulimit -n)", need, files)
	}
	target, err := newTarget(ctx, o.URL, o.YesReally)
	if err != nil {
		return nil, err
	}
	id := rand.Text()[:10]
	r := &run{
		o: o, prefix: "bench-" + id + "-", target: target, server: newServer(target, o.Token), start: time.Now(),
		result: &Result{Scenario: s.Name, Run: id, URL: o.URL, Options: o.used(s.Uses)}, cuts: map[string]int{},
	}
	defer r.server.close()
	r.scan = judge.NewScanner(r.prefix)
	var kill context.CancelFunc
	r.life, kill = context.WithCancel(context.WithoutCancel(ctx))
	defer kill()
	r.loading, r.stopLoad = context.WithCancel(ctx)
	defer r.stopLoad()
	if r.process, err = usage.Find(o.Pid, target.at); err != nil {
		if o.Pid != 0 {
			return nil, err
		}
		r.result.note("the server's process is not to be seen from here: no CPU, no memory")
	}
	r.fail(s.run(r))
	r.result.Interrupted = ctx.Err() != nil
	for _, w := range r.watchers {
		w.hangUp(true)
	}
	kill()
	r.readers.Wait()
	if r.prepared {
		r.fail(r.verdict())
	}
	r.conclude()
	return r.result, r.err
}

// connections is how many a scenario opens.
func (o *Options) connections(scenario string) int {
	switch scenario {
	case "tasks":
		return o.Tasks*o.Watchers + o.Tasks
	case "ingest":
		return o.Writers
	}
	return o.Watchers + o.Connections + o.Tasks
}

// now is the time that reports carry: nanoseconds since the run began, by the monotonic clock.
func (r *run) now() int64 { return int64(time.Since(r.start)) }

func (r *run) task(i int) string { return fmt.Sprint(r.prefix, i) }

// fail notes the first error and ends the load.
func (r *run) fail(err error) {
	if err == nil || errors.Is(err, context.Canceled) && r.loading.Err() != nil {
		return
	}
	r.mu.Lock()
	if r.err == nil {
		r.err = err
	}
	r.mu.Unlock()
	r.stopLoad()
}

// cutOff notes that the server ended a watcher's connection.
func (r *run) cutOff(err error) {
	why := "connection lost"
	var closed *websocket.CloseError
	if errors.As(err, &closed) {
		why = fmt.Sprint(closed.Code)
	}
	r.mu.Lock()
	r.cuts[why]++
	r.mu.Unlock()
}

// each calls fn for 0 to n-1, several at a time, until one fails.
func each(ctx context.Context, n int, fn func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i := range n {
		group.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fn(ctx, i)
		})
	}
	return group.Wait()
}

// create makes n tasks. When that fails, those that there are end all the same.
func (r *run) create(from, n int) error {
	err := each(r.loading, n, func(_ context.Context, i int) error {
		// One that was begun goes on when the run is interrupted: else its task might come to be after giveUp.
		ctx, cancel := context.WithTimeout(r.life, endWithin)
		defer cancel()
		return r.server.create(ctx, r.task(from+i), r.result.Run)
	})
	if err != nil {
		r.giveUp(from, n)
	}
	return err
}

// giveUp ends tasks that are not going to be reported on.
func (r *run) giveUp(from, n int) {
	ctx, cancel := context.WithTimeout(r.life, endWithin)
	defer cancel()
	_ = each(ctx, n, func(ctx context.Context, i int) error {
		_, _ = r.server.report(ctx, r.task(from+i), lastReport(nil, 1, r.now())) // it may not be there
		return nil
	})
}

// watch connects n watchers and waits until each was served. assign says what one watches: the data of its subscribe, and
// its tasks.
func (r *run) watch(n int, assign func(i int) (target string, first, tasks int)) error {
	for i := range n {
		target, first, tasks := assign(i)
		r.watchers = append(r.watchers, newWatcher(r, i, target, first, tasks))
	}
	return each(r.loading, n, func(ctx context.Context, i int) error {
		w := r.watchers[i]
		if err := w.connect(ctx); err != nil {
			return fmt.Errorf("watcher %d of %d: %w", i+1, n, err)
		}
		r.readers.Go(func() { w.serve(r.life) })
		timer := time.NewTimer(readyWithin)
		defer timer.Stop()
		select {
		case <-w.ready:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return fmt.Errorf("watcher %d of %d got no status in %s", i+1, n, readyWithin)
		}
	})
}

// pause waits; false when the load shall end.
func (r *run) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.loading.Done():
		return false
	}
}

// sample reads what the server has used; the zero Sample when that cannot be seen, or no longer.
func (r *run) sample() usage.Sample {
	if r.process == nil {
		return usage.Sample{At: time.Now()}
	}
	s, err := r.process.Sample()
	if err != nil {
		r.process, r.result.Server = nil, nil
		r.fail(fmt.Errorf("the server has ended: %w", err))
	}
	return s
}

// cores is what this process may use at once.
func cores() int { return runtime.GOMAXPROCS(0) }
