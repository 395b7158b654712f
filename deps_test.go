package runflow

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/runflow/runflow/"

// ours says which of our packages each package may import: the arrows of docs/architecture.md.
var ours = map[string][]string{
	"progress":             {"progress/flow"},
	"progress/flow":        {},
	"progress/detect":      {},
	"progress/folder":      {},
	"progress/natsd":       {"progress/folder"},
	"progress/worker/proc": {},
	"progress/eventlog":    {"progress", "progress/flow"},
	"progress/watch":       {"progress"},
	"progress/worker":      {"progress", "progress/flow", "progress/detect", "progress/eventlog", "progress/worker/proc"},
	"progress/upkeep":      {"progress", "progress/flow"},
	"progress/clients":     {"progress", "progress/watch"},
	"progress/nodetest":    {"progress", "progress/clients", "progress/eventlog", "progress/natsd", "progress/watch"}, // for tests only
	"api":                  {"api/badge", "progress", "progress/clients", "progress/flow", "progress/detect", "progress/watch"},
	"api/badge":            {},
	"api/client":           {},
	"api/bench":            {"api/bench/judge", "api/bench/usage"},
	"api/bench/judge":      {},
	"api/bench/usage":      {},
	"ws":                   {"progress", "progress/clients", "progress/watch"},
	"web":                  {},
	"cmd/runflow": {
		"api", "api/bench", "api/client", "ws", "web", "progress", "progress/clients", "progress/flow", "progress/eventlog", "progress/natsd", "progress/watch",
		"progress/worker", "progress/upkeep", "progress/folder",
	},
}

// only says which packages alone may import a library, so that a change of library touches one package.
var only = map[string][]string{
	"github.com/nats-io/nats-server/v2": {"progress/natsd"},
	"github.com/nats-io/nats.go":        {"progress/natsd", "progress/eventlog", "progress/nodetest", "cmd/runflow"},
	"github.com/labstack/echo/v4":       {"api"},
	"github.com/olahol/melody":          {"ws"},
	"github.com/gorilla/websocket":      {"ws", "api/bench"},
	"github.com/spf13/cobra":            {"cmd/runflow"},
	"go.yaml.in/yaml/v3":                {"progress/flow"},
	"github.com/creack/pty":             {"progress/worker/proc"},
}

// TestArrows holds what each package imports, tests apart, against the tables above.
func TestArrows(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		name, ok := strings.CutPrefix(p.ImportPath, module)
		if !ok {
			continue // this package
		}
		allowed, known := ours[name]
		if !known {
			t.Errorf("package %s is not in the picture: add it to ours and to docs/architecture.md", name)
			continue
		}
		seen++
		for _, imported := range p.Imports {
			if mine, ok := strings.CutPrefix(imported, module); ok && !slices.Contains(allowed, mine) {
				t.Errorf("%s must not import %s", name, mine)
			}
			for library, users := range only {
				if (imported == library || strings.HasPrefix(imported, library+"/")) && !slices.Contains(users, name) {
					t.Errorf("%s must not import %s", name, imported)
				}
			}
		}
	}
	if seen < len(ours) {
		t.Errorf("%d of %d packages seen", seen, len(ours))
	}
}
