package ws

import (
	"context"
	"errors"
	"net"
	"time"
)

// The heartbeat. melody pings every pingPeriod and ends a connection pongWait after a ping that was not answered. But a
// client that has stopped reading for a while does not answer either, and is to be kept for writeWait: so one to which
// something was sent since its last pong is given that long after the ping. A frame that cannot be written at all runs
// into writeWait by itself.

// sweepEvery is how often sessions are looked at; together, so that no connection has a timer more than melody's.
const sweepEvery = 5 * time.Second

// Run keeps the heartbeat until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	var all []*Session
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		all = all[:0]
		s.mu.Lock()
		for session := range s.sessions {
			all = append(all, session)
		}
		s.mu.Unlock()
		for _, session := range all {
			session.bear()
		}
		s.trim(len(all))
	}
}

// bear moves the read deadline of a client to which something was sent since its last pong.
func (s *Session) bear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil && s.told && !s.borne {
		s.borne = true
		_ = s.conn.WebsocketConnection().SetReadDeadline(s.heard.Add(pingPeriod + writeWait)) // fails on a closed connection
	}
}

// pong is called by melody when the client has answered a ping, after it has set the next read deadline.
func (s *Session) pong() {
	s.mu.Lock()
	s.heard, s.told, s.borne = time.Now(), false, false
	s.mu.Unlock()
}

// failed is called by melody with the error that ends a connection.
func (s *Session) failed(err error) {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		s.close(closeNoPong, "no pong")
	}
	s.server.cfg.Logger.Debug("websocket", "client", s.client.ID, "err", err)
}
