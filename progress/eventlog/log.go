package eventlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"

	"github.com/runflow/runflow/progress"
)

const (
	logStream   = "RUNFLOW"
	keyStream   = "RUNFLOW_KEYS"
	probeStream = "RUNFLOW_PROBE"

	keyAge       = 24 * time.Hour // an idempotency key is remembered so long
	tombstoneAge = time.Hour      // a node that was away for longer learns of a removal when it starts again

	codeQueueFull = 10077 // JSStreamStoreFailedF, "maximum messages exceeded"
)

// Log is the event log. It implements progress.Log. Safe for concurrent use.
type Log struct {
	nc     *nats.Conn
	js     jetstream.JetStream
	stream jetstream.Stream
	work   jetstream.Stream
}

// Open connects to the streams of a NATS server, and makes them if they are not there. replicas is how many servers of a
// cluster keep each event (1, 3 or 5); it counts only for streams that are made.
func Open(ctx context.Context, nc *nats.Conn, replicas int) (*Log, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("open JetStream: %w", err)
	}
	l := &Log{nc: nc, js: js}
	for _, cfg := range []jetstream.StreamConfig{
		{Name: logStream, Subjects: []string{"runflow.task.*.*"}, AllowDirect: true, AllowMsgTTL: true},
		{Name: workStream, Subjects: []string{"runflow.work.*.*"}, Retention: jetstream.WorkQueuePolicy,
			Discard: jetstream.DiscardNew, MaxMsgs: MaxQueued, AllowDirect: true},
		{Name: keyStream, Subjects: []string{"runflow.key.*"}, MaxAge: keyAge, AllowDirect: true},
		{Name: probeStream, Subjects: []string{"runflow.probe"}, MaxMsgs: 1},
	} {
		cfg.Replicas = replicas
		stream, err := openStream(ctx, js, cfg)
		if err != nil {
			return nil, err
		}
		switch cfg.Name {
		case logStream:
			l.stream = stream
		case workStream:
			l.work = stream
		}
	}
	return l, nil
}

func openStream(ctx context.Context, js jetstream.JetStream, cfg jetstream.StreamConfig) (jetstream.Stream, error) {
	stream, err := js.Stream(ctx, cfg.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		stream, err = js.CreateStream(ctx, cfg)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // another node was first
			stream, err = js.Stream(ctx, cfg.Name)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open stream %s: %w", cfg.Name, err)
	}
	return stream, nil
}

func subject(id string, kind progress.Kind) string { return "runflow.task." + id + "." + string(kind) }

// Append implements progress.Log.
func (l *Log) Append(ctx context.Context, id string, kind progress.Kind, body any, last uint64) (uint64, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return 0, fmt.Errorf("encode %s of task %s: %w", kind, id, err)
	}
	ack, err := l.js.Publish(ctx, subject(id, kind), data,
		jetstream.WithExpectLastSequenceForSubject(last, subject(id, "*")), jetstream.WithRetryAttempts(0))
	if err != nil {
		return 0, fmt.Errorf("append %s of task %s: %w", kind, id, translate(err))
	}
	return ack.Sequence, nil
}

// translate makes one of this module's errors of a JetStream error.
func translate(err error) error {
	var api *jetstream.APIError
	var js jetstream.JetStreamError
	if errors.As(err, &js) {
		api = js.APIError()
	} else {
		errors.As(err, &api)
	}
	if api != nil {
		switch api.ErrorCode {
		case jetstream.JSErrCodeStreamWrongLastSequence, jetstream.JSErrCodeStreamWrongLastSequenceConstant:
			return progress.ErrConflict
		case codeQueueFull:
			return progress.ErrQueueFull
		}
	}
	return fmt.Errorf("%w: %w", progress.ErrUnavailable, err)
}

// Load implements progress.Log. Of a task that was removed it answers ErrNotFound and a Record with its Last.
func (l *Log) Load(ctx context.Context, id string) (progress.Record, error) {
	var rec progress.Record
	if !progress.ValidID(id) { // it would become a part of a subject
		return rec, fmt.Errorf("task %q: %w", id, progress.ErrNotFound)
	}
	msgs, err := jetstreamext.GetLastMsgsFor(ctx, l.js, logStream, []string{subject(id, "*")})
	if err != nil {
		return rec, fmt.Errorf("load task %s: %w", id, translate(err))
	}
	rec.Next = 1
	for m, err := range msgs {
		if errors.Is(err, jetstreamext.ErrNoMessages) {
			break
		} else if err != nil {
			return rec, fmt.Errorf("load task %s: %w", id, translate(err))
		}
		e, err := decode(m.Subject, m.Sequence, m.Time, m.Data)
		if err != nil {
			return rec, err
		}
		rec.Last = max(rec.Last, e.Seq)
		switch e.Kind {
		case progress.KindSpec:
			rec.Task.Spec = e.Task.Spec
			rec.Task.Seq = max(rec.Task.Seq, e.Seq)
		case progress.KindStatus:
			rec.Task.Status = e.Task.Status
			rec.Task.Seq = max(rec.Task.Seq, e.Seq)
		case progress.KindLog:
			rec.Next = e.Log.Next()
		}
	}
	if rec.Task.Spec == nil {
		return rec, fmt.Errorf("task %s: %w", id, progress.ErrNotFound)
	}
	if rec.Task.Status == nil {
		st := rec.Task.Spec.Initial()
		rec.Task.Status = &st
	}
	return rec, nil
}

// Plan reads the flow that a task runs, as JSON. ErrNotFound when the task is gone.
func (l *Log) Plan(ctx context.Context, id string) (json.RawMessage, error) {
	m, err := l.stream.GetLastMsgForSubject(ctx, subject(id, progress.KindSpec))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, fmt.Errorf("task %s: %w", id, progress.ErrNotFound)
	} else if err != nil {
		return nil, fmt.Errorf("load plan of task %s: %w", id, translate(err))
	}
	var sp progress.Spec
	if err := json.Unmarshal(m.Data, &sp); err != nil {
		return nil, fmt.Errorf("decode spec of task %s: %w", id, err)
	}
	return sp.Plan, nil
}

// decode reads one stored event. A spec comes without its plan, which only workers need.
func decode(subj string, seq uint64, at time.Time, data []byte) (*progress.Event, error) {
	id, kind, ok := strings.Cut(strings.TrimPrefix(subj, "runflow.task."), ".")
	if !ok {
		return nil, fmt.Errorf("event %d has the subject %q", seq, subj)
	}
	e := &progress.Event{Seq: seq, TaskID: id, Kind: progress.Kind(kind), At: progress.At(at)}
	var err error
	switch e.Kind {
	case progress.KindSpec:
		sp := new(progress.Spec)
		err = json.Unmarshal(data, sp)
		sp.Plan = nil
		st := sp.Initial()
		e.Task = progress.Task{Spec: sp, Status: &st, Seq: seq}
	case progress.KindStatus:
		st := new(progress.Status)
		err = json.Unmarshal(data, st)
		e.Task = progress.Task{Status: st, Seq: seq}
	case progress.KindLog:
		e.Log = new(progress.LogChunk)
		err = json.Unmarshal(data, e.Log)
	}
	if err != nil {
		return nil, fmt.Errorf("decode event %d of task %s: %w", seq, id, err)
	}
	return e, nil
}
