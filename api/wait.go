package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/runflow/runflow/progress/watch"
)

const maxWait = 300 * time.Second

// signal wakes whoever receives from a channel of capacity 1.
func signal(wake chan struct{}) {
	select {
	case wake <- struct{}{}:
	default:
	}
}

// wait answers GET /tasks/{id}?wait=: once the task has gone past since (without it: past what it is now) or has ended,
// when the time is up, or when the server drains.
func (s *Server) wait(c echo.Context, id string) error {
	stream(c)
	r := c.Request()
	q := r.URL.Query()
	timeout, err := seconds(q, "wait", maxWait)
	if err != nil {
		return err
	}
	view := s.cfg.View
	task, err := view.Get(r.Context(), id)
	if err != nil {
		return err
	}
	since := task.Seq
	if q.Has("since") {
		if since, err = strconv.ParseUint(q.Get("since"), 10, 64); err != nil {
			return malformed("since", "is not a seq")
		}
	}
	if task.Seq > since || task.Status.State.Final() || timeout == 0 {
		return reply(c, http.StatusOK, task)
	}
	leave, err := s.streams.enter()
	if err != nil {
		return reply(c, http.StatusOK, task)
	}
	defer leave()
	defer s.watching("poll")()
	unhurried(c.Response())
	wake := make(chan struct{}, 1)
	w := watch.NewWatcher(func() { signal(wake) })
	sub := &watch.Subscription{IDs: []string{id}, Wait: true}
	defer view.Hub.Leave(w, []*watch.Subscription{sub})
	if err := view.Subscribe(r.Context(), w, sub, nil); err != nil {
		return err
	}
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	for over := false; ; {
		if task, err = view.Get(r.Context(), id); err != nil {
			return err
		}
		if over || task.Seq > since || task.Status.State.Final() {
			return reply(c, http.StatusOK, task)
		}
		select {
		case <-wake:
			for left := true; left; { // what the messages say, Get says better
				messages, err := w.Take(maxTake)
				left = err == nil && len(messages) > 0
			}
		case <-timer.C:
			over = true
		case <-s.streams.draining():
			over = true
		case <-r.Context().Done():
			return r.Context().Err()
		}
	}
}

// watching counts an open stream, until the func it answers is called.
func (s *Server) watching(transport string) func() {
	g := s.metrics.watchers.WithLabelValues(transport)
	g.Inc()
	return g.Dec
}
