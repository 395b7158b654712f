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

// joined is how many reports a stream's writer hands over at a time, as a program's output is buffered.
const joined = 32

// Ingest is what one way to report reached.
type Ingest struct {
	Mode                string           `json:"mode"` // requests, or streams
	Reports             int              `json:"reports"`
	Stored              int              `json:"stored"` // events that they became
	Lost                int              `json:"lost"`   // acknowledged, and not in the log
	Seconds             float64          `json:"seconds"`
	PerSecond           float64          `json:"perSecond"` // acknowledged
	Acknowledged        *judge.Quantiles `json:"ackMs,omitempty"`
	ServerCPUSeconds    float64          `json:"serverCpuSeconds,omitempty"`
	GeneratorCPUSeconds float64          `json:"generatorCpuSeconds"`
}

// ingest reports with every writer, first a request each, then in a stream each.
func (r *run) ingest() error {
	w := r.o.Writers
	whole := r.begin()
	acked := make([]judge.Record, w)
	var acks judge.Histogram
	single, err := r.ingested("requests", 0, func() (int, error) { return r.requests(acked, &acks) })
	if err == nil && r.loading.Err() == nil {
		single.Acknowledged = acks.Quantiles()
		_, err = r.ingested("streams", w, r.ingestStreams)
	}
	r.finish(whole)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.life), readWithin)
	defer cancel()
	truths, err := r.truths(ctx, 0, w)
	for i := range truths {
		if err != nil {
			break
		}
		v := truths[i].Judge(&acked[i], true)
		single.Lost += v.Stray
		r.result.add(judge.Verdict{Lost: v.Stray})
	}
	r.result.Judged = err == nil
	return err
}

// ingested measures one way to report, and counts what the log has of it.
func (r *run) ingested(mode string, from int, report func() (int, error)) (*Ingest, error) {
	in := &Ingest{Mode: mode}
	if err := r.create(from, r.o.Writers); err != nil {
		return in, err
	}
	r.result.Ingest = append(r.result.Ingest, in)
	before, self := r.sample(), usage.Self()
	begin := time.Now()
	var err error
	in.Reports, err = report()
	in.Seconds = time.Since(begin).Seconds()
	in.GeneratorCPUSeconds = (usage.Self() - self).Seconds()
	in.ServerCPUSeconds = (r.sample().CPU - before.CPU).Seconds()
	in.PerSecond = float64(in.Reports) / in.Seconds
	if err != nil {
		return in, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.life), readWithin)
	defer cancel()
	truths, err := r.truths(ctx, from, r.o.Writers)
	if err != nil {
		return in, fmt.Errorf("read the log back: %w", err)
	}
	for _, t := range truths {
		in.Stored += t.Reports()
	}
	r.result.Reports += in.Reports
	r.result.Stored += in.Stored
	r.result.Folded += in.Reports - in.Stored
	return in, nil
}

// requests has every writer send one report after the other, each when the one before was acknowledged. acked is what
// each was told.
func (r *run) requests(acked []judge.Record, acks *judge.Histogram) (int, error) {
	until := time.Now().Add(r.o.Duration)
	var group errgroup.Group
	for i := range acked {
		group.Go(func() error {
			var line []byte
			for n := 1; ; n++ {
				sent := time.Now()
				last := sent.After(until) || r.loading.Err() != nil
				if line = report(line[:0], n, int64(sent.Sub(r.start)), r.o.Size); last {
					line = lastReport(line[:0], n, int64(sent.Sub(r.start)))
				}
				ctx, cancel := context.WithTimeout(r.life, endWithin)
				seq, err := r.server.report(ctx, r.task(i), line)
				cancel()
				if err != nil {
					return err
				}
				acks.Record(time.Since(sent))
				acked[i].Take(judge.Event{Task: i, Seq: seq, Index: n, State: map[bool]byte{true: 's', false: 'r'}[last]})
				if last {
					return nil
				}
			}
		})
	}
	err := group.Wait()
	n := 0
	for i := range acked {
		n += acked[i].Index()
	}
	return n, err
}

// ingestStreams has every writer send as fast as the server takes it. It is over when everything is acknowledged.
func (r *run) ingestStreams() (int, error) {
	until := time.Now().Add(r.o.Duration)
	streams := make([]*stream, r.o.Writers)
	var group errgroup.Group
	for i := range streams {
		s := r.server.open(r.life, r.task(r.o.Writers+i), r.o.Size)
		streams[i] = s
		group.Go(func() error {
			for time.Now().Before(until) && r.loading.Err() == nil {
				if err := s.send(r.now(), joined); err != nil {
					return err
				}
			}
			ctx, cancel := context.WithTimeout(r.life, endWithin)
			defer cancel()
			return s.finish(ctx, r.now())
		})
	}
	err := group.Wait()
	n := 0
	for _, s := range streams {
		n += s.index
		if s.err != nil {
			err = errors.Join(err, s.err)
		}
	}
	return n, err
}
