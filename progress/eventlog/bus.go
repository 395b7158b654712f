package eventlog

import (
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
)

// The bus carries between nodes what nobody needs later. A message reaches the nodes that are connected, at most once.

// Beat tells every node that the worker or reporter of a task lives.
func (l *Log) Beat(id string) error { return l.nc.Publish("runflow.bus.beat."+id, nil) }

// OnBeat calls fn with every beat on any node, from one goroutine, until stop is called.
func (l *Log) OnBeat(fn func(id string)) (stop func(), err error) {
	return l.on("runflow.bus.beat.*", fn)
}

// OnStatus calls fn with the id of a task whenever somebody tries to append a status to it: a hint to look, no more.
func (l *Log) OnStatus(id string, fn func()) (stop func(), err error) {
	return l.on("runflow.task."+id+".status", func(string) { fn() })
}

// OnWork calls fn whenever a task is queued or a worker has finished one.
func (l *Log) OnWork(fn func()) (stop func(), err error) {
	stopPush, err := l.on("runflow.work.*.*", func(string) { fn() })
	if err != nil {
		return nil, err
	}
	stopFree, err := l.on("runflow.bus.work", func(string) { fn() })
	if err != nil {
		stopPush()
		return nil, err
	}
	return func() { stopPush(); stopFree() }, nil
}

// Freed tells every worker that one has finished a task: another of its flow may begin.
func (l *Log) Freed() error { return l.nc.Publish("runflow.bus.work", nil) }

func (l *Log) on(subj string, fn func(last string)) (func(), error) {
	sub, err := l.nc.Subscribe(subj, func(m *nats.Msg) {
		fn(m.Subject[strings.LastIndexByte(m.Subject, '.')+1:])
	})
	if err != nil {
		return nil, fmt.Errorf("subscribe to %s: %w", subj, err)
	}
	return func() { _ = sub.Unsubscribe() }, nil
}
