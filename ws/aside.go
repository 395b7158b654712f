package ws

import (
	"runtime/debug"

	"github.com/gorilla/websocket"
)

// aside runs fn in a goroutine of its own and waits for it: the connection's own goroutine, which lives as long as the
// client stays, keeps a small stack. A panic costs this client its connection, and nobody else anything.
func (s *Session) aside(fn func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if cause := recover(); cause != nil {
				s.server.cfg.Logger.Error("panic in a websocket handler", "client", s.client.ID, "panic", cause, "stack", string(debug.Stack()))
				s.close(websocket.CloseInternalServerErr, "internal error")
			}
		}()
		fn()
	}()
	<-done
}

// wave is how many clients must have come since memory was last given back for it to be worth the while.
const wave = 500

// trim gives back what a wave of new connections leaves behind, once it is over: the garbage of their requests, and stacks
// that grew while they were upgraded. The collector would do both in its own time, which an idle server has a lot of.
func (s *Server) trim(sessions int) {
	if came := sessions - s.trimmed; came < wave || sessions != s.before {
		s.before = sessions
		s.trimmed = min(s.trimmed, sessions)
		return
	}
	s.trimmed = sessions
	debug.FreeOSMemory() // a stack halves with each collection
	debug.FreeOSMemory()
}
