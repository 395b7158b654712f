package api_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/runflow/runflow/api"
	"github.com/runflow/runflow/progress/flow"
	"github.com/runflow/runflow/progress/nodetest"
)

var update = flag.Bool("update", false, "write the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const flowsYAML = `flows:
  hash:
    title: Hash a folder
    description: All of it
    concurrency: 1
    timeout: 1m
    params:
      dir: {type: string, default: /tmp, maxLength: 64}
    steps:
      - {name: list, run: "true"}
      - {name: sum, run: "true", weight: 8}
`

// harness is a whole node behind HTTP, and a client whose every answer is checked against the OpenAPI document.
type harness struct {
	*nodetest.Node
	api    *api.Server
	url    string
	client *http.Client
	log    *syncBuffer
	t      testing.TB

	timeout time.Duration // of http.Server
}

const serverTimeout = 200 * time.Millisecond

func start(t testing.TB, change ...func(*api.Config)) *harness {
	t.Helper()
	return startOn(t, nodetest.Options{}, false, change...)
}

// startOn is start with a node of these options, and with http.Server's time-outs so short that every stream meets them.
func startOn(t testing.TB, o nodetest.Options, short bool, change ...func(*api.Config)) *harness {
	t.Helper()
	path := filepath.Join(t.TempDir(), "flows.yaml")
	if err := os.WriteFile(path, []byte(flowsYAML), 0o600); err != nil {
		t.Fatal(err)
	}
	catalog, err := flow.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	o.Flows = catalog
	h := &harness{Node: nodetest.Start(t, o), log: &syncBuffer{}, t: t, timeout: 20 * time.Second}
	if short {
		h.timeout = serverTimeout
	}
	cfg := api.Config{
		Tasks: h.Service, View: h.View, Log: h.Log, Flows: catalog, Clients: h.Clients, Version: "test",
		Logger: slog.New(slog.NewTextHandler(h.log, nil)),
	}
	for _, f := range change {
		f(&cfg)
	}
	h.api = api.New(cfg)
	server := httptest.NewUnstartedServer(h.api)
	server.Config.ReadTimeout, server.Config.WriteTimeout = h.timeout, h.timeout
	server.Start()
	h.url = server.URL
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	h.client = &http.Client{Transport: &checked{t: t, base: transport, url: server.URL}}
	if _, bench := t.(*testing.B); bench {
		h.client.Transport = transport
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := h.api.Drain(ctx, time.Second); err != nil {
			t.Errorf("drain: %v", err)
		}
		transport.CloseIdleConnections()
		server.Close()
	})
	return h
}

// do sends a request and reads the whole answer. header is name, value, name, value.
func (h *harness) do(method, path, body string, header ...string) (*http.Response, string) {
	h.t.Helper()
	r := h.open(h.t.Context(), method, path, strings.NewReader(body), header...)
	defer r.Body.Close()
	got, err := io.ReadAll(r.Body)
	if err != nil {
		h.t.Fatalf("%s %s: read answer: %v", method, path, err)
	}
	return r, string(got)
}

// open sends a request and leaves the answer's body to the caller.
func (h *harness) open(ctx context.Context, method, path string, body io.Reader, header ...string) *http.Response {
	h.t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, h.url+path, body)
	if err != nil {
		h.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	r, err := h.client.Do(req)
	if err != nil {
		h.t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

// want is do for an answer of a known status, read as JSON.
func (h *harness) want(status int, method, path, body string, header ...string) map[string]any {
	h.t.Helper()
	r, got := h.do(method, path, body, header...)
	if r.StatusCode != status {
		h.t.Fatalf("%s %s %s: %d, not %d: %s", method, path, body, r.StatusCode, status, got)
	}
	var v map[string]any
	if got != "" {
		if err := json.Unmarshal([]byte(got), &v); err != nil {
			h.t.Fatalf("%s %s: %v in %q", method, path, err, got)
		}
	}
	return v
}

// task opens a reporter's task.
func (h *harness) task(id string) {
	h.t.Helper()
	h.want(201, "POST", "/tasks", `{"id":"`+id+`","title":"Task `+id+`"}`)
}

const jsonType = "application/json"

func (h *harness) reportJSON(id, body string) map[string]any {
	h.t.Helper()
	return h.want(200, "POST", "/tasks/"+id+"/progress", body, "Content-Type", jsonType)
}

// lines hands out the lines of a stream.
func lines(r io.Reader) func() (string, bool) {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, 1<<20)
	return func() (string, bool) {
		ok := scanner.Scan()
		return scanner.Text(), ok
	}
}

// event is one of a stream.
type event struct {
	id   string
	name string
	data map[string]any
}

func (e event) seq() uint64   { return uint64(e.data["seq"].(float64)) }
func (e event) state() string { s, _ := e.data["state"].(string); return s }

// sseEvents hands out the events of an SSE stream, until it ends.
func sseEvents(t testing.TB, r io.Reader) func() (event, bool) {
	next := lines(r)
	return func() (event, bool) {
		var e event
		for {
			line, ok := next()
			if !ok {
				return e, false
			}
			name, value, _ := strings.Cut(line, ": ")
			switch {
			case name == "id":
				e.id = value
			case name == "event":
				e.name = value
			case name == "data":
				if err := json.Unmarshal([]byte(value), &e.data); err != nil {
					t.Errorf("event %s: %v", e.id, err)
					return e, false
				}
			case line == "" && e.name != "":
				return e, true
			}
		}
	}
}

// syncBuffer is a log that the test reads while the server writes.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
