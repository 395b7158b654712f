package ws

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/olahol/melody"

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
	id     string
	first  *http.Request // the upgrade; for the address it came to
	conn   *melody.Session
	outbox *watch.Watcher
	ctx    context.Context // ends with the connection
	cancel context.CancelFunc
	subs   subscriptions
	jobs   sync.WaitGroup // replays that are under way

	mu       sync.Mutex
	inFlight int
}

func newSession(s *Server, id string, r *http.Request) *Session {
	session := &Session{server: s, id: id, first: r}
	session.outbox = watch.NewWatcher(session.pump)
	session.ctx, session.cancel = context.WithCancel(context.Background())
	return session
}

// begin greets the client and subscribes to what the address names.
func (s *Session) begin(conn *melody.Session) {
	s.mu.Lock()
	s.conn = conn
	s.mu.Unlock()
	s.answer("connected", nil, connected{s.id, int(pingPeriod.Seconds()), s.server.cfg.Version})
	if req, ok, err := fromAddress(s.first.URL.Query()); err != nil {
		s.fail(nil, err)
	} else if ok {
		s.subscribe(nil, req)
	}
	s.first = nil
}

// pump hands what waits to melody, no more than its buffer holds. It is called when something waits, from any goroutine,
// and when everything that was handed over has been written.
func (s *Session) pump() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inFlight > 0 || s.conn == nil {
		return
	}
	batch := s.conn.WebsocketConnection().Subprotocol() == protocolBatch
	most := maxInFlight
	if batch {
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
	switch {
	case len(msgs) == 0:
	case batch && len(msgs) > 1:
		for _, frame := range batches(msgs) {
			s.write(frame)
		}
	default:
		for i := range msgs {
			s.write(msgs[i].Frame())
		}
	}
}

// write hands one frame to melody. The caller holds mu.
func (s *Session) write(frame []byte) {
	if s.conn.Write(frame) == nil {
		s.inFlight++
	}
}

func (s *Session) sent() {
	s.mu.Lock()
	s.inFlight--
	more := s.inFlight == 0
	s.mu.Unlock()
	if more {
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
	s.server.forget(s)
}

// wait returns when the connection has ended.
func (s *Session) wait() { <-s.ctx.Done() }
