package api

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// route is one line of the API. The table is the only place that knows all of them: what every call needs (who may make
// it, how often) belongs here as a column and into a middleware of New.
type route struct {
	method  string
	path    string
	handler echo.HandlerFunc
}

func (s *Server) routes() []route {
	const get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
	pages := s.cfg.Pages
	return []route{
		{post, "/tasks", s.createTask},
		{get, "/tasks", s.listTasks},
		{get, "/tasks/:id", s.getTask},
		{del, "/tasks/:id", s.deleteTask},
		{post, "/tasks/:id/progress", s.report},
		{post, "/tasks/:id/logs", s.appendLog},
		{get, "/tasks/:id/logs", s.readLog},
		{get, "/tasks/:id/events", s.taskEvents},
		{post, "/tasks/:id/cancel", s.cancelTask},
		{post, "/tasks/:id/rerun", s.rerunTask},
		{get, "/tasks/:id/badge.svg", s.taskBadge},
		{get, "/events", s.events},
		{get, "/flows", s.listFlows},
		{get, "/flows/:name", s.getFlow},
		{get, "/flows/:name/badge.svg", s.flowBadge},
		{post, "/notifications", s.notify},
		{get, "/clients", s.listClients},
		{get, "/ws", upgrade(s.cfg.WebSocket)},
		{get, "/healthz", s.health},
		{get, "/readyz", s.ready},
		{get, "/metrics", mount(s.metrics.handler)},
		{get, "/openapi.json", s.document},
		{get, "/", mount(pages.Dashboard)},
		{get, "/websocket", mount(pages.Console)},
		{get, "/assets/*", mount(pages.Assets)},
	}
}

// mount has another package's handler answer.
func mount(h http.Handler) echo.HandlerFunc {
	if h == nil {
		return func(echo.Context) error { return errNoRoute }
	}
	return echo.WrapHandler(h)
}

// upgrade is mount for a handler that takes the connection over and keeps the ResponseWriter: it gets the server's own, as
// Echo takes its Response back when the handler returns.
func upgrade(h http.Handler) echo.HandlerFunc {
	if h == nil {
		return mount(nil)
	}
	return func(c echo.Context) error {
		stream(c)
		h.ServeHTTP(c.Response().Writer, c.Request())
		return nil
	}
}
