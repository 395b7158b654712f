package ws

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/olahol/melody"

	"github.com/runflow/runflow/progress/clients"
	"github.com/runflow/runflow/progress/watch"
)

const (
	pingPeriod = 25 * time.Second
	pongWait   = 10 * time.Second // after a ping
	writeWait  = 30 * time.Second // a client that stops reading is kept so long
	maxFrame   = 64 << 10         // bytes, from a client

	closeGoingAway = 1001
	closeSlow      = 4001
	closeNoPong    = 4002
	closeProtocol  = 4500
)

// The subprotocols: with protocolBatch a frame may hold a JSON array of messages.
const (
	protocolJSON  = "runflow.v1.json"
	protocolBatch = "runflow.v1.batch"
)

// Config is what a Server works with.
type Config struct {
	View    *watch.View
	Clients *clients.Registry
	Version string
	// MaxSubscriptions is how many tasks and filters one connection may watch; 0 is 128.
	MaxSubscriptions int
	Logger           *slog.Logger
}

// Server accepts WebSocket connections. It is the http.Handler of GET /ws.
type Server struct {
	cfg    Config
	melody *melody.Melody

	mu       sync.Mutex
	sessions map[*Session]struct{}
	draining bool

	trimmed, before int // sessions when memory was last given back, and at the last look; Run's own
}

const sessionKey = "session"

// NewServer makes a Server.
func NewServer(cfg Config) *Server {
	if cfg.MaxSubscriptions == 0 {
		cfg.MaxSubscriptions = 128
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	s := &Server{cfg: cfg, melody: melody.New(), sessions: map[*Session]struct{}{}}
	m := s.melody
	m.Upgrader = &websocket.Upgrader{ // a nil CheckOrigin refuses other origins than our own
		ReadBufferSize: 512, WriteBufferSize: 2048, WriteBufferPool: &sync.Pool{},
		Subprotocols: []string{protocolBatch, protocolJSON},
	}
	m.Config.MaxMessageSize = maxFrame
	m.Config.PingPeriod = pingPeriod
	m.Config.PongWait = pingPeriod + pongWait
	m.Config.WriteWait = writeWait
	m.Config.MessageBufferSize = maxInFlight + 2 // and the close frame
	m.HandleConnect(s.connect)
	m.HandleDisconnect(func(ms *melody.Session) { of(ms).leave() })
	m.HandleMessage(func(ms *melody.Session, frame []byte) { of(ms).aside(func() { of(ms).handle(frame) }) })
	m.HandleMessageBinary(func(ms *melody.Session, _ []byte) {
		of(ms).close(closeProtocol, "frames are text")
	})
	m.HandleSentMessage(func(ms *melody.Session, _ []byte) { of(ms).sent() })
	m.HandlePong(func(ms *melody.Session) { of(ms).pong() })
	m.HandleError(func(ms *melody.Session, err error) { of(ms).failed(err) })
	return s
}

func of(ms *melody.Session) *Session { return ms.Keys[sessionKey].(*Session) }

// ServeHTTP upgrades a request. It returns as soon as the connection is taken over: melody serves it in a goroutine of its
// own, so that net/http's buffers, its stack and the request are not kept as long as the client stays.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	draining := s.draining
	s.mu.Unlock()
	if draining {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "shutting down", http.StatusServiceUnavailable)
		return
	}
	if !websocket.IsWebSocketUpgrade(r) {
		w.Header().Set("Upgrade", "websocket")
		http.Error(w, "this address speaks WebSocket", http.StatusUpgradeRequired)
		return
	}
	session := newSession(s, r)
	taken := session.taken
	refused := make(chan struct{})
	go func() {
		defer close(refused)
		// An error was answered by the upgrader already.
		if err := s.melody.HandleRequestWithKeys(w, r, map[string]any{sessionKey: session}); err != nil {
			s.cfg.Logger.Debug("websocket upgrade", "err", err)
		}
	}()
	select {
	case <-taken:
	case <-refused:
	}
}

func (s *Server) connect(ms *melody.Session) {
	session := of(ms)
	ms.Request = nil // nobody asks for it again
	s.mu.Lock()
	s.sessions[session] = struct{}{}
	s.mu.Unlock()
	session.aside(func() { session.begin(ms) })
}

func (s *Server) forget(session *Session) {
	s.mu.Lock()
	delete(s.sessions, session)
	s.mu.Unlock()
}

// Len is how many clients are connected.
func (s *Server) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

// Drain refuses new connections and closes those there are, spread over the window so that they do not all come back to
// another node at once. It returns when all are closed or ctx ends.
func (s *Server) Drain(ctx context.Context, window time.Duration) {
	s.mu.Lock()
	s.draining = true
	var leaving sync.WaitGroup
	for session := range s.sessions {
		leaving.Add(1)
		timer := time.NewTimer(time.Duration(rand.Int64N(int64(window) + 1)))
		go func() {
			defer leaving.Done()
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-ctx.Done():
			}
			session.close(closeGoingAway, "shutting down")
			session.wait(ctx)
		}()
	}
	s.mu.Unlock()
	leaving.Wait()
}
