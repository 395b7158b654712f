package ws

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/olahol/melody"

	"github.com/runflow/runflow/progress/clients"
	"github.com/runflow/runflow/progress/watch"
)

const (
	maxInFlight = 16       // frames handed to melody that it has not yet written
	maxBatch    = 64       // messages in one frame of the batch protocol
	batchBytes  = 64 << 10 // a batch frame ends when it is larger
	closeWait   = time.Second
)

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
	gather   *gatherConn // nil where frames cannot be gathered
	batch    bool        // the client takes arrays
	inFlight int
	held     bool      // gather holds
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
	shorten(ws.NetConn())
	s.mu.Lock()
	s.heard = s.client.Since
	s.conn, s.gather, s.batch = conn, gatherOf(ws.NetConn()), ws.Subprotocol() == protocolBatch
	s.mu.Unlock()
	s.answer("connected", nil, connected{s.client.ID, int(pingPeriod.Seconds()), s.server.cfg.Version})
	if req, ok, err := fromAddress(s.asked); err != nil {
		s.fail(nil, err)
	} else if ok {
		s.subscribe(nil, req)
	}
	s.asked, s.taken = nil, nil
}

// pump hands what waits to melody, no more than its buffer holds. It is called when something waits, from any goroutine,
// and when everything that was handed over has been written.
func (s *Session) pump() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inFlight > 0 || s.conn == nil {
		return
	}
	most := maxInFlight
	if s.batch {
		most = maxBatch
	}
	msgs, err := s.outbox.Take(most)
	if errors.Is(err, watch.ErrSlow) {
		go s.close(closeSlow, "fell behind; resume by since")
		return
	}
	for i := range msgs {
		if msgs[i].Final() {
			s.subs.ended(msgs[i].TaskID())
		}
	}
	if len(msgs) == 0 {
		return
	}
	s.told = true
	if s.batch && len(msgs) > 1 {
		frames := batches(msgs)
		s.inFlight = len(frames)
		for _, frame := range frames {
			s.write(frame)
		}
		return
	}
	if s.gather != nil && len(msgs) > 1 {
		s.gather.hold()
		s.held = true
	}
	s.inFlight = len(msgs)
	for i := range msgs {
		s.write(msgs[i].Frame())
	}
}

// write hands one frame to melody. The caller holds mu.
func (s *Session) write(frame []byte) {
	if s.conn.Write(frame) != nil {
		s.inFlight-- // the connection has closed
	}
}

// sent is called by melody, after each frame.
func (s *Session) sent() {
	s.mu.Lock()
	s.inFlight--
	last := s.inFlight <= 0
	held := last && s.held
	if held {
		s.held = false
	}
	s.mu.Unlock()
	if held && s.gather.release() != nil {
		_ = s.gather.Close() // melody's read loop notices, and ends the session
	}
	if last {
		s.pump()
	}
}

// batches packs messages into JSON arrays, at most maxInFlight of them as there are at most maxBatch messages.
func batches(msgs []watch.Message) [][]byte {
	var frames [][]byte
	var b bytes.Buffer
	for i := range msgs {
		frame := msgs[i].Frame()
		if b.Len() > 0 && (b.Len()+len(frame) > batchBytes && len(frames) < maxInFlight-1) {
			b.WriteByte(']')
			frames = append(frames, bytes.Clone(b.Bytes()))
			b.Reset()
		}
		if b.Len() == 0 {
			b.WriteByte('[')
		} else {
			b.WriteByte(',')
		}
		b.Write(frame)
	}
	b.WriteByte(']')
	return append(frames, b.Bytes())
}

// close ends the connection with a code; what waits in the outbox is not sent. melody's own Close would wait behind it.
func (s *Session) close(code int, reason string) {
	s.mu.Lock()
	conn := s.conn
	s.mu.Unlock()
	if conn == nil {
		return
	}
	ws := conn.WebsocketConnection()
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

// wait returns when the connection has ended.
func (s *Session) wait() { <-s.left }
