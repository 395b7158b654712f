package api_test

import (
	"fmt"
	"testing"
	"time"
)

func TestLongPoll(t *testing.T) {
	h := start(t)
	h.task("a")
	seq := h.reportJSON("a", `{"progress":1}`)["seq"]
	begun := time.Now()
	if task := h.want(200, "GET", "/tasks/a?wait=60&since=0", ""); task["seq"] != seq {
		t.Errorf("behind since: %v", task)
	}
	if task := h.want(200, "GET", "/tasks/a?wait=0.05", ""); task["seq"] != seq {
		t.Errorf("nothing happened: %v", task)
	}
	answered := make(chan map[string]any)
	for range 2 {
		go func() { answered <- h.want(200, "GET", fmt.Sprintf("/tasks/a?wait=60&since=%v", seq), "") }()
	}
	h.reportJSON("a", `{"progress":2}`)
	for range 2 {
		if task := <-answered; task["progress"] != 2.0 {
			t.Errorf("it moved on: %v", task)
		}
	}
	h.reportJSON("a", `{"state":"failed","error":"broken"}`)
	task := h.want(200, "GET", "/tasks/a?wait=60&since=100000", "")
	if task["state"] != "failed" || task["reason"] != "reported" || task["error"] != "broken" {
		t.Errorf("it has ended: %v", task)
	}
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("took %s", took)
	}
}
