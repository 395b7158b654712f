package api

import (
	"context"
	"math"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/watch"
)

// readLog answers GET /tasks/{id}/logs.
func (s *Server) readLog(c echo.Context) error {
	w, r := c.Response(), c.Request()
	id, err := taskID(c)
	if err != nil {
		return err
	}
	follow, err := flag(r.URL.Query(), "follow")
	if err != nil {
		return err
	}
	if _, err := s.cfg.View.Get(r.Context(), id); err != nil {
		return err
	}
	from, err := s.firstLine(r, id)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Runflow-Log-From", strconv.Itoa(from)) // with tail nobody else knows
	out := &logWriter{slowWriter: s.slowWriter(w, r), next: from}
	defer out.finish()
	if !follow || isHead(r) {
		if err := out.copy(r.Context(), s.cfg.Log, id); err != nil {
			return err
		}
		if !out.wrote { // as most logs
			write(c, http.StatusOK, h.Get("Content-Type"), out.buf)
			return nil
		}
		return out.flush()
	}
	stream(c)
	h.Set("X-Accel-Buffering", "no")
	return s.follow(r.Context(), id, out)
}

// firstLine reads from or tail.
func (s *Server) firstLine(r *http.Request, id string) (int, error) {
	q := r.URL.Query()
	if !q.Has("tail") {
		return whole(q, "from", 1, 1, math.MaxInt32)
	}
	if q.Has("from") {
		return 0, malformed("tail", "cannot be combined with from")
	}
	tail, err := whole(q, "tail", 0, 0, math.MaxInt32)
	if err != nil {
		return 0, err
	}
	last, err := s.cfg.Log.LastLine(r.Context(), id)
	return max(1, last-tail+1), err
}

// follow writes what is stored, then what comes, until the task has ended. It watches before it reads, so that nothing
// falls between; where it was too slow, it reads the lines that it missed.
func (s *Server) follow(ctx context.Context, id string, out *logWriter) error {
	leave, err := s.streams.enter()
	if err != nil {
		return err
	}
	defer leave()
	defer s.watching("logs")()
	wake := make(chan struct{}, 1)
	w := watch.NewWatcher(func() { signal(wake) })
	sub := &watch.Subscription{IDs: []string{id}, Logs: true, Wait: true}
	defer s.cfg.View.Hub.Leave(w, []*watch.Subscription{sub})
	if err := s.cfg.View.Subscribe(ctx, w, sub, nil); err != nil {
		return err
	}
	if err := out.copy(ctx, s.cfg.Log, id); err != nil {
		return err
	}
	for {
		if err := out.flush(); err != nil {
			return err
		}
		select {
		case <-wake:
		case <-s.streams.draining():
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
		ended, missed, err := out.take(w)
		if err != nil {
			return err
		}
		if ended || missed {
			if err := out.copy(ctx, s.cfg.Log, id); err != nil {
				return err
			}
		}
		if ended {
			return out.flush()
		}
	}
}

// logWriter writes a log's lines to one client, each once.
type logWriter struct {
	*slowWriter
	next int // number of the line that comes next
}

// take writes what the watcher got. missed: lines before what it got were left out, and must be read.
func (o *logWriter) take(w *watch.Watcher) (ended, missed bool, err error) {
	for {
		messages, err := w.Take(maxTake)
		if err != nil || len(messages) == 0 {
			return ended, missed, err
		}
		for i := range messages {
			m := &messages[i]
			ended = ended || m.Final()
			if missed || m.Event == nil || m.Event.Log == nil {
				continue
			}
			if missed = m.Event.Log.From > o.next; !missed {
				if err := o.chunk(m.Event); err != nil {
					return ended, missed, err
				}
			}
		}
	}
}

// copy writes what is stored from the next line on.
func (o *logWriter) copy(ctx context.Context, log Log, id string) error {
	return log.Lines(ctx, id, o.next, o.chunk)
}

func (o *logWriter) chunk(e *progress.Event) error {
	lines := e.Log.Lines
	if skip := o.next - e.Log.From; skip >= len(lines) {
		return nil
	} else if skip > 0 {
		lines = lines[skip:]
	}
	o.next = e.Log.Next()
	for _, line := range lines {
		o.buf = append(append(o.buf, line...), '\n')
	}
	if len(o.buf) < writeSize {
		return nil
	}
	return o.write()
}
