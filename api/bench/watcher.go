package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/runflow/runflow/api/bench/judge"
)

const (
	readBuffer  = 4 << 10
	comeBack    = 100 * time.Millisecond // times the attempts, after the server has cut a watcher off
	maxAttempts = 10
)

// gate holds a watcher back: one that is cut is away, one that is not has stopped reading.
type gate struct {
	cut  bool
	open chan struct{} // closed by the run; the watcher waits
	at   int64         // when it was opened, set before
}

// watcher is one WebSocket client. Its goroutine alone uses what is not behind mu or atomic.
type watcher struct {
	run    *run
	number int
	target string // data of its subscribe: what it watches
	judge  judge.Watcher
	buf    []byte
	unseen int // tasks of which nothing was heard
	open   int // tasks whose final status has not come

	ready chan struct{}        // closed when every task was heard of
	ended chan struct{}        // closed when every final status came
	gate  atomic.Pointer[gate] // the run sets it, the watcher that has passed it clears it

	behind   bool  // it was held back and has not caught up: what comes says nothing of latency
	heldTill int64 // when it was let go
	quiet    int64 // when it could hear again: it has caught up with the first report that was sent later
	messages int
	frames   int

	mu     sync.Mutex
	conn   *websocket.Conn
	closed bool
}

func newWatcher(r *run, number int, target string, first, tasks int) *watcher {
	return &watcher{
		run: r, number: number, target: target, unseen: tasks, open: tasks, buf: make([]byte, 1024),
		judge: judge.Watcher{First: first, Records: make([]judge.Record, tasks)},
		ready: make(chan struct{}), ended: make(chan struct{}),
	}
}

// connect opens a connection and subscribes; from the second on it resumes.
func (w *watcher) connect(ctx context.Context) error {
	r := w.run
	d := websocket.Dialer{
		NetDialContext:   func(ctx context.Context, _, _ string) (net.Conn, error) { return r.target.dial(ctx, w.number) },
		HandshakeTimeout: dialTimeout, ReadBufferSize: readBuffer, WriteBufferSize: 512, WriteBufferPool: &r.writeBuffers,
		Subprotocols: []string{"runflow.v1." + r.o.Protocol},
	}
	if r.o.Connections > 0 {
		d.ReadBufferSize = 1024
	}
	header := http.Header{}
	r.server.authorize(header)
	conn, resp, err := d.DialContext(ctx, r.target.socket(), header)
	if err != nil {
		if resp != nil {
			err = fmt.Errorf("%w: %s", err, resp.Status)
		}
		return err
	}
	since := ""
	if w.judge.Last > 0 {
		since = fmt.Sprintf(`,"since":%d`, w.judge.Last)
	}
	w.mu.Lock()
	w.conn = conn
	closed := w.closed
	w.mu.Unlock()
	if closed {
		return errors.Join(net.ErrClosed, conn.Close())
	}
	subscribe := fmt.Appendf(nil, `{"event":"subscribe","data":{%s,"deliver":%q%s}}`, w.target, r.o.Deliver, since)
	return conn.WriteMessage(websocket.TextMessage, subscribe)
}

// hangUp ends the connection: for good, or only this one.
func (w *watcher) hangUp(forGood bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = w.closed || forGood
	if w.conn != nil {
		_ = w.conn.Close() // the reader hears of it
	}
}

func (w *watcher) isClosed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.closed
}

// serve reads until the watcher is hung up for good, and comes back whenever it was cut off.
func (w *watcher) serve(ctx context.Context) {
	defer w.hangUp(true)
	for attempts := 0; ; {
		err := w.read(ctx)
		w.hangUp(false)
		if w.isClosed() || ctx.Err() != nil {
			return
		}
		if g := w.gate.Load(); g != nil && g.cut {
			if !w.pass(ctx, g) {
				return
			}
		} else {
			w.run.cutOff(err)
		}
		for err = w.connect(ctx); err != nil; err = w.connect(ctx) {
			if attempts++; attempts > maxAttempts || ctx.Err() != nil {
				w.run.fail(fmt.Errorf("watcher %d: %w", w.number, err))
				return
			}
			timer := time.NewTimer(time.Duration(attempts) * comeBack)
			select {
			case <-timer.C:
			case <-ctx.Done():
				timer.Stop()
				return
			}
		}
		w.quiet = w.run.now()
	}
}

// pass waits until the gate is opened; false when ctx has ended.
func (w *watcher) pass(ctx context.Context, g *gate) bool {
	select {
	case <-g.open:
		w.gate.Store(nil)
		w.heldTill, w.quiet, w.behind = g.at, w.run.now(), true
		return true
	case <-ctx.Done():
		return false
	}
}

// read takes frames until the connection ends.
func (w *watcher) read(ctx context.Context) error {
	w.mu.Lock()
	conn := w.conn
	w.mu.Unlock()
	for {
		_, r, err := conn.NextReader()
		if err != nil {
			return err
		}
		if g := w.gate.Load(); g != nil && !g.cut {
			if !w.pass(ctx, g) {
				return ctx.Err()
			}
		}
		n := 0
		for {
			k, err := r.Read(w.buf[n:])
			if n += k; err == io.EOF {
				break
			} else if err != nil {
				return err
			}
			if n == len(w.buf) {
				w.buf = append(w.buf, make([]byte, len(w.buf))...)
			}
		}
		w.frames++
		w.take(w.buf[:n])
	}
}
