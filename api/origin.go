package api

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// ownOrigin refuses what a page of another site has a browser send: flows run commands. Browsers say where a request comes
// from (Sec-Fetch-Site, Origin); other clients say nothing and are served. GET and HEAD change nothing here, and their
// answers are not shown to other sites' scripts.
func (s *Server) ownOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	check := http.NewCrossOriginProtection()
	return func(c echo.Context) error {
		if err := check.Check(c.Request()); err != nil {
			return detailed(errForbidden, "%s", err)
		}
		return next(c)
	}
}
