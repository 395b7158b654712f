package api

import (
	"encoding/json"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/runflow/runflow/progress"
)

// clientList is the body of GET /clients.
type clientList struct {
	Clients any `json:"clients"`
}

// listClients answers GET /clients: who is connected, on every node.
func (s *Server) listClients(c echo.Context) error {
	list, err := s.cfg.Clients.List(c.Request().Context())
	if err != nil {
		return err
	}
	return reply(c, http.StatusOK, clientList{list})
}

// notify answers POST /notifications: to everyone, to a room, or to one client.
func (s *Server) notify(c echo.Context) error {
	r := c.Request()
	t, err := mediaType(r)
	if err != nil {
		return err
	}
	if t != "" && !isJSON(t) && t != "application/x-www-form-urlencoded" && t != "text/plain" {
		return detailed(errUnsupported, "a notification is JSON, not %s", t)
	}
	body, err := readAll(c.Response(), r, s.cfg.MaxReport)
	if err != nil {
		return err
	}
	var n struct {
		Data           json.RawMessage
		Room, ClientID string
	}
	if err := decodeObject(body, true, map[string]any{"data": &n.Data, "room": &n.Room, "clientId": &n.ClientID}); err != nil {
		return err
	}
	if len(n.Data) == 0 {
		return progress.Invalid("data", "is required")
	}
	if n.Room != "" && n.ClientID != "" {
		return progress.Invalid("room", "cannot be combined with clientId")
	}
	delivered, err := s.cfg.Clients.Notify(r.Context(), n.ClientID, n.Room, n.Data)
	if err != nil {
		return err
	}
	return reply(c, http.StatusOK, map[string]int{"delivered": delivered})
}
