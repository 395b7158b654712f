package ws

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/olahol/melody"

	"github.com/runflow/runflow/progress/clients"
	"github.com/runflow/runflow/progress/watch"
)

// closeWait is how long a client is told why it is sent away.
const closeWait = time.Second

// Session is one connected client.
type Session struct {
	server *Server
	client clients.Client // its ID is set by begin
	outbox *watch.Watcher
	ctx    context.Context // ends with the connection
	cancel context.CancelFunc
	subs   subscriptions
	jobs   sync.WaitGroup // replays that are under way

	left  chan struct{} // closed by leave
	asked url.Values    // of the address it came to, until begin
	taken chan struct{} // closed by begin: the connection is no longer net/http's

	mu       sync.Mutex
	conn     *melody.Session
	wire     *wire     // nil where frames go through melody
	batch    bool      // the client takes arrays
	busy     bool      // somebody writes
	inFlight int       // frames that melody has not yet written
	heard    time.Time // the last pong
	told     bool      // something was sent since then
	borne    bool      // the read deadline was moved for it
}

func newSession(s *Server, r *http.Request) *Session {
	session := &Session{server: s, asked: r.URL.Query(), taken: make(chan struct{}), left: make(chan struct{})}
	session.outbox = watch.NewWatcher(session.pump)
	session.client = clients.Client{
		Transport: "websocket", Remote: r.RemoteAddr, Since: time.Now(), Outbox: session.outbox, Subscriptions: session.subs.len,
	}
	session.ctx, session.cancel = context.WithCancel(context.Background())
	return session
}

// begin greets the client and subscribes to what the address names.
func (s *Session) begin(conn *melody.Session) {
	close(s.taken)
	s.server.cfg.Clients.Add(&s.client)
	ws := conn.WebsocketConnection()
	s.mu.Lock()
	s.heard = s.client.Since
	s.conn, s.wire, s.batch = conn, wireOf(ws.NetConn()), ws.Subprotocol() == protocolBatch
	if s.wire != nil {
		s.wire.limit()
	}
	s.mu.Unlock()
	s.answer("connected", nil, connected{s.client.ID, int(pingPeriod.Seconds()), s.server.cfg.Version})
	if req, ok, err := fromAddress(s.asked); err != nil {
		s.fail(nil, err)
	} else if ok {
		s.subscribe(nil, req)
	}
	s.asked, s.taken = nil, nil
}

// close ends the connection with a code; what waits in the outbox is not sent. melody's own Close would wait behind it.
func (s *Session) close(code int, reason string) {
	s.mu.Lock()
	conn := s.conn
	s.mu.Unlock()
	if conn == nil {
		return
	}
	s.cancel() // whoever waits for room in the outbox waits no longer
	if s.wire != nil {
		s.wire.closing.Store(true)
	}
	ws := conn.WebsocketConnection()
	_ = ws.NetConn().SetWriteDeadline(time.Now().Add(closeWait)) // whoever waits for this client to read waits no longer
	// The client may be gone: then there is nobody to tell, and closing is all that is left to do.
	_ = ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(closeWait))
	_ = ws.Close()
}

// leave is called by melody when the connection has ended.
func (s *Session) leave() {
	s.cancel()
	s.server.cfg.View.Hub.Leave(s.outbox, s.subs.all())
	s.jobs.Wait()
	s.server.cfg.View.Hub.Leave(s.outbox, s.subs.all()) // of a replay that was about to end
	s.server.cfg.Clients.Remove(&s.client)
	s.server.forget(s)
	close(s.left)
}

// wait returns when the connection has ended, or ctx has.
func (s *Session) wait(ctx context.Context) {
	select {
	case <-s.left:
	case <-ctx.Done():
	}
}
