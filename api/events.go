package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/watch"
)

// taskEvents answers GET /tasks/{id}/events: the stream of one task, which ends with it.
func (s *Server) taskEvents(c echo.Context) error {
	r := c.Request()
	id, err := taskID(c)
	if err != nil {
		return err
	}
	sub, err := subscription(r)
	if err != nil {
		return err
	}
	sub.IDs = []string{id}
	task, err := s.cfg.View.Get(r.Context(), id)
	switch {
	case err == nil:
		if s.seenToTheEnd(task, sub.Since) {
			return c.NoContent(http.StatusNoContent) // which tells a browser to come back no more
		}
		sub.Wait = true
	case !sub.Wait:
		return err
	}
	return s.stream(c, sub, id)
}

// seenToTheEnd tells whether a client that has come to a seq has the task's final event. A seq that this log has not
// come to is from another log, whose tasks were others.
func (s *Server) seenToTheEnd(t progress.Task, since *uint64) bool {
	return since != nil && t.Status.State.Final() && *since >= t.Seq && *since <= max(t.Seq, s.cfg.View.Feed.Seq())
}

// events answers GET /events: the stream of many tasks, named or chosen.
func (s *Server) events(c echo.Context) error {
	r := c.Request()
	q := r.URL.Query()
	sub, err := subscription(r)
	if err != nil {
		return err
	}
	ids := q["taskId"]
	if len(ids) == 0 {
		if sub.Filter, err = filter(q); err != nil {
			return err
		}
		return s.stream(c, sub, "")
	}
	for _, name := range []string{"state", "flow", "label", "q"} {
		if q.Has(name) {
			return malformed("taskId", "cannot be combined with %s", name)
		}
	}
	if len(ids) > maxTasks {
		return malformed("taskId", "is there more than %d times", maxTasks)
	}
	for _, id := range ids {
		if !progress.ValidID(id) {
			return progress.ErrNotFound
		}
		if _, err := s.cfg.View.Get(r.Context(), id); err != nil && !sub.Wait {
			return err
		}
	}
	sub.IDs, sub.Wait = ids, true
	return s.stream(c, sub, "")
}

// subscription reads what all streams of events have in common.
func subscription(r *http.Request) (*watch.Subscription, error) {
	q := r.URL.Query()
	var sub watch.Subscription
	var err error
	if sub.Since, err = position(r, q); err != nil {
		return nil, err
	}
	if sub.Logs, err = flag(q, "logs"); err != nil {
		return nil, err
	}
	if sub.Wait, err = flag(q, "wait"); err != nil {
		return nil, err
	}
	switch q.Get("deliver") {
	case "", "latest":
	case "all":
		sub.Deliver = watch.All
	default:
		return nil, malformed("deliver", "is neither latest nor all")
	}
	return &sub, nil
}
