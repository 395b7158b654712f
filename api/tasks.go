package api

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/runflow/runflow/progress"
)

const (
	maxDraft = 256 << 10 // bytes of a new task: its documents may have 64 KiB each
	maxKey   = 255       // bytes of an idempotency key
)

func taskPath(id string) string { return "/tasks/" + id }

// createTask answers POST /tasks. The body is JSON whatever curl -d says that it is.
func (s *Server) createTask(c echo.Context) error {
	r := c.Request()
	switch t, err := mediaType(r); {
	case err != nil:
		return err
	case t != "" && !isJSON(t) && t != "application/x-www-form-urlencoded" && t != "text/plain":
		return detailed(errUnsupported, "a task is JSON, not %s", t)
	}
	key := r.Header.Get("Idempotency-Key")
	if len(key) > maxKey {
		return malformed("Idempotency-Key", "is longer than %d bytes", maxKey)
	}
	body, err := readAll(c.Response(), r, maxDraft)
	if err != nil {
		return err
	}
	if len(body) == 0 {
		body = []byte("{}")
	}
	draft, err := decodeDraft(body)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	draft.Key, draft.Print = key, hex.EncodeToString(sum[:])
	task, created, err := s.cfg.Tasks.Create(r.Context(), draft)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Location", taskPath(task.Spec.ID))
	if !created {
		return reply(c, http.StatusOK, task)
	}
	return reply(c, http.StatusCreated, task)
}

// taskList is the body of GET /tasks.
type taskList struct {
	Tasks []progress.Task `json:"tasks"`
	Next  *string         `json:"nextCursor"`
}

func (s *Server) listTasks(c echo.Context) error {
	r := c.Request()
	q := r.URL.Query()
	f, err := filter(q)
	if err != nil {
		return err
	}
	limit, err := whole(q, "limit", defaultLimit, 1, maxLimit)
	if err != nil {
		return err
	}
	from, err := parseCursor(q.Get("cursor"))
	if err != nil {
		return err
	}
	page, err := s.cfg.View.List(r.Context(), f, limit, from)
	if err != nil {
		return err
	}
	list := taskList{Tasks: page.Tasks, Next: cursor(page.Next)}
	if list.Tasks == nil {
		list.Tasks = []progress.Task{}
	}
	if list.Next != nil {
		next := url.Values{}
		for _, name := range []string{"state", "flow", "label", "q"} {
			if q.Has(name) {
				next[name] = q[name]
			}
		}
		next.Set("limit", strconv.Itoa(limit))
		next.Set("cursor", *list.Next)
		c.Response().Header().Set("Link", "</tasks?"+next.Encode()+`>; rel="next"`)
	}
	return reply(c, http.StatusOK, list)
}

// getTask answers a program with the task, a browser with its page, and who says wait once the task has moved on.
func (s *Server) getTask(c echo.Context) error {
	r := c.Request()
	id, err := taskID(c)
	if page := s.cfg.Pages.Task; page != nil && prefers(r, "text/html", "application/json") {
		page.ServeHTTP(c.Response(), r) // of whatever task: it says so itself when there is none
		return nil
	}
	c.Response().Header().Set("Vary", "Accept")
	if err != nil {
		return err
	}
	if r.URL.Query().Has("wait") {
		return s.wait(c, id)
	}
	task, err := s.cfg.View.Get(r.Context(), id)
	if err != nil {
		return err
	}
	return reply(c, http.StatusOK, task)
}

func (s *Server) deleteTask(c echo.Context) error {
	id, err := taskID(c)
	if err != nil {
		return err
	}
	if err := s.cfg.Tasks.Delete(c.Request().Context(), id); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (s *Server) cancelTask(c echo.Context) error {
	ctx := c.Request().Context()
	id, err := taskID(c)
	if err != nil {
		return err
	}
	if _, err := s.cfg.Tasks.Apply(ctx, id, progress.Cancel{}); err != nil {
		return err
	}
	task, err := s.cfg.View.Get(ctx, id)
	if err != nil {
		return err
	}
	return reply(c, http.StatusAccepted, task)
}

func (s *Server) rerunTask(c echo.Context) error {
	id, err := taskID(c)
	if err != nil {
		return err
	}
	task, err := s.cfg.Tasks.Rerun(c.Request().Context(), id)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Location", taskPath(task.Spec.ID))
	return reply(c, http.StatusCreated, task)
}
