package ws

import (
	"net"
	"sync"
)

// Listen wraps a listener so that several frames to one client can leave in one write. Without it each frame is a write
// of its own.
func Listen(l net.Listener) net.Listener { return listener{l} }

type listener struct{ net.Listener }

func (l listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &gatherConn{Conn: conn}, nil
}

// gatherConn gathers what is written between hold and release.
type gatherConn struct {
	net.Conn

	mu  sync.Mutex
	buf *[]byte // nil: writes go straight through
}

var gatherBuffers = sync.Pool{New: func() any { b := make([]byte, 0, 8<<10); return &b }}

// maxGathered is what a gathering connection holds before it writes all the same.
const maxGathered = 64 << 10

// hold begins to gather.
func (c *gatherConn) hold() {
	c.mu.Lock()
	if c.buf == nil {
		c.buf = gatherBuffers.Get().(*[]byte)
	}
	c.mu.Unlock()
}

// release writes what was gathered, under the deadline that the last Write was given.
func (c *gatherConn) release() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.buf == nil {
		return nil
	}
	err := c.flushLocked()
	if cap(*c.buf) <= maxGathered {
		gatherBuffers.Put(c.buf)
	}
	c.buf = nil
	return err
}

func (c *gatherConn) flushLocked() error {
	if len(*c.buf) == 0 {
		return nil
	}
	_, err := c.Conn.Write(*c.buf)
	*c.buf = (*c.buf)[:0]
	return err
}

// Write implements net.Conn.
func (c *gatherConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	if c.buf == nil {
		c.mu.Unlock()
		return c.Conn.Write(p)
	}
	defer c.mu.Unlock()
	*c.buf = append(*c.buf, p...)
	if len(*c.buf) >= maxGathered {
		return len(p), c.flushLocked()
	}
	return len(p), nil
}

// Close writes nothing more: what was gathered is for a client that is sent away.
func (c *gatherConn) Close() error { return c.Conn.Close() }

// gatherOf finds the gathering connection under a WebSocket, nil when there is none (TLS, a test's own listener).
func gatherOf(conn net.Conn) *gatherConn {
	c, _ := conn.(*gatherConn)
	return c
}

// sendBuffer is what the system holds for a client that does not read, in bytes. Left to itself it grows to megabytes, all
// of it older than what the outbox would send.
const sendBuffer = 256 << 10

func shorten(conn net.Conn) {
	if c := gatherOf(conn); c != nil {
		conn = c.Conn
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(sendBuffer) // as good as it gets
	}
}
