package api

import (
	"hash/fnv"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/runflow/runflow/api/badge"
	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/watch"
)

func (s *Server) taskBadge(c echo.Context) error {
	id, err := taskID(c)
	if err != nil {
		return err
	}
	task, err := s.cfg.View.Get(c.Request().Context(), id)
	if err != nil {
		return err
	}
	label := task.Spec.Title
	if label == "" {
		label = id
	}
	return s.answerBadge(c, taskStatus(label, task))
}

// flowBadge shows the newest run of a flow. One that the catalog no longer has is known as long as a run of it is kept.
func (s *Server) flowBadge(c echo.Context) error {
	name := c.Param("name")
	s.cfg.View.Sync(c.Request().Context())
	newest := s.cfg.View.Index.List(&watch.Filter{Flow: name}, 1, 0).Tasks
	f, known := s.cfg.Flows.Lookup(name)
	switch {
	case !known && len(newest) == 0 || name == "":
		return progress.ErrFlowNotFound
	case !known:
		return s.answerBadge(c, taskStatus(name, newest[0]))
	case len(newest) == 0:
		return s.answerBadge(c, badge.Badge{Label: f.Title, Value: "never run", Color: badge.Grey})
	}
	return s.answerBadge(c, taskStatus(f.Title, newest[0]))
}

// taskStatus is a task on a badge: a running one shows how far it is.
func taskStatus(label string, t progress.Task) badge.Badge {
	b := badge.Badge{Label: label, Value: string(t.Status.State), Color: badge.Grey}
	switch t.Status.State {
	case progress.Succeeded:
		b.Color = badge.Green
	case progress.Failed:
		b.Color = badge.Red
		if t.Status.Reason != "" && t.Status.Reason != progress.ReasonReported {
			b.Value += ": " + string(t.Status.Reason)
		}
	case progress.Running, progress.Canceling:
		b.Color = badge.Blue
		if t.Status.Progress != nil {
			b.Fill = *t.Status.Progress
			b.Value += " " + strconv.FormatFloat(float64(int(b.Fill)), 'f', 0, 64) + "%"
		}
	}
	return b
}

// answerBadge sends a badge that every cache must ask about again; one that has not changed costs 304.
func (s *Server) answerBadge(c echo.Context, b badge.Badge) error {
	if label := c.QueryParam("label"); label != "" {
		b.Label = label
	}
	svg := b.SVG()
	sum := fnv.New64a()
	_, _ = sum.Write(svg)
	etag := `"` + strconv.FormatUint(sum.Sum64(), 36) + `"`
	h := c.Response().Header()
	h.Set("ETag", etag)
	h.Set("Cache-Control", "no-cache, max-age=0, must-revalidate")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	if matches(c.Request().Header.Values("If-None-Match"), etag) {
		return c.NoContent(http.StatusNotModified)
	}
	write(c, http.StatusOK, "image/svg+xml", svg)
	return nil
}

func matches(ifNoneMatch []string, etag string) bool {
	for tag := range strings.SplitSeq(strings.Join(ifNoneMatch, ","), ",") {
		if tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/"); tag == etag || tag == "*" {
			return true
		}
	}
	return false
}
