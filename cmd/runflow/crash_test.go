//go:build unix

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// reporter reports numbers on one task, and lines to its log, each until it is acknowledged.
type reporter struct {
	id     string
	acked  map[uint64]string // seq → message
	lines  []string
	newest uint64
}

func (r *reporter) run(ctx context.Context, t testing.TB, url string, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for n := 0; ctx.Err() == nil; n++ {
		message := fmt.Sprint("number ", n)
		if seq, ok := r.send(ctx, t, url+"/tasks/"+r.id+"/progress", message); ok {
			if seq <= r.newest {
				t.Errorf("task %s: seq %d was acknowledged after %d", r.id, seq, r.newest)
			}
			r.newest = seq
			r.acked[seq] = message
		}
		if n%10 == 0 {
			if _, ok := r.send(ctx, t, url+"/tasks/"+r.id+"/logs", message); ok {
				r.lines = append(r.lines, message)
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// send posts a text until it is acknowledged, through any number of crashes; false when ctx ended first.
func (r *reporter) send(ctx context.Context, t testing.TB, url, text string) (uint64, bool) {
	for ctx.Err() == nil {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(text))
		if err != nil {
			t.Error(err)
			return 0, false
		}
		req.Header.Set("Content-Type", "text/plain")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			continue
		}
		var answer struct{ Seq uint64 }
		err = json.NewDecoder(resp.Body).Decode(&answer)
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK && err == nil {
			return answer.Seq, true
		}
		if resp.StatusCode < 500 {
			t.Errorf("POST %s: %s", url, resp.Status)
			return 0, false
		}
	}
	return 0, false
}

// TestKillNine kills the server ten times while ten tasks report a hundred times a second each, and holds what was
// acknowledged against what is there in the end.
func TestKillNine(t *testing.T) {
	const kills, tasks = 10, 10
	data, address := t.TempDir(), freeAddress(t)
	p := serveOn(t, address, data, "--report-rate", "0")
	reporters := make([]*reporter, tasks)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var running sync.WaitGroup
	for i := range reporters {
		r := &reporter{id: fmt.Sprint("task-", i), acked: map[uint64]string{}}
		p.create(fmt.Sprintf(`{"id":%q,"title":"T"}`, r.id))
		reporters[i] = r
		running.Add(1)
		go func() {
			defer running.Done()
			r.run(ctx, t, p.url, 10*time.Millisecond)
		}()
	}
	between := time.NewTicker(400 * time.Millisecond)
	defer between.Stop()
	for range kills {
		<-between.C
		p.kill()
		p = serveOn(t, address, data, "--report-rate", "0")
		between.Reset(400 * time.Millisecond)
	}
	<-between.C
	stop()
	running.Wait()
	total := 0
	for _, r := range reporters {
		total += len(r.acked)
		r.check(t, p)
	}
	t.Logf("%d acknowledged reports through %d kills", total, kills)
	if total < 500 {
		t.Errorf("only %d reports: this test has shown little", total)
	}
}

// check reads the task's whole history and log.
func (r *reporter) check(t *testing.T, p *process) {
	t.Helper()
	if status, _, err := p.post("/tasks/"+r.id+"/progress", "application/json", `{"state":"succeeded"}`); err != nil || status != 200 {
		t.Fatalf("end task %s: %d %v", r.id, status, err)
	}
	stored := map[uint64]string{}
	var last uint64
	for line := range strings.Lines(p.get("/tasks/" + r.id + "/events?last_event_id=0")) {
		var e struct {
			Data struct {
				Seq     uint64
				Message string
			}
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if e.Data.Seq <= last {
			t.Errorf("task %s: seq %d after %d", r.id, e.Data.Seq, last)
		}
		last = e.Data.Seq
		stored[e.Data.Seq] = e.Data.Message
	}
	for seq, message := range r.acked {
		if stored[seq] != message {
			t.Errorf("task %s: %q was acknowledged as %d, where %q is", r.id, message, seq, stored[seq])
		}
	}
	there := map[string]bool{}
	for scan := bufio.NewScanner(strings.NewReader(p.get("/tasks/" + r.id + "/logs"))); scan.Scan(); {
		there[scan.Text()] = true
	}
	for _, line := range r.lines {
		if !there[line] {
			t.Errorf("task %s: the line %q was acknowledged and is gone", r.id, line)
		}
	}
}

// TestKillNineOfARunningFlow: no flow task stays running that nobody runs.
func TestKillNineOfARunningFlow(t *testing.T) {
	dir := t.TempDir()
	flows, mark := filepath.Join(dir, "flows.yaml"), filepath.Join(dir, "mark")
	err := os.WriteFile(flows, []byte(`
flows:
  once: {steps: [{name: a, run: "echo begun; exec sleep 600"}]}
  again:
    params: {mark: {type: string}}
    retry: {attempts: 2, delay: 0s, on: [lost]}
    steps: [{name: a, run: 'test -e "$RUNFLOW_PARAM_MARK" && exit 0; touch "$RUNFLOW_PARAM_MARK"; exec sleep 600'}]
`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	data, address := t.TempDir(), freeAddress(t)
	p := serveOn(t, address, data, "--flows", flows)
	once := p.create(`{"flow":"once"}`)
	again := p.create(fmt.Sprintf(`{"flow":"again","params":{"mark":%q}}`, mark))
	eventually(t, "both run", func() bool {
		_, err := os.Stat(mark)
		return err == nil && strings.Contains(p.get("/tasks/"+once+"/logs"), "begun")
	})
	p.kill()
	p = serveOn(t, address, data, "--flows", flows)
	eventually(t, "both have ended", func() bool {
		return p.task(once)["endedAt"] != nil && p.task(again)["endedAt"] != nil
	})
	if task := p.task(once); task["state"] != "failed" || task["reason"] != "lost" {
		t.Errorf("once: %v", task)
	}
	if task := p.task(again); task["state"] != "succeeded" || task["attempt"] != 2.0 {
		t.Errorf("again: %v", task)
	}
}
