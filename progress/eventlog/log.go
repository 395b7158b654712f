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
	expect := jetstream.WithExpectLastSequenceForSubject(last, subject(id, "*"))
	if last == 0 { // nothing matches the wildcard, and to find that out the server looks through all subjects
		expect = jetstream.WithExpectLastSequencePerSubject(0)
	}
	ack, err := l.js.Publish(ctx, subject(id, kind), data, expect, jetstream.WithRetryAttempts(0))
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

// Load implements progress.Log. It reads the newest event of any kind first, then the newest of the other kinds: when none
// of these came later, all are of one moment. (A batch get of all at once looks through every subject of the stream.)
func (l *Log) Load(ctx context.Context, id string) (progress.Record, error) {
	if !progress.ValidID(id) { // it might be a wildcard
		return progress.Record{}, fmt.Errorf("task %q: %w", id, progress.ErrNotFound)
	}
	for {
		rec, moved, err := l.tryLoad(ctx, id)
		if err != nil {
			return rec, fmt.Errorf("task %s: %w", id, err)
		}
		if !moved {
			return rec, nil
		}
	}
}

func (l *Log) tryLoad(ctx context.Context, id string) (rec progress.Record, moved bool, err error) {
	spec, err := l.newest(ctx, id, progress.KindSpec)
	if err != nil {
		return rec, false, err
	}
	last, err := l.newest(ctx, id, "*")
	if err != nil {
		return rec, false, err
	}
	if last == nil { // as of that moment; an append upon it shows whether it still was so
		last = spec
	}
	if spec == nil || last == nil || last.Kind == progress.KindDeleted {
		return rec, false, progress.ErrNotFound
	}
	status, lines := last, last
	if last.Kind != progress.KindStatus {
		if status, err = l.newest(ctx, id, progress.KindStatus); err != nil {
			return rec, false, err
		}
	}
	if last.Kind != progress.KindLog {
		if lines, err = l.newest(ctx, id, progress.KindLog); err != nil {
			return rec, false, err
		}
	}
	if status == nil {
		status = spec
	}
	rec = progress.Record{Task: status.Task, Last: last.Seq, Next: 1}
	rec.Task.Spec = spec.Task.Spec
	if lines != nil {
		rec.Next = lines.Log.Next()
		moved = lines.Seq > last.Seq
	}
	return rec, moved || status.Seq > last.Seq, nil
}

// newest is a task's newest event of a kind, nil when there is none.
func (l *Log) newest(ctx context.Context, id string, kind progress.Kind) (*progress.Event, error) {
	m, err := l.get(ctx, question{Last: subject(id, kind)})
	if err != nil || m == nil {
		return nil, err
	}
	return decode(m.Subject, m.Sequence, m.Time, m.Data)
}

// Plan reads the flow that a task runs, as JSON. ErrNotFound when the task is gone.
func (l *Log) Plan(ctx context.Context, id string) (json.RawMessage, error) {
	m, err := l.get(ctx, question{Last: subject(id, progress.KindSpec)})
	if err != nil {
		return nil, fmt.Errorf("load plan of task %s: %w", id, err)
	} else if m == nil {
		return nil, fmt.Errorf("task %s: %w", id, progress.ErrNotFound)
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
