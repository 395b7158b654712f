package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/runflow/runflow/progress"
)

// window is how many entries of one upload may be on their way to the log: then the sender waits.
const window = 256

// upload is a body that is stored while it arrives, for as long as that takes.
type upload struct {
	ctx   context.Context
	lines *lineReader

	pending chan entry    // store sends and closes, collect receives
	done    chan struct{} // closed by collect
	failed  chan struct{} // closed by collect at the first entry that was refused
	leave   []func()

	// Of collect, until done.
	seq    uint64 // of the newest entry that is stored
	stored int    // lines
	err    error
}

// entry is what was submitted of an upload.
type entry struct {
	receipt *progress.Receipt
	from    int // number of its first line in the body
	lines   int
}

// upload begins one. It ends with the request, when an entry is refused, or when the server drains: the sender learns of
// it while it sends. finish must follow.
func (s *Server) upload(w http.ResponseWriter, r *http.Request, lines *lineReader) (*upload, error) {
	leave, err := s.streams.enter()
	if err != nil {
		return nil, err
	}
	u := &upload{
		// An interrupted reading ends the request's own context; what is submitted is stored all the same, and soon.
		ctx: context.WithoutCancel(r.Context()), lines: lines, pending: make(chan entry, window), done: make(chan struct{}), failed: make(chan struct{}),
	}
	rc := unhurried(w) // a job may be silent for hours
	interrupt := func() { _ = rc.SetReadDeadline(time.Unix(1, 0)) }
	stop := context.AfterFunc(s.streams.ctx, interrupt)
	u.leave = []func(){leave, func() { stop() }}
	go u.collect(interrupt)
	return u, nil
}

// collect waits for the receipts in the order of the lines.
func (u *upload) collect(interrupt func()) {
	defer close(u.done)
	for e := range u.pending {
		seq, err := e.receipt.Wait(u.ctx)
		switch {
		case err == nil:
			u.seq = max(u.seq, seq)
			u.stored += e.lines
		case u.err == nil:
			u.err = atLine(err, e.from)
			close(u.failed)
			interrupt()
		}
	}
}

// store hands on what was submitted; false when an entry before it was refused.
func (u *upload) store(e entry) bool {
	select {
	case u.pending <- e:
	case <-u.failed:
		return false
	}
	select {
	case <-u.failed:
		return false
	default:
		return true
	}
}

// finish waits until what was handed on is stored. ended is what the reading ended with: the first error counts, and what
// was refused came before what could not be read.
func (u *upload) finish(s *Server, ended error) error {
	close(u.pending)
	<-u.done
	for _, f := range u.leave {
		f()
	}
	switch {
	case u.err != nil:
		return u.err
	case ended == nil || errors.Is(ended, io.EOF):
		return nil
	case errors.Is(ended, os.ErrDeadlineExceeded) && s.streams.ctx.Err() != nil:
		return detailed(errDraining, "the server is stopping; %d lines were stored", u.stored)
	}
	var f *fault
	if errors.As(ended, &f) {
		return ended
	}
	return malformed("body", "cannot be read behind line %d", u.lines.number)
}

// atLine says in which line of an upload an error is.
func atLine(err error, line int) error {
	p := explain(err)
	return &fault{is: err, detail: fmt.Sprintf("line %d: %s", line, p.Detail), fields: p.Errors}
}
