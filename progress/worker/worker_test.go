//go:build unix

package worker_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/flow"
	"github.com/runflow/runflow/progress/nodetest"
	"github.com/runflow/runflow/progress/worker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type fixture struct {
	*nodetest.Node
	dir  string
	stop func() // the worker, in order
}

// start runs a node with these flows and, unless slots is 0, a worker on it.
func start(t testing.TB, flows string, slots int) *fixture {
	t.Helper()
	file := filepath.Join(t.TempDir(), "flows.yaml")
	if err := os.WriteFile(file, []byte(flows), 0o600); err != nil {
		t.Fatal(err)
	}
	catalog, err := flow.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{Node: nodetest.Start(t, nodetest.Options{Flows: catalog}), dir: t.TempDir(), stop: func() {}}
	if slots > 0 {
		f.work(t, slots)
	}
	return f
}

// work starts a worker.
func (f *fixture) work(t testing.TB, slots int) {
	t.Helper()
	w := worker.New(worker.Config{
		Queue: f.Log, Tasks: f.Service, Slots: slots, Dir: filepath.Join(f.dir, "work"), URL: "http://127.0.0.1:1",
		Grace: 200 * time.Millisecond, Logger: slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	f.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(f.stop)
}

func (f *fixture) create(t testing.TB, name string, params any) string {
	t.Helper()
	p, err := json.Marshal(params)
	if err != nil {
		t.Fatal(err)
	}
	task, _, err := f.Service.Create(t.Context(), progress.Draft{Flow: name, Params: p})
	if err != nil {
		t.Fatal(err)
	}
	return task.Spec.ID
}

func (f *fixture) status(t testing.TB, id string) *progress.Status {
	t.Helper()
	task, err := f.View.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return task.Status
}

func (f *fixture) until(t testing.TB, id string, state progress.State) *progress.Status {
	t.Helper()
	var st *progress.Status
	nodetest.Eventually(t, "the task is "+string(state), func() bool {
		st = f.status(t, id)
		if st.State.Final() && st.State != state {
			t.Fatalf("the task is %s (%s: %s)\n%s", st.State, st.Reason, st.Error, f.log(t, id))
		}
		return st.State == state
	})
	return st
}

func (f *fixture) log(t testing.TB, id string) string {
	t.Helper()
	var lines []string
	err := f.Log.Lines(t.Context(), id, 1, func(e *progress.Event) error {
		if e.Log.From != len(lines)+1 {
			t.Errorf("line %d follows line %d", e.Log.From, len(lines))
		}
		lines = append(lines, e.Log.Lines...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

func TestStepsRunInOrder(t *testing.T) {
	f := start(t, `
flows:
  two:
    steps:
      - name: first
        run: |
          echo one; echo made > file.txt
          echo '50 half' > "$RUNFLOW_PROGRESS"
      - name: second
        args: [cat, file.txt]
        weight: 3
`, 1)
	id := f.create(t, "two", nil)
	st := f.until(t, id, progress.Succeeded)
	if got := f.log(t, id); got != "one\nmade" {
		t.Errorf("log %q", got)
	}
	for _, step := range st.Steps {
		if step.State != progress.Succeeded || step.ExitCode == nil || *step.ExitCode != 0 || *step.Progress != 100 {
			t.Errorf("step %+v", step)
		}
	}
	if *st.Progress != 100 || st.Attempt != 1 {
		t.Errorf("status %+v", st)
	}
	nodetest.Eventually(t, "the attempt's folder is removed", func() bool {
		left, _ := filepath.Glob(filepath.Join(f.dir, "work", "*"))
		return len(left) == 0
	})
}

func TestProgressIsTheWeightedMean(t *testing.T) {
	f := start(t, `
flows:
  part:
    steps:
      - {name: quick, run: "true"}
      - {name: slow, weight: 3, run: 'echo "40 on it" > "$RUNFLOW_PROGRESS"; while ! test -e "$RUNFLOW_PARAM_STOP"; do sleep 0.02; done'}
    params:
      stop: {type: string}
`, 1)
	stop := filepath.Join(t.TempDir(), "stop")
	id := f.create(t, "part", map[string]string{"stop": stop})
	nodetest.Eventually(t, "40 % of the slow step", func() bool {
		st := f.status(t, id)
		return st.Progress != nil && *st.Progress == 55 && st.Message == "on it" && st.Step == "slow"
	})
	if err := os.WriteFile(stop, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f.until(t, id, progress.Succeeded)
}

func TestParametersAreNeverExecuted(t *testing.T) {
	marker := filepath.Join(t.TempDir(), "executed")
	f := start(t, `
flows:
  say:
    params: {text: {type: string}}
    steps:
      - {name: shell, run: 'printf "%s\n" "$RUNFLOW_PARAM_TEXT"'}
      - {name: argv, args: [printf, '%s\n', '{{params.text}}']}
`, 1)
	text := "$(touch " + marker + ") `touch " + marker + "` \"; touch " + marker + "; ' && touch " + marker + "\ntouch " + marker
	id := f.create(t, "say", map[string]string{"text": text})
	f.until(t, id, progress.Succeeded)
	if got := f.log(t, id); got != text+"\n"+text {
		t.Errorf("log %q", got)
	}
	if _, err := os.Stat(marker); err == nil {
		t.Error("a parameter was executed")
	}
}

func TestFailureEndsTheTask(t *testing.T) {
	f := start(t, `
flows:
  bad:
    steps:
      - {name: breaks, run: "echo before; exit 3"}
      - {name: never, run: "echo after"}
`, 1)
	id := f.create(t, "bad", nil)
	st := f.until(t, id, progress.Failed)
	if st.Reason != progress.ReasonExit || *st.Steps[0].ExitCode != 3 || st.Steps[1].State != progress.Skipped {
		t.Errorf("status %+v", st)
	}
	if got := f.log(t, id); got != "before" {
		t.Errorf("log %q", got)
	}
}

func TestMissingCommandIs127(t *testing.T) {
	f := start(t, "flows: {gone: {steps: [{name: a, args: [no-such-command-here]}]}}", 1)
	st := f.until(t, f.create(t, "gone", nil), progress.Failed)
	if st.Steps[0].ExitCode == nil || *st.Steps[0].ExitCode != 127 {
		t.Errorf("step %+v", st.Steps[0])
	}
}

func TestRetry(t *testing.T) {
	f := start(t, `
flows:
  flaky:
    params: {mark: {type: string}}
    retry: {attempts: 2, delay: 10ms, on: [exit]}
    steps:
      - {name: a, run: 'test -e "$RUNFLOW_PARAM_MARK" || { touch "$RUNFLOW_PARAM_MARK"; exit 1; }'}
`, 1)
	st := f.until(t, f.create(t, "flaky", map[string]string{"mark": filepath.Join(t.TempDir(), "mark")}), progress.Succeeded)
	if st.Attempt != 2 {
		t.Errorf("attempt %d", st.Attempt)
	}
}

func TestTimeout(t *testing.T) {
	f := start(t, `
flows:
  task: {timeout: 200ms, steps: [{name: a, run: sleep 600}]}
  step: {steps: [{name: a, run: sleep 600, timeout: 200ms}]}
`, 2)
	for _, name := range []string{"task", "step"} {
		st := f.until(t, f.create(t, name, nil), progress.Failed)
		if st.Reason != progress.ReasonTimeout {
			t.Errorf("%s: %s %s", name, st.Reason, st.Error)
		}
	}
}

// TestCancelEndsTheWholeTree cancels a step whose grandchildren ignore SIGTERM, one of them in a session of its own.
func TestCancelEndsTheWholeTree(t *testing.T) {
	f := start(t, `
flows:
  stubborn:
    steps:
      - name: a
        run: |
          sh -c 'trap "" TERM; echo ready; while :; do sleep 0.31415; done' &
          setsid sh -c 'trap "" TERM; echo ready; while :; do sleep 0.31415; done' &
          wait
`, 1)
	id := f.create(t, "stubborn", nil)
	nodetest.Eventually(t, "both are ready", func() bool { return strings.Count(f.log(t, id), "ready") == 2 })
	if _, err := f.Service.Apply(t.Context(), id, progress.Cancel{}); err != nil {
		t.Fatal(err)
	}
	if st := f.status(t, id); st.State != progress.Canceling {
		t.Errorf("state %s", st.State)
	}
	st := f.until(t, id, progress.Canceled)
	if st.Steps[0].State != progress.Canceled {
		t.Errorf("step %+v", st.Steps[0])
	}
	if out, err := exec.Command("pgrep", "-f", "0.31415").Output(); err == nil {
		t.Errorf("processes left: %s", out)
	}
}

func TestCancelOfAQueuedTask(t *testing.T) {
	f := start(t, "flows: {a: {steps: [{name: a, run: echo ran}]}}", 0)
	id := f.create(t, "a", nil)
	if _, err := f.Service.Apply(t.Context(), id, progress.Cancel{}); err != nil {
		t.Fatal(err)
	}
	f.work(t, 1)
	f.until(t, f.create(t, "a", nil), progress.Succeeded) // behind it in the queue
	if st := f.status(t, id); st.State != progress.Canceled || f.log(t, id) != "" {
		t.Errorf("status %+v", st)
	}
}

// TestLostWorker lets a worker take up tasks that another, now dead, had begun.
func TestLostWorker(t *testing.T) {
	f := start(t, `
flows:
  once: {steps: [{name: a, run: echo ran}]}
  again: {steps: [{name: a, run: echo ran}], retry: {attempts: 2, delay: 1s, on: [lost]}}
`, 0)
	once, again := f.create(t, "once", nil), f.create(t, "again", nil)
	for _, id := range []string{once, again} {
		if _, err := f.Service.Apply(t.Context(), id, progress.Begin{Attempt: 1}); err != nil {
			t.Fatal(err)
		}
	}
	f.work(t, 2)
	if st := f.until(t, once, progress.Failed); st.Reason != progress.ReasonLost {
		t.Errorf("reason %s", st.Reason)
	}
	if st := f.until(t, again, progress.Succeeded); st.Attempt != 2 || f.log(t, again) != "ran" {
		t.Errorf("status %+v", st)
	}
	if got := f.log(t, once); got != "" {
		t.Errorf("a lost task ran: %q", got)
	}
}

func TestStepsByNeedsRunTogether(t *testing.T) {
	f := start(t, `
flows:
  meet:
    timeout: 8s
    steps:
      - {name: left, needs: [], run: "touch left; while ! test -e right; do sleep 0.02; done"}
      - {name: right, needs: [], run: "touch right; while ! test -e left; do sleep 0.02; done"}
      - {name: last, needs: [left, right], run: "rm left right"}
`, 1)
	f.until(t, f.create(t, "meet", nil), progress.Succeeded)
}

// TestStopPutsTasksBack stops a worker in order: its task goes back to the queue and the next worker runs it.
func TestStopPutsTasksBack(t *testing.T) {
	f := start(t, `
flows:
  long:
    params: {stop: {type: string}}
    steps: [{name: a, run: 'echo begun; while ! test -e "$RUNFLOW_PARAM_STOP"; do sleep 0.02; done'}]
`, 1)
	stop := filepath.Join(t.TempDir(), "stop")
	id := f.create(t, "long", map[string]string{"stop": stop})
	nodetest.Eventually(t, "it has begun", func() bool { return f.log(t, id) == "begun" })
	f.stop()
	if st := f.status(t, id); st.State != progress.Queued || st.Attempt != 2 || st.Retries != 0 {
		t.Fatalf("status %+v", st)
	}
	if err := os.WriteFile(stop, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f.work(t, 1)
	f.until(t, id, progress.Succeeded)
}

// TestConcurrency has two workers with many slots keep to a flow's limit of one at a time.
func TestConcurrency(t *testing.T) {
	f := start(t, `
flows:
  one:
    params: {lock: {type: string}}
    concurrency: 1
    steps: [{name: a, run: 'mkdir "$RUNFLOW_PARAM_LOCK"; sleep 0.05; rmdir "$RUNFLOW_PARAM_LOCK"'}]
`, 4)
	f.dir = t.TempDir()
	f.work(t, 4)
	var ids []string
	for range 8 {
		ids = append(ids, f.create(t, "one", map[string]string{"lock": filepath.Join(os.TempDir(), "rf-lock-"+filepath.Base(f.dir))}))
	}
	for _, id := range ids {
		f.until(t, id, progress.Succeeded)
	}
}

func TestLogOfMuchOutputIsComplete(t *testing.T) {
	f := start(t, "flows: {much: {steps: [{name: a, run: seq 1 20000}]}}", 1)
	id := f.create(t, "much", nil)
	f.until(t, id, progress.Succeeded)
	lines := strings.Split(f.log(t, id), "\n")
	if len(lines) != 20000 || lines[0] != "1" || lines[19999] != "20000" {
		t.Errorf("%d lines, first %q, last %q", len(lines), lines[0], lines[len(lines)-1])
	}
}
