package api_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/runflow/runflow/api"
	"github.com/runflow/runflow/progress/nodetest"
)

// TestHeartbeat holds that a quiet stream says that it lives, and that a watcher who does not read is dropped.
func TestHeartbeat(t *testing.T) {
	h := start(t, func(c *api.Config) { c.Heartbeat, c.Patience = 10*time.Millisecond, 300*time.Millisecond })
	h.task("a")
	for accept, mark := range map[string]string{"text/event-stream": ":", ndjsonType: ""} {
		ctx, cancel := context.WithCancel(t.Context())
		next := lines(h.open(ctx, "GET", "/tasks/a/events", nil, "Accept", accept).Body)
		for seen := 0; seen < 3; {
			line, more := next()
			if !more {
				t.Fatal("the stream ended")
			}
			if line == mark {
				seen++
			}
		}
		cancel()
	}
	r := h.open(t.Context(), "GET", "/events?logs=1&deliver=all", nil)
	defer r.Body.Close()
	nodetest.Eventually(t, "the watcher is dropped that does not read", func() bool {
		h.want(200, "POST", "/tasks/a/logs", strings.Repeat(strings.Repeat("x", 8000)+"\n", 50))
		_, metrics := h.do("GET", "/metrics", "")
		return strings.Contains(metrics, `runflow_http_watchers{transport="sse"} 0`)
	})
}

// TestTimeouts holds that http.Server's time-outs do not cut what lives long.
func TestTimeouts(t *testing.T) {
	h := startOn(t, nodetest.Options{}, true, func(c *api.Config) { c.Heartbeat = serverTimeout / 4 })
	h.task("a")
	var group sync.WaitGroup
	expect := func(method, path, contentType string, body io.Reader, want string) {
		group.Go(func() {
			r := h.open(t.Context(), method, path, body, "Content-Type", contentType)
			got, err := io.ReadAll(r.Body)
			if err != nil || r.StatusCode != 200 || !strings.Contains(string(got), want) {
				t.Errorf("%s %s: %d %q without %q: %v", method, path, r.StatusCode, got, want, err)
			}
		})
	}
	reports, writer := io.Pipe()
	logs, logWriter := io.Pipe()
	expect("GET", "/tasks/a/logs?follow=1", "", nil, "a line\n")
	expect("GET", "/tasks/a?wait=60&since=1000", "", nil, `"state":"succeeded"`)
	expect("POST", "/tasks/a/progress", ndjsonType, reports, `"seq"`)
	expect("POST", "/tasks/a/logs", "text/plain", logs, `"lines":1`)
	r, _ := h.watchTask(t.Context(), "/tasks/a/events")
	defer r.Body.Close()
	next := lines(r.Body)
	begun := time.Now()
	for time.Since(begun) < 3*serverTimeout { // each line is a heartbeat
		if _, more := next(); !more {
			t.Fatal("the stream was cut")
		}
	}
	fmt.Fprintln(writer, `{"progress":7}`)
	writer.Close()
	fmt.Fprintln(logWriter, "a line")
	logWriter.Close()
	nodetest.Eventually(t, "report and line are stored", func() bool {
		_, log := h.do("GET", "/tasks/a/logs", "")
		return h.want(200, "GET", "/tasks/a", "")["progress"] == 7.0 && log != ""
	})
	h.reportJSON("a", `{"state":"succeeded"}`)
	group.Wait()
	for line, more := next(); ; line, more = next() {
		if strings.Contains(line, `"state":"succeeded"`) {
			break
		} else if !more {
			t.Fatal("the stream ended without the final event")
		}
	}
}

// TestDrain holds that every kind of request that lives long ends when the server drains, and none begins.
func TestDrain(t *testing.T) {
	h := start(t)
	h.task("a")
	var group sync.WaitGroup
	type answer struct {
		status int
		body   string
	}
	answers := make(map[string]answer)
	var mu sync.Mutex
	open := func(method, path string, body io.Reader, header ...string) {
		group.Go(func() {
			r := h.open(t.Context(), method, path, body, header...)
			b, err := io.ReadAll(r.Body)
			if err != nil {
				t.Errorf("%s: %v", path, err)
			}
			mu.Lock()
			answers[method+" "+path+" "+strings.Join(header, " ")] = answer{r.StatusCode, string(b)}
			mu.Unlock()
		})
	}
	reports, writer := io.Pipe()
	defer writer.Close()
	logs, logWriter := io.Pipe()
	defer logWriter.Close()
	open("GET", "/tasks/a/events", nil)
	open("GET", "/events", nil, "Accept", ndjsonType)
	open("GET", "/tasks/a/logs?follow=1", nil)
	open("GET", "/tasks/a?wait=60&since=1000", nil)
	open("POST", "/tasks/a/progress", reports, "Content-Type", ndjsonType)
	open("POST", "/tasks/a/logs", logs, "Content-Type", "text/plain")
	fmt.Fprintln(writer, `{"progress":77}`)
	fmt.Fprintln(logWriter, "a line")
	nodetest.Eventually(t, "all are open and stored", func() bool {
		_, metrics := h.do("GET", "/metrics", "")
		for _, transport := range []string{"sse", "ndjson", "logs", "poll"} {
			if !strings.Contains(metrics, `runflow_http_watchers{transport="`+transport+`"} 1`) {
				return false
			}
		}
		_, log := h.do("GET", "/tasks/a/logs", "")
		return h.want(200, "GET", "/tasks/a", "")["progress"] == 77.0 && log == "a line\n"
	})
	if err := h.api.Drain(t.Context(), 3*time.Second); err != nil {
		t.Fatal(err)
	}
	group.Wait()
	for call, want := range map[string]answer{
		"GET /tasks/a/events ":                              {200, "stopping\nretry: "},
		"GET /events Accept " + ndjsonType:                  {200, `"progress":77`},
		"GET /tasks/a/logs?follow=1 ":                       {200, "a line\n"},
		"GET /tasks/a?wait=60&since=1000 ":                  {200, `"progress":77`},
		"POST /tasks/a/progress Content-Type " + ndjsonType: {503, "1 lines were stored"},
		"POST /tasks/a/logs Content-Type text/plain":        {503, "1 lines were stored"},
	} {
		if got := answers[call]; got.status != want.status || !strings.Contains(got.body, want.body) {
			t.Errorf("%s: %+v, not %+v", call, got, want)
		}
	}
	for _, path := range []string{"/readyz", "/events", "/tasks/a/events", "/tasks/a/logs?follow=1"} {
		if r, _ := h.do("GET", path, ""); r.StatusCode != 503 || r.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
	h.want(200, "GET", "/healthz", "")
	h.want(200, "GET", "/tasks/a?wait=60", "")
	h.reportJSON("a", `{"progress":78}`)
}
