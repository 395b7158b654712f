package api

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/runflow/runflow/progress/clients"
	"github.com/runflow/runflow/progress/watch"
)

// eventStream sends one watcher's events to one client.
type eventStream struct {
	*slowWriter
	format  format
	watcher *watch.Watcher
	wake    chan struct{} // cap 1; the watcher sends
	task    string        // the stream ends behind this task's final event; empty: it does not end

	// The replay waits for the client, so it has a goroutine of its own.
	begun    chan struct{} // closed when the subscription can no longer be refused
	replayed chan struct{} // closed when the replay is over, then failed holds
	failed   error

	sent prometheus.Counter
}

// stream answers with events until their task has ended, the client is gone or too slow, or the server drains.
func (s *Server) stream(c echo.Context, sub *watch.Subscription, task string) error {
	stream(c)
	w, r := c.Response(), c.Request()
	leave, err := s.streams.enter()
	if err != nil {
		return err
	}
	defer leave()
	e := &eventStream{
		slowWriter: s.slowWriter(w, r), format: formatFor(r), wake: make(chan struct{}, 1), task: task,
		begun: make(chan struct{}), replayed: make(chan struct{}),
	}
	e.watcher = watch.NewWatcher(func() { signal(e.wake) })
	e.sent = s.metrics.sent.WithLabelValues(e.format.name())
	ctx, cancel := context.WithCancel(r.Context())
	go func() {
		defer close(e.replayed)
		e.failed = s.cfg.View.Subscribe(ctx, e.watcher, sub, func() { close(e.begun) })
	}()
	defer func() {
		cancel()
		<-e.replayed // or it would subscribe a watcher that has left
		s.cfg.View.Hub.Leave(e.watcher, []*watch.Subscription{sub})
	}()
	select {
	case <-e.begun:
	case <-e.replayed:
		select {
		case <-e.begun:
		default:
			return e.failed
		}
	}
	e.format.headers(w.Header())
	w.Header().Add("Vary", "Accept")
	if isHead(r) {
		return nil
	}
	defer s.watching(e.format.name())()
	client := &clients.Client{
		Transport: e.format.name(), Remote: r.RemoteAddr, Since: time.Now(), Outbox: e.watcher,
		Subscriptions: func() int { return max(1, len(sub.IDs)) },
	}
	s.cfg.Clients.Add(client)
	defer s.cfg.Clients.Remove(client)
	defer e.finish()
	e.run(r.Context(), s)
	return nil
}

// run writes until the stream ends. Where writing fails the client has gone, and nobody can be told.
func (e *eventStream) run(ctx context.Context, s *Server) {
	e.buf = e.format.begin(e.buf)
	if e.flush() != nil {
		return
	}
	alive := time.NewTicker(s.cfg.Heartbeat)
	defer alive.Stop()
	replayed := e.replayed
	for {
		select {
		case <-e.wake:
			if e.drain() {
				return
			}
		case <-replayed:
			replayed = nil
			if e.failed == nil {
				continue
			}
			if ctx.Err() == nil {
				s.cfg.Logger.Warn("replay", "err", e.failed)
			}
			e.buf = e.format.fault(e.buf, explain(e.failed))
			_ = e.flush()
			return
		case <-s.streams.draining():
			e.buf = e.format.farewell(e.buf, s.streams.retry())
			_ = e.flush()
			return
		case <-alive.C:
			e.buf = e.format.alive(e.buf)
			if e.flush() != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// drain writes what waits in the outbox, several messages at a time, and tells whether the stream is over.
func (e *eventStream) drain() bool {
	for {
		messages, err := e.watcher.Take(maxTake)
		if err != nil { // too slow for everything; it comes back and resumes
			e.buf = e.format.slow(e.buf)
			_ = e.flush()
			return true
		}
		if len(messages) == 0 {
			return false
		}
		last := false
		for i := range messages {
			m := &messages[i]
			e.buf = e.format.message(e.buf, m)
			e.sent.Inc()
			if last = e.task != "" && m.Final() && m.TaskID() == e.task; last {
				break
			}
			if len(e.buf) >= writeSize && e.write() != nil {
				return true
			}
		}
		if e.flush() != nil || last {
			return true
		}
	}
}
