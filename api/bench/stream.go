package bench

import (
	"context"
	"io"
	"net/http"
	"time"
)

const lastWord = 5 * time.Second // for a task whose stream has failed to be ended all the same

// stream reports on one task, in one request that lasts for as long as the load. One goroutine uses it.
type stream struct {
	server *server
	id     string
	size   int
	index  int // of the newest report
	line   []byte

	body *io.PipeWriter
	stop context.CancelFunc
	done chan struct{} // closed when the server has answered; then seq and err hold
	seq  uint64
	err  error
}

// open begins a stream of reports. It ends with ctx.
func (s *server) open(ctx context.Context, id string, size int) *stream {
	r, w := io.Pipe()
	ctx, stop := context.WithCancel(ctx)
	st := &stream{server: s, id: id, size: size, body: w, stop: stop, done: make(chan struct{})}
	go func() {
		defer close(st.done)
		defer stop()
		var resp *http.Response
		if resp, st.err = s.request(ctx, http.MethodPost, "/tasks/"+id+"/progress", ndjsonType, r); st.err == nil {
			st.seq, st.err = readSeq(resp.Body)
			resp.Body.Close()
		}
		_ = r.CloseWithError(io.ErrClosedPipe) // who writes on learns of it
	}()
	return st
}

// send sends reports that are due at the same time.
func (s *stream) send(at int64, n int) error {
	s.line = s.line[:0]
	for range n {
		s.index++
		s.line = report(s.line, s.index, at, s.size)
	}
	return s.write()
}

func (s *stream) write() error {
	if _, err := s.body.Write(s.line); err != nil {
		<-s.done
		if s.err != nil {
			return s.err
		}
		return err
	}
	return nil
}

// finish ends the task and waits for the server's word that everything is stored, until ctx ends.
func (s *stream) finish(ctx context.Context, at int64) error {
	late := context.AfterFunc(ctx, s.stop)
	defer late()
	s.index++
	s.line = lastReport(s.line[:0], s.index, at)
	err := s.write()
	if err == nil {
		_ = s.body.Close()
		<-s.done
		err = s.err
	}
	if err != nil { // the task shall not stay behind; the error is the stream's
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWord)
		defer cancel()
		_, _ = s.server.report(ctx, s.id, s.line)
	}
	return err
}
