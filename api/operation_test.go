package api_test

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/runflow/runflow/api"
	"github.com/runflow/runflow/web"
)

func TestBadges(t *testing.T) {
	h := start(t)
	h.want(201, "POST", "/tasks", `{"id":"a","title":"</text><script>alert(1)</script>\u0000&\"'"}`)
	h.reportJSON("a", `{"progress":42.9}`)
	r, svg := h.do("GET", "/tasks/a/badge.svg", "")
	if strings.Contains(svg, "<script") || !strings.Contains(svg, "running 42%") {
		t.Errorf("badge is %s", svg)
	}
	decoder := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	etag := r.Header.Get("ETag")
	if !strings.Contains(r.Header.Get("Cache-Control"), "no-cache") || etag == "" {
		t.Errorf("headers %v", r.Header)
	}
	if r, body := h.do("GET", "/tasks/a/badge.svg", "", "If-None-Match", `"x", W/`+etag); r.StatusCode != 304 || body != "" {
		t.Errorf("not changed: %d %s", r.StatusCode, body)
	}
	h.reportJSON("a", `{"state":"succeeded"}`)
	if r, _ := h.do("GET", "/tasks/a/badge.svg", "", "If-None-Match", etag); r.StatusCode != 200 || r.Header.Get("ETag") == etag {
		t.Errorf("changed: %d", r.StatusCode)
	}
	if _, svg := h.do("GET", "/flows/hash/badge.svg", ""); !strings.Contains(svg, "never run") {
		t.Errorf("badge is %s", svg)
	}
	h.want(201, "POST", "/tasks", `{"flow":"hash"}`)
	if _, svg := h.do("GET", "/flows/hash/badge.svg?label=build", ""); !strings.Contains(svg, "build: queued") {
		t.Errorf("badge is %s", svg)
	}
}

func TestPages(t *testing.T) {
	upgraded := false
	h := start(t, func(c *api.Config) {
		c.Pages = api.Pages{Dashboard: web.Dashboard(), Console: web.Console(), Task: web.TaskPage(), Assets: web.Assets()}
		c.WebSocket = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, upgraded = w.(http.Hijacker)
			http.Error(w, "no handshake", http.StatusBadRequest)
		})
	})
	h.task("a")
	const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	for path, want := range map[string]string{
		"/": "text/html", "/websocket": "text/html", "/tasks/a": "text/html", "/assets/none.js": "text/plain", "/ws": "text/plain",
	} {
		r, body := h.do("GET", path, "", "Accept", browser)
		if !strings.HasPrefix(r.Header.Get("Content-Type"), want) || body == "" {
			t.Errorf("%s: %d %v", path, r.StatusCode, r.Header)
		}
	}
	for _, accept := range []string{"", "*/*", "application/json", "application/json, text/html;q=0.9", "text/html;q=0"} {
		if r, _ := h.do("GET", "/tasks/a", "", "Accept", accept); r.Header.Get("Content-Type") != jsonType || r.Header.Get("Vary") != "Accept" {
			t.Errorf("Accept %q: %v", accept, r.Header)
		}
	}
	if !upgraded {
		t.Error("the WebSocket handler cannot take the connection over")
	}
	if r, body := h.do("HEAD", "/tasks/a", ""); r.StatusCode != 200 || body != "" || r.ContentLength < 100 {
		t.Errorf("HEAD: %d, %d bytes", r.StatusCode, r.ContentLength)
	}
}

func TestOperation(t *testing.T) {
	var fail error
	h := start(t, func(c *api.Config) { c.Ready = func(context.Context) error { return fail } })
	if got := h.want(200, "GET", "/healthz", ""); got["version"] != "test" {
		t.Errorf("health is %v", got)
	}
	h.want(200, "GET", "/readyz", "")
	fail = errors.New("secret address")
	if r, body := h.do("GET", "/readyz", ""); r.StatusCode != 503 || strings.Contains(body, "secret") {
		t.Errorf("not ready: %d %s", r.StatusCode, body)
	}
	h.task("a")
	h.do("GET", "/nothing/here", "")
	_, metrics := h.do("GET", "/metrics", "")
	for _, want := range []string{
		`runflow_tasks{state="queued"} 1`, `runflow_event_seq 1`, "go_goroutines", "process_",
		`runflow_http_requests_total{method="POST",route="/tasks",status="201"} 1`,
		`runflow_http_requests_total{method="GET",route="none",status="404"} 1`,
		`runflow_http_request_seconds_count{method="POST",route="/tasks"} 1`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %s in\n%s", want, metrics)
		}
	}
	h.want(200, "GET", "/openapi.json", "")
}
