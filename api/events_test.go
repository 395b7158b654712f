package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/runflow/runflow/progress"
)

// watchTask opens a stream of events, on a client of its own so that a cut concerns no other.
func (h *harness) watchTask(ctx context.Context, path string, header ...string) (*http.Response, func() (event, bool)) {
	h.t.Helper()
	r := h.open(ctx, "GET", path, nil, header...)
	return r, sseEvents(h.t, r.Body)
}

func TestEventStream(t *testing.T) {
	h := start(t)
	h.task("a")
	r, next := h.watchTask(t.Context(), "/tasks/a/events")
	defer r.Body.Close()
	for name, want := range map[string]string{
		"Content-Type": "text/event-stream", "Cache-Control": "no-cache, no-store", "X-Accel-Buffering": "no",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
	}
	e, _ := next()
	if e.name != "progress" || e.data["snapshot"] != true || e.data["title"] != "Task a" || e.id != fmt.Sprint(e.seq()) {
		t.Errorf("snapshot is %+v", e)
	}
	h.reportJSON("a", `{"progress":5,"message":"处理中...\n二"}`)
	if e, _ = next(); e.data["progress"] != 5.0 || e.data["message"] != "处理中...\n二" || e.data["taskId"] != "a" {
		t.Errorf("event is %+v", e)
	}
	h.want(200, "POST", "/tasks/a/logs", "not asked for")
	h.reportJSON("a", "{\"state\":\"succeeded\",\"result\":{\n\"a\":\n1}}")
	if e, _ = next(); e.state() != "succeeded" || e.data["progress"] != 100.0 {
		t.Errorf("event is %+v", e)
	}
	if e, more := next(); more {
		t.Errorf("behind the final event: %+v", e)
	}
	again, _ := h.do("GET", "/tasks/a/events", "", "Last-Event-ID", e.id)
	if again.StatusCode != 204 {
		t.Errorf("status %d after the end", again.StatusCode)
	}
	if r, _ := h.do("GET", "/tasks/a/events?last_event_id="+e.id, ""); r.StatusCode != 204 {
		t.Errorf("status %d after the end", r.StatusCode)
	}
	_, body := h.do("GET", "/tasks/a/events", "")
	if !strings.HasPrefix(body, ":") || strings.Count(body, "retry: ") != 1 || strings.Count(body, "\nevent: ") != 1 {
		t.Errorf("the stream of an ended task is %q", body)
	}
	// A seq of another log: its task's end is not this one's.
	if _, body := h.do("GET", "/tasks/a/events", "", "Last-Event-ID", "99999"); !strings.Contains(body, `"gap":true`) {
		t.Errorf("resumed from nowhere: %q", body)
	}
	if r, _ := h.do("HEAD", "/tasks/a/events", ""); r.StatusCode != 200 {
		t.Errorf("HEAD: %d", r.StatusCode)
	}
}

func TestEventStreamLogs(t *testing.T) {
	h := start(t)
	h.task("a")
	h.want(200, "POST", "/tasks/a/logs?step=build&stream=stderr", "one\ntwo\n")
	h.reportJSON("a", `{"state":"canceled"}`)
	_, body := h.do("GET", "/tasks/a/events?since=0&logs=1", "", "Accept", ndjsonType)
	var names []string
	for line := range strings.SplitSeq(strings.TrimSpace(body), "\n") {
		var frame struct {
			Event string
			Data  struct {
				From   int
				Lines  []string
				Step   string
				Stream string
			}
		}
		if err := json.Unmarshal([]byte(line), &frame); err != nil {
			t.Fatal(err, line)
		}
		names = append(names, frame.Event)
		if d := frame.Data; frame.Event == "log" && fmt.Sprint(d) != "{1 [one two] build stderr}" {
			t.Errorf("log is %v", d)
		}
	}
	if got := fmt.Sprint(names); got != "[progress log progress]" {
		t.Errorf("events %s: %s", got, body)
	}
}

// TestResumeExact holds that a watcher whose connection breaks again and again, while reports come at full speed, gets every
// event once, in order, and the final one last; then 204.
func TestResumeExact(t *testing.T) {
	const reports = 4000
	h := start(t)
	h.task("a")
	stored := map[uint64]bool{}
	var mu sync.Mutex
	var group sync.WaitGroup
	group.Go(func() {
		var receipts []*progress.Receipt
		for i := range reports {
			percent := float64(i) / reports * 100
			receipts = append(receipts, h.Service.Submit("a", progress.Report{Progress: &percent}))
			if i%200 == 199 {
				for _, r := range receipts {
					seq, err := r.Wait(t.Context())
					if err != nil {
						t.Error(err)
					}
					mu.Lock()
					stored[seq] = true
					mu.Unlock()
				}
				receipts = nil
			}
		}
		h.reportJSON("a", `{"state":"succeeded"}`)
	})
	for watcher := range 3 {
		group.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(watcher)))
			path, last, got := "/tasks/a/events?deliver=all&since=0", uint64(0), map[uint64]bool{}
			finals := 0
			for {
				header := []string{}
				if last > 0 {
					header = append(header, "Last-Event-ID", fmt.Sprint(last))
				}
				ctx, cancel := context.WithCancel(t.Context())
				r, next := h.watchTask(ctx, path, header...)
				if r.StatusCode == 204 {
					cancel()
					break
				}
				for n := random.IntN(400) + 1; n > 0; n-- {
					e, more := next()
					if !more {
						break
					}
					if e.seq() <= last || e.data["snapshot"] != nil {
						t.Errorf("watcher %d: %d after %d", watcher, e.seq(), last)
					}
					last = e.seq()
					got[last] = true
					if e.state() == "succeeded" {
						finals++
					} else if finals > 0 {
						t.Errorf("watcher %d: %d behind the final event", watcher, last)
					}
				}
				cancel()
				r.Body.Close()
			}
			mu.Lock()
			defer mu.Unlock()
			missing := 0
			for seq := range stored {
				if !got[seq] {
					missing++
				}
			}
			if finals != 1 || missing > 0 {
				t.Errorf("watcher %d: %d final events, %d of %d missing", watcher, finals, missing, len(stored))
			}
		})
	}
	group.Wait()
}

func TestEventsOfMany(t *testing.T) {
	h := start(t)
	for _, id := range []string{"a", "b", "c"} {
		h.want(201, "POST", "/tasks", `{"id":"`+id+`","labels":{"team":"`+id+`"}}`)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, all := h.watchTask(ctx, "/events")
	_, named := h.watchTask(ctx, "/events?taskId=a&taskId=b&taskId=later&wait=1")
	_, chosen := h.watchTask(ctx, "/events?label=team%3Dc&state=queued")
	for range 3 {
		all()
	}
	for range 2 {
		named()
	}
	chosen()
	for _, id := range []string{"a", "c", "b", "later"} {
		if id == "later" {
			h.task(id)
		}
		h.reportJSON(id, `{"progress":1}`)
	}
	expect := func(name string, next func() (event, bool), want ...string) {
		for _, w := range want {
			if e, _ := next(); fmt.Sprint(e.data["taskId"], " ", e.state()) != w {
				t.Errorf("%s: %v %s, not %s", name, e.data["taskId"], e.state(), w)
			}
		}
	}
	expect("all", all, "a running", "c running", "b running", "later queued", "later running")
	expect("named", named, "a running", "b running", "later queued", "later running")
	expect("chosen", chosen, "c running") // it left the filter, and that is told
}
