package api

import (
	"context"
	_ "embed"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/runflow/runflow/progress"
)

// readyTimeout bounds the check of readyz: who asks decides by it whom to send clients to, and does not wait long.
const readyTimeout = 3 * time.Second

type health struct {
	Status  string `json:"status"`
	Version string `json:"version,omitempty"`
}

func (s *Server) health(c echo.Context) error {
	return reply(c, http.StatusOK, health{"ok", s.cfg.Version})
}

func (s *Server) ready(c echo.Context) error {
	if s.streams.ctx.Err() != nil {
		return errDraining
	}
	ctx, cancel := context.WithTimeout(c.Request().Context(), readyTimeout)
	defer cancel()
	if err := s.cfg.Ready(ctx); err != nil {
		return &notReady{err}
	}
	return reply(c, http.StatusOK, health{"ready", s.cfg.Version})
}

// notReady is ErrUnavailable whatever the check found, which goes to the log.
type notReady struct{ cause error }

func (e *notReady) Error() string   { return "not ready: " + e.cause.Error() }
func (e *notReady) Is(t error) bool { return t == progress.ErrUnavailable }

//go:embed openapi.json
var openapi []byte

// Document is the OpenAPI document of this API, as GET /openapi.json has it. Nobody changes it.
func Document() []byte { return openapi }

func (s *Server) document(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "no-cache")
	write(c, http.StatusOK, "application/json", openapi)
	return nil
}
