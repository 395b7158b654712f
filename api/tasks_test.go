package api_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestCreateTask(t *testing.T) {
	h := start(t)
	r, _ := h.do("POST", "/tasks", `{"title":"Nightly import","labels":{"repo":"a/b"},"staleAfter":60,"metadata":{"a":1}}`,
		"Content-Type", "application/x-www-form-urlencoded")
	if r.StatusCode != 201 {
		t.Fatal(r.StatusCode)
	}
	task := h.want(200, "GET", r.Header.Get("Location"), "")
	if task["title"] != "Nightly import" || task["state"] != "queued" || task["staleAfter"] != 60.0 {
		t.Errorf("task is %v", task)
	}
	started := h.want(201, "POST", "/tasks", `{"flow":"hash","params":{"dir":"/usr"}}`, "Content-Type", jsonType)
	if started["title"] != "Hash a folder" || len(started["steps"].([]any)) != 2 {
		t.Errorf("task is %v", started)
	}
	if again := h.want(201, "POST", "/tasks/"+started["id"].(string)+"/rerun", ""); again["parent"] != started["id"] {
		t.Errorf("rerun is %v", again)
	}
	h.want(201, "POST", "/tasks", "")
}

func TestIdempotency(t *testing.T) {
	h := start(t)
	for _, body := range []string{`{"title":"one"}`, `{"id":"mine","title":"two"}`} {
		key := "key of " + body
		first := h.want(201, "POST", "/tasks", body, "Idempotency-Key", key)
		again := h.want(200, "POST", "/tasks", body, "Idempotency-Key", key)
		if first["id"] != again["id"] {
			t.Errorf("%s: %v, then %v", body, first["id"], again["id"])
		}
		problem := h.want(422, "POST", "/tasks", `{"title":"other"}`, "Idempotency-Key", key)
		if problem["code"] != "idempotency_conflict" {
			t.Errorf("code %v", problem["code"])
		}
	}
	if n := len(h.want(200, "GET", "/tasks", "")["tasks"].([]any)); n != 2 {
		t.Errorf("%d tasks, not 2", n)
	}
}

func TestLifeOfTask(t *testing.T) {
	h := start(t)
	h.task("a")
	h.reportJSON("a", `{"progress":50}`)
	if code := h.want(409, "DELETE", "/tasks/a", "")["code"]; code != "task_running" {
		t.Errorf("delete a running task: %v", code)
	}
	if state := h.want(202, "POST", "/tasks/a/cancel", "")["state"]; state != "canceled" {
		t.Errorf("state %v", state)
	}
	if code := h.want(409, "POST", "/tasks/a/cancel", "")["code"]; code != "task_ended" {
		t.Errorf("cancel twice: %v", code)
	}
	h.want(422, "POST", "/tasks/a/rerun", "")
	if r, _ := h.do("DELETE", "/tasks/a", ""); r.StatusCode != 204 {
		t.Errorf("delete: %d", r.StatusCode)
	}
	for _, call := range []string{"GET /tasks/a", "DELETE /tasks/a", "GET /tasks/a/logs", "GET /tasks/a/events", "GET /tasks/a/badge.svg",
		"POST /tasks/a/progress", "POST /tasks/a/logs", "POST /tasks/a/cancel", "POST /tasks/a/rerun"} {
		method, path, _ := strings.Cut(call, " ")
		if code := h.want(404, method, path, "")["code"]; code != "task_not_found" {
			t.Errorf("%s: %v", call, code)
		}
	}
}

func TestListTasks(t *testing.T) {
	h := start(t)
	for i := range 25 {
		h.want(201, "POST", "/tasks", fmt.Sprintf(`{"id":"t%02d","title":"Number %d","labels":{"odd":"%t","all":"yes"}}`, i, i, i%2 == 1))
	}
	h.reportJSON("t03", `{"progress":1}`)
	h.reportJSON("t05", `{"state":"canceled"}`)
	h.want(201, "POST", "/tasks", `{"flow":"hash","id":"run"}`)
	for query, want := range map[string]int{
		"":                                 26,
		"state=running":                    1,
		"state=running&state=queued":       25,
		"state=cancelled":                  1,
		"flow=hash":                        1,
		"label=odd%3Dtrue":                 12,
		"label=odd%3Dtrue&label=all%3Dyes": 12,
		"label=odd%3Dmaybe":                0,
		"q=NUMBER+2":                       6,
		"q=t07":                            1,
		"limit=7":                          7,
	} {
		if got := len(h.want(200, "GET", "/tasks?"+query, "")["tasks"].([]any)); got != want {
			t.Errorf("%q: %d tasks, not %d", query, got, want)
		}
	}
	var ids []string
	next := "/tasks?limit=5&label=" + url.QueryEscape("odd=true")
	for pages := 0; next != ""; pages++ {
		r, _ := h.do("GET", next, "")
		list := h.want(200, "GET", next, "")
		for _, task := range list["tasks"].([]any) {
			ids = append(ids, task.(map[string]any)["id"].(string))
		}
		link, _, more := strings.Cut(strings.TrimPrefix(r.Header.Get("Link"), "<"), ">")
		if more != (list["nextCursor"] != nil) {
			t.Errorf("Link %q with nextCursor %v", r.Header.Get("Link"), list["nextCursor"])
		}
		h.want(201, "POST", "/tasks", `{"labels":{"odd":"true"}}`) // what is new does not move the pages
		if next = ""; more {
			next = link
		}
	}
	if got := strings.Join(ids, " "); got != "t23 t21 t19 t17 t15 t13 t11 t09 t07 t05 t03 t01" {
		t.Errorf("pages: %s", got)
	}
}

func TestFlows(t *testing.T) {
	h := start(t)
	if n := len(h.want(200, "GET", "/flows", "")["flows"].([]any)); n != 1 {
		t.Errorf("%d flows", n)
	}
	f := h.want(200, "GET", "/flows/hash", "")
	params := f["params"].(map[string]any)
	if params["type"] != "object" || f["timeout"] != 60.0 || len(f["steps"].([]any)) != 2 {
		t.Errorf("flow is %v", f)
	}
	if _, body := h.do("GET", "/flows/hash", ""); strings.Contains(body, "true\"") {
		t.Errorf("tells what its steps run: %s", body)
	}
	if code := h.want(404, "GET", "/flows/none", "")["code"]; code != "flow_not_found" {
		t.Error(code)
	}
}
