package eventlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/runflow/runflow/progress"
)

const (
	followBatch   = 2048            // events under way to a follower
	followBeat    = 2 * time.Second // the server says that it lives; twice without, and the follower begins anew
	followTry     = 3 * time.Second // to begin; then with another name, which another server may take
	followPause   = 250 * time.Millisecond
	followForgets = 30 * time.Second // a consumer that nobody pulls from is removed
)

// errFollowAgain: the consumer is gone, silent, or has left something out.
var errFollowAgain = errors.New("begin to follow anew")

// Follow calls fn with every event after the given seq, in order, from one goroutine at a time, until ctx ends. Lost
// connections and servers are made up for; those troubles, and what cannot be decoded and is passed over, go to bad.
//
// This is what jetstream.OrderedConsumer does, but for one thing: that asks for the same consumer name again until it gets
// it, and a cluster may have placed the name on a server that is down. Here each try has a name of its own.
func (l *Log) Follow(ctx context.Context, after uint64, fn func(*progress.Event), bad func(error)) error {
	for ctx.Err() == nil {
		next, err := l.followOnce(ctx, after, fn, bad)
		after = next
		if ctx.Err() != nil {
			break
		}
		bad(fmt.Errorf("follow the log from %d: %w", after, err))
		select {
		case <-time.After(followPause):
		case <-ctx.Done():
		}
	}
	return nil
}

// followOnce follows by one consumer, and answers the seq that it came to when that fails.
func (l *Log) followOnce(ctx context.Context, after uint64, fn func(*progress.Event), bad func(error)) (uint64, error) {
	try, cancel := context.WithTimeout(ctx, followTry)
	defer cancel()
	cons, err := l.stream.CreateConsumer(try, jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: after + 1, AckPolicy: jetstream.AckNonePolicy,
		MemoryStorage: true, Replicas: 1, InactiveThreshold: followForgets,
	})
	if err != nil {
		return after, translate(err)
	}
	failed := make(chan error, 1)
	fail := func(err error) {
		select {
		case failed <- err:
		default:
		}
	}
	var delivered uint64 // by this consumer
	broken := false
	consume, err := cons.Consume(func(m jetstream.Msg) {
		meta, err := m.Metadata()
		if broken {
			return
		}
		if err != nil || meta.Sequence.Consumer != delivered+1 { // something was lost on the way
			broken = true
			fail(errFollowAgain)
			return
		}
		delivered++
		after = meta.Sequence.Stream
		if e, err := decode(m.Subject(), after, meta.Timestamp, m.Data()); err != nil {
			bad(err)
		} else {
			fn(e)
		}
	}, jetstream.PullMaxMessages(followBatch), jetstream.PullExpiry(2*followBeat), jetstream.PullHeartbeat(followBeat),
		jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) { fail(err) }))
	if err != nil {
		return after, translate(err)
	}
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	consume.Stop()
	<-consume.Closed()
	return after, err
}
