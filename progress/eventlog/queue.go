package eventlog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/flow"
)

const (
	workStream = "RUNFLOW_WORK"

	// MaxQueued is how many flow tasks can wait or run at once; one more is refused with ErrQueueFull.
	MaxQueued = 100_000
	// Lease is how long a worker may be silent before its task is given to another.
	Lease = 30 * time.Second
)

// Push implements progress.Queue: one message per task and one consumer per flow, whose MaxAckPending is the flow's
// concurrency over all workers.
func (l *Log) Push(ctx context.Context, f *flow.Flow, id string) error {
	waiting, err := l.ensureQueue(ctx, f.Name, f.Concurrency)
	if err != nil {
		return err
	}
	if f.Queue > 0 && waiting >= uint64(f.Queue) {
		return progress.ErrQueueFull
	}
	_, err = l.js.Publish(ctx, "runflow.work."+f.Name+"."+id, nil, jetstream.WithExpectLastSequencePerSubject(0))
	if err = translateNil(err); errors.Is(err, progress.ErrConflict) { // it is there already
		return nil
	}
	return err
}

func translateNil(err error) error {
	if err == nil {
		return nil
	}
	return translate(err)
}

// ensureQueue makes a flow's queue, or changes its concurrency, and answers how many tasks wait in it.
func (l *Log) ensureQueue(ctx context.Context, flowName string, concurrency int) (waiting uint64, err error) {
	if concurrency <= 0 {
		concurrency = -1
	}
	cons, err := l.work.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: "flow-" + flowName, FilterSubject: "runflow.work." + flowName + ".*", AckPolicy: jetstream.AckExplicitPolicy,
		AckWait: Lease, MaxAckPending: concurrency, MaxDeliver: -1,
	})
	if err != nil {
		return 0, fmt.Errorf("open the queue of flow %s: %w", flowName, translate(err))
	}
	return cons.CachedInfo().NumPending, nil
}

// ResetQueues gives back at once what workers held that are known to be gone: for the embedded server, whose workers
// ended with it.
func (l *Log) ResetQueues(ctx context.Context) error {
	names := l.work.ConsumerNames(ctx)
	var held []jetstream.ConsumerConfig
	for name := range names.Name() {
		cons, err := l.work.Consumer(ctx, name)
		if err != nil {
			return fmt.Errorf("reset queue %s: %w", name, translate(err))
		}
		if cons.CachedInfo().NumAckPending > 0 {
			held = append(held, cons.CachedInfo().Config)
		}
	}
	if err := names.Err(); err != nil {
		return fmt.Errorf("list queues: %w", translate(err))
	}
	for _, cfg := range held {
		if err := l.work.DeleteConsumer(ctx, cfg.Durable); err != nil {
			return fmt.Errorf("reset queue %s: %w", cfg.Durable, translate(err))
		}
		if _, err := l.work.CreateConsumer(ctx, cfg); err != nil {
			return fmt.Errorf("reset queue %s: %w", cfg.Durable, translate(err))
		}
	}
	return nil
}

// Queues answers the names of the flows that have a queue.
func (l *Log) Queues(ctx context.Context) ([]string, error) {
	lister := l.work.ConsumerNames(ctx)
	var flows []string
	for name := range lister.Name() {
		flows = append(flows, strings.TrimPrefix(name, "flow-"))
	}
	if err := lister.Err(); err != nil {
		return nil, fmt.Errorf("list queues: %w", translate(err))
	}
	return flows, nil
}

// Work is a queued task that this worker holds.
type Work struct {
	ID   string
	Flow string
	msg  jetstream.Msg
}

// Pull takes one waiting task of a flow, or nil when none may be taken now. It does not wait.
func (l *Log) Pull(ctx context.Context, flowName string) (*Work, error) {
	cons, err := l.work.Consumer(ctx, "flow-"+flowName)
	if err != nil {
		return nil, fmt.Errorf("pull from flow %s: %w", flowName, translate(err))
	}
	batch, err := cons.FetchNoWait(1)
	if err != nil {
		return nil, fmt.Errorf("pull from flow %s: %w", flowName, translate(err))
	}
	for m := range batch.Messages() {
		id := m.Subject()[strings.LastIndexByte(m.Subject(), '.')+1:]
		return &Work{ID: id, Flow: flowName, msg: m}, nil
	}
	if err := batch.Error(); err != nil {
		return nil, fmt.Errorf("pull from flow %s: %w", flowName, translate(err))
	}
	return nil, nil
}

// Extend renews the lease.
func (w *Work) Extend() error { return w.msg.InProgress() }

// Done takes the task out of the queue for good.
func (w *Work) Done(ctx context.Context) error { return w.msg.DoubleAck(ctx) }

// Return puts the task back; it is given out again after the delay.
func (w *Work) Return(delay time.Duration) error {
	if delay <= 0 {
		return w.msg.Nak()
	}
	return w.msg.NakWithDelay(delay)
}
