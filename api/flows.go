package api

import (
	"encoding/json"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/flow"
)

// flowView is a flow as clients see it: what can be asked of it. What its steps run is the operator's own.
type flowView struct {
	Name        string          `json:"name"`
	Title       string          `json:"title"`
	Description string          `json:"description"`
	Params      json.RawMessage `json:"params"` // a JSON Schema, 2020-12
	Steps       []stepView      `json:"steps"`
	Timeout     flow.Duration   `json:"timeout,omitempty"`
	Concurrency int             `json:"concurrency,omitempty"`
}

type stepView struct {
	Name   string   `json:"name"`
	Needs  []string `json:"needs"`
	Weight float64  `json:"weight"`
}

func viewFlow(f *flow.Flow) flowView {
	v := flowView{
		Name: f.Name, Title: f.Title, Description: f.Description, Params: f.Schema(), Steps: make([]stepView, len(f.Steps)),
		Timeout: f.Timeout, Concurrency: f.Concurrency,
	}
	for i, step := range f.Steps {
		v.Steps[i] = stepView{Name: step.Name, Needs: append([]string{}, step.Needs...), Weight: step.Weight}
	}
	return v
}

func (s *Server) listFlows(c echo.Context) error {
	list := struct {
		Flows []flowView `json:"flows"`
	}{[]flowView{}}
	for _, f := range s.cfg.Flows.List() {
		list.Flows = append(list.Flows, viewFlow(f))
	}
	return reply(c, http.StatusOK, list)
}

func (s *Server) getFlow(c echo.Context) error {
	f, ok := s.cfg.Flows.Lookup(c.Param("name"))
	if !ok {
		return progress.ErrFlowNotFound
	}
	return reply(c, http.StatusOK, viewFlow(f))
}
