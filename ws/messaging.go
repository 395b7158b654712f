package ws

import (
	"encoding/json"

	"github.com/runflow/runflow/progress"
)

// roomData is the data of join, leave and room.
type roomData struct {
	Room string          `json:"room"`
	Data json.RawMessage `json:"data"`
}

// privateData is the data of private.
type privateData struct {
	To   string          `json:"to"`
	Data json.RawMessage `json:"data"`
}

// sent tells a sender how many clients got its message.
type sent struct {
	Delivered int `json:"delivered"`
}

func (s *Session) handleJoin(req request) {
	var d roomData
	err := unmarshal(req.Data, &d)
	if err == nil {
		err = s.server.cfg.Clients.Join(&s.client, d.Room)
	}
	if err != nil {
		s.fail(req.ID, err)
		return
	}
	s.answer("joined", req.ID, map[string]string{"room": d.Room})
}

func (s *Session) handleLeave(req request) {
	var d roomData
	if err := unmarshal(req.Data, &d); err != nil {
		s.fail(req.ID, err)
		return
	}
	s.server.cfg.Clients.Leave(&s.client, d.Room)
	s.answer("left", req.ID, map[string]string{"room": d.Room})
}

func (s *Session) handleRoom(req request) {
	var d roomData
	err := unmarshal(req.Data, &d)
	if err == nil && d.Room == "" {
		err = progress.Invalid("room", "is missing")
	}
	var n int
	if err == nil {
		n, err = s.server.cfg.Clients.Room(s.ctx, s.client.ID, d.Room, d.Data)
	}
	if err != nil {
		s.fail(req.ID, err)
		return
	}
	s.answer("sent", req.ID, sent{n})
}

func (s *Session) handlePrivate(req request) {
	var d privateData
	err := unmarshal(req.Data, &d)
	if err == nil && d.To == "" {
		err = progress.Invalid("to", "is missing")
	}
	if err == nil {
		err = s.server.cfg.Clients.Private(s.ctx, s.client.ID, d.To, d.Data)
	}
	if err != nil {
		s.fail(req.ID, err)
		return
	}
	s.answer("sent", req.ID, sent{1})
}

func (s *Session) handleClients(req request) {
	list, err := s.server.cfg.Clients.List(s.ctx)
	if err != nil {
		s.fail(req.ID, err)
		return
	}
	s.answer("clients", req.ID, map[string]any{"clients": list})
}
