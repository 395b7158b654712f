package eventlog

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"

	"github.com/runflow/runflow/progress"
)

const (
	readBatch = 1000   // events in one request
	loadBatch = 10_000 // events under way at start
)

// Bounds answers the seqs of the oldest and the newest event in the log.
func (l *Log) Bounds(ctx context.Context) (first, last uint64, err error) {
	info, err := l.stream.Info(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("ask for the log's bounds: %w", translate(err))
	}
	return info.State.FirstSeq, info.State.LastSeq, nil
}

// Newest calls fn with the spec and the newest status of every task, each task's spec first.
func (l *Log) Newest(ctx context.Context, fn func(*progress.Event)) error {
	cons, err := l.stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		FilterSubjects: []string{subject("*", progress.KindSpec), subject("*", progress.KindStatus)},
		DeliverPolicy:  jetstream.DeliverLastPerSubjectPolicy, AckPolicy: jetstream.AckNonePolicy,
		MemoryStorage: true, Replicas: 1, InactiveThreshold: time.Minute,
	})
	if err != nil {
		return fmt.Errorf("read the newest events: %w", translate(err))
	}
	defer func() { _ = l.stream.DeleteConsumer(context.WithoutCancel(ctx), cons.CachedInfo().Name) }()
	left := cons.CachedInfo().NumPending
	if left == 0 {
		return nil
	}
	done := make(chan error, 1)
	consume, err := cons.Consume(func(m jetstream.Msg) {
		if left == 0 {
			return
		}
		e, err := decodeMsg(m)
		if err == nil {
			fn(e)
			left--
		}
		if err != nil || left == 0 {
			left = 0
			done <- err
		}
	}, jetstream.PullMaxMessages(loadBatch))
	if err != nil {
		return fmt.Errorf("read the newest events: %w", translate(err))
	}
	select {
	case err = <-done:
	case <-ctx.Done():
		err = fmt.Errorf("read the newest events: %w: %w", progress.ErrUnavailable, ctx.Err())
	}
	consume.Stop()
	<-consume.Closed()
	return err
}

func decodeMsg(m jetstream.Msg) (*progress.Event, error) {
	meta, err := m.Metadata()
	if err != nil {
		return nil, err
	}
	return decode(m.Subject(), meta.Sequence.Stream, meta.Timestamp, m.Data())
}

// Replay calls fn with the stored events after the seq from, up to and with the seq to: those of one task, or of all where
// id is empty. fn stops it by an error, which Replay answers.
func (l *Log) Replay(ctx context.Context, id string, from, to uint64, fn func(*progress.Event) error) error {
	if id == "" {
		return l.read(ctx, subject("*", "*"), from+1, to, fn)
	}
	spec, err := l.newest(ctx, id, progress.KindSpec)
	if err != nil || spec == nil {
		return err // a task that is gone has no events
	}
	return l.read(ctx, subject(id, "*"), max(from+1, spec.Seq), to, fn)
}

// read walks one subject from the seq next up to the seq to.
func (l *Log) read(ctx context.Context, subj string, next, to uint64, fn func(*progress.Event) error) error {
	for next <= to {
		at, over, err := l.readBatch(ctx, subj, next, to, fn)
		if err != nil || over {
			return err
		}
		if at > next {
			next = at
			continue
		}
		// Nothing more, says a server that may be behind the others.
		m, err := l.get(ctx, question{Seq: next, Next: subj})
		if err != nil || m == nil || m.Sequence > to {
			return err
		}
		e, err := decode(m.Subject, m.Sequence, m.Time, m.Data)
		if err != nil {
			return err
		}
		if err := fn(e); err != nil {
			return err
		}
		next = m.Sequence + 1
	}
	return nil
}

// readBatch is one request of read, which any server of a cluster answers. It answers where to go on, and whether the
// seq to was passed.
func (l *Log) readBatch(ctx context.Context, subj string, next, to uint64, fn func(*progress.Event) error) (uint64, bool, error) {
	msgs, err := jetstreamext.GetBatch(ctx, l.js, logStream, readBatch,
		jetstreamext.GetBatchSubject(subj), jetstreamext.GetBatchSeq(next))
	if err != nil {
		return next, false, fmt.Errorf("read %s: %w", subj, translate(err))
	}
	for m, err := range msgs {
		if errors.Is(err, jetstreamext.ErrNoMessages) {
			return next, false, nil
		} else if err != nil {
			return next, false, fmt.Errorf("read %s: %w", subj, translate(err))
		}
		if m.Sequence > to {
			return next, true, nil
		}
		e, err := decode(m.Subject, m.Sequence, m.Time, m.Data)
		if err != nil {
			return next, false, err
		}
		if err := fn(e); err != nil {
			return next, false, err
		}
		next = m.Sequence + 1
	}
	return next, false, nil
}

// Lines calls fn with the chunks of a task's log that hold line number from and those after it, up to the newest.
func (l *Log) Lines(ctx context.Context, id string, from int, fn func(*progress.Event) error) error {
	subj := subject(id, progress.KindLog)
	last, err := l.newest(ctx, id, progress.KindLog)
	if err != nil || last == nil || last.Log.Next() <= from {
		return err
	}
	spec, err := l.newest(ctx, id, progress.KindSpec)
	if err != nil || spec == nil {
		return err
	}
	start := spec.Seq
	if from > 1 {
		if start, err = l.seek(ctx, id, from, start, last.Seq); err != nil {
			return err
		}
	}
	return l.read(ctx, subj, start, last.Seq, fn)
}

// LastLine is the number of the newest line of a task's log, 0 when it has none.
func (l *Log) LastLine(ctx context.Context, id string) (int, error) {
	last, err := l.newest(ctx, id, progress.KindLog)
	if err != nil || last == nil {
		return 0, err
	}
	return last.Log.Next() - 1, nil
}

// seek finds the seq of the chunk that holds a line, between two seqs, by bisection: line numbers rise with the seq.
func (l *Log) seek(ctx context.Context, id string, line int, low, last uint64) (uint64, error) {
	var failed error
	// The first seq at and after which every chunk ends behind the line.
	n := sort.Search(int(last-low), func(i int) bool {
		if failed != nil {
			return true
		}
		m, err := l.get(ctx, question{Seq: low + uint64(i), Next: subject(id, progress.KindLog)})
		if err != nil || m == nil { // nil: the task was removed meanwhile
			failed = err
			return true
		}
		e, err := decode(m.Subject, m.Sequence, m.Time, m.Data)
		if err != nil {
			failed = err
			return true
		}
		return e.Log.Next() > line
	})
	if failed != nil {
		return 0, fmt.Errorf("seek in log of task %s: %w", id, failed)
	}
	return low + uint64(n), nil
}
