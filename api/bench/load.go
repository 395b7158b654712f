package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/runflow/runflow/api/bench/judge"
	"github.com/runflow/runflow/api/bench/usage"
)

// senders is how many goroutines share a load of many tasks: a stream that the server does not read holds up its own.
const senders = 4

// measure takes what server and generator use between begin and end of it, and how long it takes.
type measure struct {
	server usage.Sample
	self   time.Duration
	at     time.Time
}

func (r *run) begin() measure { return measure{r.sample(), usage.Self(), time.Now()} }

// finish notes what was used since m began.
func (r *run) finish(m measure) {
	server, self := r.sample(), usage.Self()
	r.result.Seconds = time.Since(m.at).Seconds()
	r.result.Generator = Generator{CPUSeconds: (self - m.self).Seconds(), Of: cores()}
	if r.process != nil {
		s := r.result.server()
		s.Pid, s.CPUSeconds = r.process.Pid, (server.CPU - m.server.CPU).Seconds()
		s.RSSBegin, s.RSSEnd = m.server.RSS, server.RSS
	}
}

// load opens a stream to each task and reports for a duration, as many as may be in flight or at the rate.
func (r *run) load(duration time.Duration) error {
	for i := range r.o.Tasks {
		r.streams = append(r.streams, r.server.open(r.life, r.task(i), r.o.Size))
	}
	if r.inFlight != nil {
		return r.loadInFlight(duration)
	}
	group, ctx := errgroup.WithContext(r.loading)
	n := min(senders, r.o.Tasks)
	for k := range n {
		group.Go(func() error {
			next := k
			return pace(ctx, r.o.Rate/float64(n), duration, &r.lag, func(due time.Time, reports int) error {
				at := int64(due.Sub(r.start))
				if r.o.Tasks == 1 {
					return r.streams[0].send(at, reports)
				}
				for range reports {
					if err := r.streams[next].send(at, 1); err != nil {
						return err
					}
					if next += n; next >= r.o.Tasks {
						next = k
					}
				}
				return nil
			})
		})
	}
	return group.Wait()
}

func (r *run) loadInFlight(duration time.Duration) error {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	for {
		select {
		case <-r.inFlight.tokens:
			if err := r.streams[0].send(r.now(), 1); err != nil {
				return err
			}
		case <-timer.C:
			return nil
		case <-r.loading.Done():
			return nil
		}
	}
}

// endTasks ends every task and counts the reports.
func (r *run) endTasks() error {
	ctx, cancel := context.WithTimeout(r.life, endWithin)
	defer cancel()
	errs := make([]error, len(r.streams))
	var all errgroup.Group
	all.SetLimit(atOnce)
	for i, s := range r.streams {
		all.Go(func() error {
			if err := s.finish(ctx, r.now()); err != nil {
				errs[i] = fmt.Errorf("report on task %d: %w", i, err)
			}
			return nil
		})
	}
	_ = all.Wait() // they are in errs
	for _, s := range r.streams {
		r.result.Reports += s.index
	}
	return errors.Join(first(errs)...)
}

// first is the first three errors: a thousand streams fail for the same reason.
func first(errs []error) (some []error) {
	for _, err := range errs {
		if err != nil && len(some) < 3 {
			some = append(some, err)
		}
	}
	return some
}

// await waits until these watchers have the final status of all that they watch. Those that never get it are counted later.
func (r *run) await(watchers []*watcher) {
	timer := time.NewTimer(endWithin)
	defer timer.Stop()
	for _, w := range watchers {
		select {
		case <-w.ended:
		case <-timer.C:
			return
		}
	}
}

// through is the plain course of a scenario: load, end, and wait until everyone knows.
func (r *run) through(duration time.Duration) error {
	m := r.begin()
	err := r.load(duration)
	err = errors.Join(err, r.endTasks())
	r.await(r.watchers)
	r.finish(m)
	return err
}

// truths reads the log of tasks from first on.
func (r *run) truths(ctx context.Context, from, n int) ([]*judge.Truth, error) {
	truths := make([]*judge.Truth, n)
	return truths, each(ctx, n, func(ctx context.Context, i int) (err error) {
		truths[i], err = r.server.truth(ctx, r.task(from+i), r.scan)
		return err
	})
}

// verdict reads the log back and judges what every watcher got.
func (r *run) verdict() error {
	for _, w := range r.watchers {
		r.result.Messages += w.messages
		r.result.Frames += w.frames
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.life), readWithin)
	defer cancel()
	truths, err := r.truths(ctx, 0, r.o.Tasks)
	if err != nil {
		return fmt.Errorf("read the log back: %w", err)
	}
	for _, t := range truths {
		r.result.Stored += t.Reports()
	}
	r.result.Folded = r.result.Reports - r.result.Stored
	for i, s := range r.streams {
		if s.err == nil && (!truths[i].Has(s.seq) || truths[i].Newest() != s.index) {
			return fmt.Errorf("task %d: report %d was acknowledged as seq %d, and is not in the log", i, s.index, s.seq)
		}
	}
	for _, w := range r.watchers {
		r.result.add(w.judge.Judge(truths, r.o.Deliver == "all"))
	}
	r.result.Judged = true
	return nil
}
