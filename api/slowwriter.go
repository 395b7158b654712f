package api

import (
	"net/http"
	"time"
)

const (
	writeSize = 32 << 10 // bytes that are gathered before they are written
	maxTake   = 128      // messages of one write
)

// unhurried lifts http.Server's time-outs from a request that takes as long as it takes. They are set again with the next
// request of the connection.
func unhurried(w http.ResponseWriter) *http.ResponseController {
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Time{}) // it would pass for the client's leaving
	_ = rc.SetWriteDeadline(time.Time{})
	return rc
}

// slowWriter writes a long answer to a client that may be slow, but must not stop reading.
type slowWriter struct {
	w        http.ResponseWriter
	r        *http.Request
	rc       *http.ResponseController
	patience time.Duration
	buf      []byte
	wrote    bool
}

// slowWriter begins a long answer. finish must follow.
func (s *Server) slowWriter(w http.ResponseWriter, r *http.Request) *slowWriter {
	return &slowWriter{w: w, r: r, rc: unhurried(w), patience: s.cfg.Patience}
}

// write sends what was gathered.
func (o *slowWriter) write() error {
	if !o.wrote {
		closeAfter(o.w, o.r) // the deadline would outlive the answer
		o.wrote = true
	}
	_ = o.rc.SetWriteDeadline(time.Now().Add(o.patience)) // not every ResponseWriter has one
	_, err := o.w.Write(o.buf)
	o.buf = o.buf[:0]
	if cap(o.buf) > 4*writeSize {
		o.buf = nil
	}
	return err
}

// flush sends what was gathered, on to the client.
func (o *slowWriter) flush() error {
	if err := o.write(); err != nil {
		return err
	}
	return o.rc.Flush()
}

// finish gives what net/http still has to send its own time.
func (o *slowWriter) finish() {
	if o.wrote {
		_ = o.rc.SetWriteDeadline(time.Now().Add(o.patience))
	}
}
