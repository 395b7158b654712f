package api_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/runflow/runflow/api"
	"github.com/runflow/runflow/progress"
)

// TestProblems holds every refusal to its golden body.
func TestProblems(t *testing.T) {
	h := start(t)
	h.task("a")
	h.want(201, "POST", "/tasks", `{"id":"f","flow":"hash"}`)
	h.task("ended")
	h.reportJSON("ended", `{"state":"failed","error":"broken"}`)
	big := strings.Repeat("x", 70_000)
	var got strings.Builder
	for _, c := range []struct{ call, contentType, body string }{
		{"GET /nothing", "", ""},
		{"PUT /tasks", "", ""},
		{"POST /healthz", "", ""},
		{"GET /tasks/unknown", "", ""},
		{"GET /tasks/%2e%2e", "", ""},
		{"GET /tasks/*", "", ""},
		{"GET /tasks/a.%3E", "", ""},
		{"POST /tasks/*/progress", "", "1"},
		{"POST /tasks/*/cancel", "", ""},
		{"DELETE /tasks/*", "", ""},
		{"GET /tasks/*/logs", "", ""},
		{"POST /tasks/*/logs", "", "x"},
		{"GET /tasks/*/events?wait=1", "", ""},
		{"GET /events?taskId=*&wait=1", "", ""},
		{"GET /flows/none", "", ""},
		{"GET /flows/none/badge.svg", "", ""},
		{"POST /tasks", jsonType, `{"title":`},
		{"POST /tasks", jsonType, "{\"title\":\"\xff\"}"},
		{"POST /tasks", jsonType, `[1]`},
		{"POST /tasks", jsonType, `null`},
		{"POST /tasks", jsonType, `{} {}`},
		{"POST /tasks", jsonType, `{"titel":"x","lables":{}}`},
		{"POST /tasks", jsonType, `{"title":1,"labels":{"a":2},"staleAfter":"x","id":"a/b","metadata":[]}`},
		{"POST /tasks", jsonType, `{"id":"a/b","metadata":[],"staleAfter":0}`},
		{"POST /tasks", jsonType, `{"id":"a"}`},
		{"POST /tasks", jsonType, `{"flow":"none"}`},
		{"POST /tasks", jsonType, `{"flow":"hash","params":{"dir":7,"other":1}}`},
		{"POST /tasks", jsonType, `{"params":{"dir":"x"}}`},
		{"POST /tasks", jsonType, `{"title":"` + strings.Repeat(big, 4) + `"}`},
		{"POST /tasks", "image/png", `x`},
		{"POST /tasks", "a/b/c", `x`},
		{"POST /tasks/a/progress", jsonType, ``},
		{"POST /tasks/a/progress", jsonType, `{"progress":"45"}`},
		{"POST /tasks/a/progress", jsonType, `{"progress":1e999,"message":[],"reset":1,"state":"done"}`},
		{"POST /tasks/a/progress", jsonType, `{"state":"done"}`},
		{"POST /tasks/a/progress", jsonType, `NaN`},
		{"POST /tasks/a/progress", jsonType, `"45"`},
		{"POST /tasks/a/progress", jsonType, `{"progress":45`},
		{"POST /tasks/a/progress", jsonType, "{\"message\":\"\xc3\x28\"}"},
		{"POST /tasks/a/progress", jsonType, `[{"progress":1},{"progress":"x"}]`},
		{"POST /tasks/a/progress", jsonType, `{"message":"` + big + `"}`},
		{"POST /tasks/a/progress", jsonType, `{"message":"` + big[:2000] + `"}`},
		{"POST /tasks/a/progress", jsonType, `{"metadata":[]}`},
		{"POST /tasks/a/progress", "", `{"progress":`},
		{"POST /tasks/a/progress", "multipart/form-data; boundary=x", `x`},
		{"POST /tasks/f/progress", jsonType, `{"state":"succeeded"}`},
		{"POST /tasks/a/logs", jsonType, `{"text":"x"}`},
		{"POST /tasks/a/logs", ndjsonType, `{"txt":"x"}`},
		{"POST /tasks/a/logs", ndjsonType, "{\"text\":\"ok\"}\n{\"text\":\"x\",\"stream\":\"out\"}"},
		{"POST /tasks/a/logs?stream=out", "text/plain", "x"},
		{"POST /tasks/ended/logs", "text/plain", "one\ntwo"},
		{"POST /tasks/ended/cancel", "", ""},
		{"POST /tasks/ended/rerun", "", ""},
		{"DELETE /tasks/a", "", ""},
		{"GET /tasks?limit=0", "", ""},
		{"GET /tasks?limit=501", "", ""},
		{"GET /tasks?limit=x", "", ""},
		{"GET /tasks?cursor=%00", "", ""},
		{"GET /tasks?cursor=AA", "", ""},
		{"GET /tasks?state=done", "", ""},
		{"GET /tasks?label=x", "", ""},
		{"GET /tasks?label=x%3D1&label=x%3D2", "", ""},
		{"GET /tasks/a?wait=-1", "", ""},
		{"GET /tasks/a?wait=NaN", "", ""},
		{"GET /tasks/a?wait=1&since=x", "", ""},
		{"GET /tasks/a/logs?from=0", "", ""},
		{"GET /tasks/a/logs?from=1&tail=1", "", ""},
		{"GET /tasks/a/logs?follow=maybe", "", ""},
		{"GET /tasks/unknown/events", "", ""},
		{"GET /tasks/a/events?since=-1", "", ""},
		{"GET /tasks/a/events?deliver=some", "", ""},
		{"GET /events?taskId=unknown", "", ""},
		{"GET /events?taskId=a&state=running", "", ""},
		{"GET /events?logs=x", "", ""},
		{"GET /", "", ""},
		{"GET /ws", "", ""},
	} {
		method, path, _ := strings.Cut(c.call, " ")
		r, body := h.do(method, path, c.body, "Content-Type", c.contentType)
		if r.StatusCode < 400 || r.StatusCode >= 500 {
			t.Errorf("%s %.60s: %d", c.call, c.body, r.StatusCode)
		}
		if len(c.body) > 100 {
			c.body = fmt.Sprintf("%s… (%d bytes)", c.body[:20], len(c.body))
		}
		fmt.Fprintf(&got, "%s %s %q\n", c.call, c.contentType, c.body)
		for _, name := range []string{"Allow", "Retry-After"} {
			if v := r.Header.Get(name); v != "" {
				fmt.Fprintf(&got, "%s: %s\n", name, v)
			}
		}
		got.WriteString(body + "\n")
	}
	golden(t, "testdata/problems.golden", got.String())
	if task := h.want(200, "GET", "/tasks/a", ""); task["state"] != "queued" {
		t.Errorf("something of it was stored: %v", task)
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	w, g := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			t.Fatalf("%s:%d: %s\nnot %s", path, i+1, g[i], w[i])
		}
	}
	t.Fatalf("%s: %d lines, not %d", path, len(g), len(w))
}

