//go:build unix

package ws

import (
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// sendBuffer is what the system holds for a client that does not read, in bytes. Left to itself it grows to megabytes, all
// of it older than what the outbox would send.
const sendBuffer = 256 << 10

// Listen wraps a listener so that frames can be written to its connections without waiting and without waking a goroutine
// for each. Over other connections (TLS) they go through melody's write pump.
func Listen(l net.Listener) net.Listener { return listener{l} }

type listener struct{ net.Listener }

func (l listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return conn, nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return conn, nil
	}
	return &wire{Conn: tcp, raw: raw}, nil
}

// wire is a connection whose frames have two writers: the session's outbox, and melody for pings and the close frame. mu
// is held for a whole frame, or for several.
type wire struct {
	net.Conn
	raw syscall.RawConn
	mu  sync.Mutex

	closing atomic.Bool // nobody is waited for any more
}

// wireOf finds the wire under a WebSocket, nil when there is none.
func wireOf(conn net.Conn) *wire {
	w, _ := conn.(*wire)
	return w
}

// limit bounds what the system holds for this client.
func (w *wire) limit() {
	if tcp, ok := w.Conn.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(sendBuffer) // as good as it gets
	}
}

// Write implements net.Conn, for melody: it waits its turn.
func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.Conn.Write(p)
}

// tryWrite writes as much as the system takes at once, and answers how much that was: nothing when melody is writing. It
// never waits. When that was a part of b, mu is left locked, so that nothing comes between: finish must write the rest.
func (w *wire) tryWrite(b []byte) (written int, locked bool) {
	if !w.mu.TryLock() {
		return 0, false
	}
	// An error shows again when the rest is written.
	_ = w.raw.Write(func(fd uintptr) bool {
		n, err := syscall.Write(int(fd), b)
		if err == nil {
			written = n
		}
		return true
	})
	if 0 < written && written < len(b) {
		return written, true
	}
	w.mu.Unlock()
	return written, false
}

// finish writes b, and waits as long as a client may be without reading. locked is what tryWrite answered.
func (w *wire) finish(b []byte, locked bool) error {
	if !locked {
		w.mu.Lock()
	}
	defer w.mu.Unlock()
	patience := writeWait
	if w.closing.Load() {
		patience = closeWait
	}
	if err := w.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err := w.Conn.Write(b)
	return err
}

// appendFrame appends a text frame as RFC 6455, section 5.2, has it: from a server it is not masked.
func appendFrame(b, payload []byte) []byte {
	const finalText = 0x81
	n := len(payload)
	switch {
	case n < 126:
		b = append(b, finalText, byte(n))
	case n < 1<<16:
		b = append(b, finalText, 126, byte(n>>8), byte(n))
	default:
		b = append(b, finalText, 127, 0, 0, 0, 0, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return append(b, payload...)
}
