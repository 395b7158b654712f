package api_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/runflow/runflow/progress/nodetest"
)

const ndjsonType = "application/x-ndjson"

// TestReportForms holds that a report is stored when it is acknowledged, in whatever form it comes.
func TestReportForms(t *testing.T) {
	h := start(t)
	const form = "application/x-www-form-urlencoded"
	for i, c := range []struct {
		contentType, body string
		progress, message any
	}{
		{jsonType, `{"progress":45,"message":"half way"}`, 45.0, "half way"},
		{"application/vnd.x+json; charset=utf-8", `{"current":3,"total":4,"other":1}`, 75.0, ""},
		{jsonType, `[{"progress":1},{"progress":2,"message":"two"},{}]`, 2.0, "two"},
		{jsonType, ` []`, nil, ""},
		{ndjsonType, "{\"progress\":1}\n\n{\"progress\":30,\"message\":\"x\"}\r\n", 30.0, "x"},
		{ndjsonType, "", nil, ""},
		{form, "45 half way", 45.0, "half way"},
		{form, "425/1000 files", 42.5, ""},
		{form, "[45%] linking", nil, "[45%] linking"},
		{form, `{"progress":45}`, 45.0, ""},
		{form, "{\n \"progress\": 46\n}\n", 46.0, ""},
		{form, "{\"progress\":45}\n{\"progress\":47}\n", 47.0, ""},
		{form, `[{"progress":48}]`, 48.0, ""},
		{"", "49.5%\n处理中...", 49.5, "处理中..."},
		{"", "", nil, ""},
		{"text/plain", "10\n20 more\n", 20.0, "more"},
		{"text/plain", strings.Repeat("字", 2000), nil, strings.Repeat("字", 1024)},
	} {
		id := fmt.Sprint("t", i)
		h.task(id)
		answer := h.want(200, "POST", "/tasks/"+id+"/progress", c.body, "Content-Type", c.contentType)
		task := h.want(200, "GET", "/tasks/"+id, "")
		if task["progress"] != c.progress || task["message"] != c.message || task["seq"] != answer["seq"] {
			t.Errorf("%s %q: progress %v, message %v, seq %v; answered %v",
				c.contentType, c.body, task["progress"], task["message"], task["seq"], answer)
		}
		if task["state"] != "running" {
			t.Errorf("%s %q: state %v", c.contentType, c.body, task["state"])
		}
	}
}

func TestReportAfterEnd(t *testing.T) {
	h := start(t)
	h.task("a")
	h.reportJSON("a", `{"state":"succeeded","result":{"files":3}}`)
	for contentType, body := range map[string]string{jsonType: `{"progress":1}`, ndjsonType: `{"progress":1}`, "text/plain": "1"} {
		if code := h.want(409, "POST", "/tasks/a/progress", body, "Content-Type", contentType)["code"]; code != "task_ended" {
			t.Errorf("%s: %v", contentType, code)
		}
	}
	if code := h.want(409, "POST", "/tasks/a/logs", "late")["code"]; code != "task_ended" {
		t.Errorf("log: %v", code)
	}
	if task := h.want(200, "GET", "/tasks/a", ""); task["progress"] != 100.0 || task["state"] != "succeeded" {
		t.Errorf("task is %v", task)
	}
}

// TestReportStream holds that each line of a stream counts when it comes, not when the stream ends.
func TestReportStream(t *testing.T) {
	h := start(t)
	h.task("a")
	reader, writer := io.Pipe()
	answered := make(chan string, 1)
	go func() {
		r := h.open(t.Context(), "POST", "/tasks/a/progress", reader, "Content-Type", ndjsonType)
		body, _ := io.ReadAll(r.Body)
		answered <- fmt.Sprint(r.StatusCode, " ", string(body))
	}()
	seq := 0.0
	for i := 1; i <= 50; i++ {
		fmt.Fprintf(writer, "{\"progress\":%d}\n", i)
		task := h.want(200, "GET", fmt.Sprintf("/tasks/a?wait=10&since=%v", int(seq)), "")
		for task["progress"] != float64(i) { // its creation is a change too
			task = h.want(200, "GET", fmt.Sprintf("/tasks/a?wait=10&since=%v", int(task["seq"].(float64))), "")
		}
		seq = task["seq"].(float64)
	}
	writer.Close()
	if got := <-answered; got != fmt.Sprintf("200 {\"seq\":%d}\n", int(seq)) {
		t.Errorf("answer %q, seq is %v", got, seq)
	}
}

// TestReportStreamRefused holds that what came before a bad line is stored, and that the answer names the line.
func TestReportStreamRefused(t *testing.T) {
	h := start(t)
	for i, c := range []struct {
		contentType, line string
		status            int
		detail            string
	}{
		{ndjsonType, `{"progress":`, 400, "line 3: body is not valid JSON"},
		{ndjsonType, `{"progress":"x"}`, 422, "line 3: progress must be a number, not a string"},
		{ndjsonType, `7`, 422, "line 3: body must be an object, not a number"},
		{ndjsonType, `{"state":"queued"}`, 422, "line 3: state is set by the server"},
		{ndjsonType, `{"message":"` + strings.Repeat("x", 70_000) + `"}`, 413, "line 3 is longer than"},
		{"text/plain", "\xff\xfe", 400, "line 3: body is not valid UTF-8"},
	} {
		id := fmt.Sprint("t", i)
		h.task(id)
		first := "{\"progress\":1}\n{\"progress\":2}\n"
		if c.contentType == "text/plain" {
			first = "1\n2\n"
		}
		problem := h.want(c.status, "POST", "/tasks/"+id+"/progress", first+c.line+"\n"+first, "Content-Type", c.contentType)
		if detail := problem["detail"].(string); !strings.HasPrefix(detail, c.detail) {
			t.Errorf("%.40s: detail %q", c.line, detail)
		}
		if task := h.want(200, "GET", "/tasks/"+id, ""); task["progress"] != 2.0 {
			t.Errorf("%.40s: progress %v", c.line, task["progress"])
		}
	}
}

// TestReportStreamEnded holds that who streams learns at once that his task has ended, though he sends nothing.
func TestReportStreamEnded(t *testing.T) {
	h := start(t)
	h.task("a")
	reader, writer := io.Pipe()
	defer writer.Close()
	answered := make(chan int, 1)
	go func() {
		answered <- h.open(t.Context(), "POST", "/tasks/a/progress", reader, "Content-Type", ndjsonType).StatusCode
	}()
	fmt.Fprintln(writer, `{"progress":1}`)
	nodetest.Eventually(t, "the first line is stored", func() bool {
		return h.want(200, "GET", "/tasks/a", "")["progress"] == 1.0
	})
	h.want(202, "POST", "/tasks/a/cancel", "")
	fmt.Fprintln(writer, `{"progress":2}`)
	if status := <-answered; status != 409 {
		t.Errorf("status %d", status)
	}
}
