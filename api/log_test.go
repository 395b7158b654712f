package api_test

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/runflow/runflow/progress/nodetest"
)

func TestLog(t *testing.T) {
	h := start(t)
	h.task("a")
	if got := h.want(200, "POST", "/tasks/a/logs", ""); got["lines"] != 0.0 {
		t.Errorf("no line: %v", got)
	}
	h.want(200, "POST", "/tasks/a/logs", "\x1b[32mone\x1b[0m\r\ntwo", "Content-Type", "text/plain; charset=utf-8")
	got := h.want(200, "POST", "/tasks/a/logs", `{"text":"three\nfour","stream":"stderr","step":"x"}`+"\n\n"+`{"text":""}`, "Content-Type", ndjsonType)
	if got["lines"] != 3.0 {
		t.Errorf("three lines: %v", got)
	}
	h.want(200, "POST", "/tasks/a/logs", "no \xff utf-8\n", "Content-Type", "application/octet-stream")
	all := []string{"\x1b[32mone\x1b[0m", "two", "three", "four", "", "no \uFFFD utf-8"}
	for query, from := range map[string]int{"": 0, "?from=1": 0, "?from=3": 2, "?tail=2": 4, "?tail=100": 0, "?tail=0": 6, "?from=50": 6} {
		want := strings.Join(append(all[from:len(all):len(all)], ""), "\n")
		r, body := h.do("GET", "/tasks/a/logs"+query, "")
		if body != want || r.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%s: %q, not %q", query, body, want)
		}
	}
}

// TestLongLines holds that a line over 8 KiB is split and loses nothing, not in the middle of a character.
func TestLongLines(t *testing.T) {
	h := start(t)
	long := strings.Repeat("进度🙂x", 5000)
	for i, body := range []string{long, long + "\n", `{"text":"` + long[:40_000-1] + `"}`} {
		id := fmt.Sprint("t", i)
		h.task(id)
		contentType := "text/plain"
		want := long
		if body[0] == '{' {
			contentType = ndjsonType
			want = strings.ToValidUTF8(long[:40_000-1], "")
			body = `{"text":"` + want + `"}`
		}
		got := h.want(200, "POST", "/tasks/"+id+"/logs", body, "Content-Type", contentType)
		_, log := h.do("GET", "/tasks/"+id+"/logs", "")
		if strings.ReplaceAll(log, "\n", "") != want || strings.Count(log, "\n") != len(want)/8190+1 || got["lines"] != float64(len(want)/8190+1) {
			t.Errorf("%d: %d bytes in %d lines of %d bytes, answered %v", i, len(log), strings.Count(log, "\n"), len(want), got)
		}
	}
}

// TestFollowLog holds that who follows gets every line once, wherever in the task's life he began.
func TestFollowLog(t *testing.T) {
	const count = 5000
	h := start(t)
	h.task("a")
	var want strings.Builder
	for i := 1; i <= count; i++ {
		fmt.Fprintf(&want, "line %d %s\n", i, strings.Repeat("x", i%100))
	}
	reader, writer := io.Pipe()
	var group sync.WaitGroup
	follow := func() {
		group.Go(func() {
			body, err := io.ReadAll(h.open(t.Context(), "GET", "/tasks/a/logs?follow=1", nil).Body)
			if err != nil || string(body) != want.String() {
				t.Errorf("followed %d bytes of %d: %v", len(body), want.Len(), err)
			}
		})
	}
	follow()
	group.Go(func() {
		r := h.open(t.Context(), "POST", "/tasks/a/logs", reader, "Content-Type", "text/plain")
		body, _ := io.ReadAll(r.Body)
		if !strings.Contains(string(body), fmt.Sprintf(`"lines":%d}`, count)) {
			t.Errorf("%d %s", r.StatusCode, body)
		}
		h.reportJSON("a", `{"state":"succeeded"}`)
	})
	for i, line := range strings.SplitAfter(want.String(), "\n") {
		_, _ = io.WriteString(writer, line)
		if i == 1 { // a line does not wait for the next
			nodetest.Eventually(t, "the first lines are there", func() bool {
				_, log := h.do("GET", "/tasks/a/logs", "")
				return strings.Count(log, "\n") == 2
			})
		}
		if i%1000 == 500 {
			follow()
		}
	}
	writer.Close()
	group.Wait()
	follow()
	group.Wait()
	if _, tail := h.do("GET", "/tasks/a/logs?tail=1&follow=1", ""); !strings.HasPrefix(tail, "line 5000 ") {
		t.Errorf("tail %q", tail)
	}
}
