package api

import "strings"

// Routes are the server's routes, as the OpenAPI document writes them.
func (s *Server) Routes() map[string]bool {
	all := map[string]bool{}
	for _, r := range s.echo.Routes() {
		path := strings.ReplaceAll(r.Path, "*", "{path}")
		for part := range strings.SplitSeq(path, "/") {
			if name, ok := strings.CutPrefix(part, ":"); ok {
				path = strings.Replace(path, part, "{"+name+"}", 1)
			}
		}
		all[r.Method+" "+path] = true
	}
	return all
}
