package ws

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/watch"
)

// handlers is every event that a client can send.
var handlers = map[string]func(*Session, request){
	"subscribe":   (*Session).handleSubscribe,
	"unsubscribe": (*Session).handleUnsubscribe,
	"message":     func(s *Session, r request) { s.answer("message", r.ID, r.Data) },
	"ping":        func(s *Session, r request) { s.answer("pong", r.ID, r.Data) },
	"join":        (*Session).handleJoin,
	"leave":       (*Session).handleLeave,
	"room":        (*Session).handleRoom,
	"private":     (*Session).handlePrivate,
	"clients":     (*Session).handleClients,
}

// handle reads one frame. It runs on the connection's read loop: a client whose answers wait is not read from.
func (s *Session) handle(frame []byte) {
	if s.outbox.Room(s.ctx) != nil {
		return
	}
	req, err := parseRequest(frame)
	if err != nil {
		s.fail(req.ID, err)
		return
	}
	h := handlers[req.Event]
	if h == nil {
		s.fail(req.ID, progress.Invalid("event", "%q is not known here", req.Event))
		return
	}
	h(s, req)
}

func (s *Session) handleSubscribe(req request) {
	var d subscribeData
	if err := unmarshal(req.Data, &d); err != nil {
		s.fail(req.ID, err)
		return
	}
	s.subscribe(req.ID, &d)
}

// subscribe begins a subscription. A replay goes on beside the read loop, which must hear the client's pongs.
func (s *Session) subscribe(id json.RawMessage, d *subscribeData) {
	sub, err := d.target()
	var added *watch.Subscription
	if err == nil {
		added, err = s.subs.add(sub, s.server.cfg.MaxSubscriptions)
	}
	if err != nil {
		s.fail(id, err)
		return
	}
	begun := func() { s.answer("subscribed", id, targetOf(d)) }
	start := func(ctx context.Context) {
		if err := s.server.cfg.View.Subscribe(ctx, s.outbox, sub, begun); err != nil && ctx.Err() == nil {
			s.subs.remove(added)
			s.fail(id, err)
		}
	}
	if sub.Since == nil {
		start(s.ctx)
		return
	}
	ctx, cancel := context.WithCancel(s.ctx)
	over := s.subs.replaying(sub, cancel)
	s.jobs.Add(1)
	go s.aside(func() {
		defer s.jobs.Done()
		defer over()
		start(ctx)
		// An unsubscribe may have overtaken the replay, before there was anything to end.
		s.server.cfg.View.Hub.Unsubscribe(s.outbox, s.subs.missing(sub))
	})
}

func (s *Session) handleUnsubscribe(req request) {
	var d subscribeData
	err := unmarshal(req.Data, &d)
	var sub *watch.Subscription
	if err == nil {
		sub, err = d.target()
	}
	if err != nil {
		s.fail(req.ID, err)
		return
	}
	s.subs.remove(sub)
	s.server.cfg.View.Hub.Unsubscribe(s.outbox, sub)
	s.answer("unsubscribed", req.ID, targetOf(&d))
}

// targetOf repeats what a client subscribed to.
func targetOf(d *subscribeData) any {
	switch {
	case d.All:
		return map[string]bool{"all": true}
	case d.Filter != nil:
		return map[string]any{"filter": d.Filter}
	case d.TaskID != "":
		return map[string]any{"taskId": d.TaskID, "taskIds": append(d.TaskIDs[:len(d.TaskIDs):len(d.TaskIDs)], d.TaskID)}
	}
	return map[string]any{"taskIds": d.TaskIDs}
}

func (s *Session) answer(event string, id json.RawMessage, data any) {
	s.outbox.Send(watch.Answer(event, frame(event, id, data)))
}

// fail answers an error with its code; the connection stays open.
func (s *Session) fail(id json.RawMessage, err error) {
	code, detail := progress.Code(err), err.Error()
	if code == "internal" {
		s.server.cfg.Logger.Error("websocket request", "client", s.client.ID, "err", err)
		detail = "the server could not do this"
	}
	data := map[string]any{"code": code, "detail": detail}
	var invalid *progress.InvalidError
	if errors.As(err, &invalid) {
		data["errors"] = invalid.Fields
	}
	s.answer("error", id, data)
}

func unmarshal(data json.RawMessage, to any) error {
	if len(data) == 0 {
		return progress.Invalid("data", "is missing")
	}
	err := json.Unmarshal(data, to)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return progress.Invalid(wrong.Field, "is a %s, which does not fit", wrong.Value)
	} else if err != nil {
		return progress.Invalid("data", "%v", err)
	}
	return nil
}