// broken fails in ways that the real Service seldom does; it is the real one for all else.
type broken struct {
	api.Tasks
	err   error
	panic bool
}

func (b *broken) Create(context.Context, progress.Draft) (progress.Task, bool, error) {
	if b.panic {
		panic("secret cause")
	}
	return progress.Task{}, false, b.err
}

// TestPanic holds that a panic costs its request alone, and that a 500 tells nothing but the id under which the cause is
// in the log.
func TestPanic(t *testing.T) {
	fail := &broken{}
	h := start(t, func(c *api.Config) { fail.Tasks, c.Tasks = c.Tasks, fail })
	for _, fail.panic = range []bool{true, false} {
		fail.err = errors.New("secret cause")
		r, body := h.do("POST", "/tasks", "{}", "X-Request-Id", "my-id")
		if r.StatusCode != 500 || strings.Contains(body, "secret") || !strings.Contains(body, `"requestId":"my-id"`) {
			t.Errorf("%d %s", r.StatusCode, body)
		}
	}
	if n := len(regexp.MustCompile(`id=my-id .*secret cause`).FindAllString(h.log.String(), -1)); n != 2 {
		t.Errorf("the cause is in the log %d times, not twice:\n%s", n, h.log)
	}
	for err, want := range map[error]string{
		fmt.Errorf("queue: %w", progress.ErrQueueFull):                              "429 queue_full 5",
		fmt.Errorf("append: %w: %w", progress.ErrUnavailable, errors.New("secret")): "503 log_unavailable 2",
		context.DeadlineExceeded:                                                    "503 log_unavailable 2",
	} {
		fail.err = err
		r, body := h.do("POST", "/tasks", "{}")
		code := regexp.MustCompile(`"code":"(\w+)"`).FindStringSubmatch(body)[1]
		if got := fmt.Sprint(r.StatusCode, " ", code, " ", r.Header.Get("Retry-After")); got != want || strings.Contains(body, "secret") {
			t.Errorf("%v: %s, not %s: %s", err, got, want, body)
		}
	}
}
