package progress_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/nodetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestTwoNodesOneChain has two nodes write one task at once: every acknowledged report is an event of its own, and none
// overwrote another.
func TestTwoNodesOneChain(t *testing.T) {
	a := nodetest.Start(t, nodetest.Options{})
	b := nodetest.Start(t, nodetest.Options{Server: a.Server})
	t.Cleanup(b.Stop)
	a.Task(t, "x")
	const each = 300
	var wg sync.WaitGroup
	acked := make([][]uint64, 2)
	for i, n := range []*nodetest.Node{a, b} {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for j := range each {
				message := fmt.Sprint(i, j)
				seq, err := n.Service.Apply(t.Context(), "x", progress.Report{Message: &message})
				if err != nil {
					t.Error(err)
				}
				acked[i] = append(acked[i], seq)
				if j%20 == 0 {
					if _, err := n.Service.SubmitLog("x", progress.LogChunk{Lines: []string{message}}).Wait(t.Context()); err != nil {
						t.Error(err)
					}
				}
			}
		}()
	}
	wg.Wait()
	seen := map[uint64]bool{}
	for _, seqs := range acked {
		for _, seq := range seqs {
			if seen[seq] {
				t.Fatalf("two reports were acknowledged with seq %d", seq)
			}
			seen[seq] = true
		}
	}
	line := 1
	err := a.Log.Lines(t.Context(), "x", 1, func(e *progress.Event) error {
		if e.Log.From != line {
			t.Errorf("chunk begins at line %d, not %d", e.Log.From, line)
		}
		line = e.Log.Next()
		return nil
	})
	if err != nil || line != 2*each/20+1 {
		t.Errorf("%d lines, %v", line-1, err)
	}
}

// TestOneEnd has many writers on two nodes end one task: one of them does, and no log line follows.
func TestOneEnd(t *testing.T) {
	a := nodetest.Start(t, nodetest.Options{})
	b := nodetest.Start(t, nodetest.Options{Server: a.Server})
	t.Cleanup(b.Stop)
	for i := range 20 {
		id := nodetest.ID(i)
		a.Task(t, id)
		var mu sync.Mutex
		var ends []uint64
		var newestLine uint64
		var wg sync.WaitGroup
		for j := range 8 {
			n := []*nodetest.Node{a, b}[j%2]
			wg.Add(2)
			go func() {
				defer wg.Done()
				seq, err := n.Service.Apply(t.Context(), id, progress.Report{State: progress.Succeeded})
				if err == nil {
					mu.Lock()
					ends = append(ends, seq)
					mu.Unlock()
				} else if !errors.Is(err, progress.ErrEnded) {
					t.Error(err)
				}
			}()
			go func() {
				defer wg.Done()
				seq, err := n.Service.SubmitLog(id, progress.LogChunk{Lines: []string{"x"}}).Wait(t.Context())
				if err == nil {
					mu.Lock()
					newestLine = max(newestLine, seq)
					mu.Unlock()
				} else if !errors.Is(err, progress.ErrEnded) {
					t.Error(err)
				}
			}()
		}
		wg.Wait()
		if len(ends) != 1 || newestLine > ends[0] {
			t.Fatalf("task %s ended %d times (%v), newest line %d", id, len(ends), ends, newestLine)
		}
	}
}

// TestReportRateFolds sends far more reports than are stored: all are acknowledged, the newest is what stands.
func TestReportRateFolds(t *testing.T) {
	n := nodetest.Start(t, nodetest.Options{ReportRate: 100})
	n.Task(t, "a")
	const reports = 2000
	receipts := make([]*progress.Receipt, reports)
	for i := range receipts {
		p := float64(i) / reports * 100
		receipts[i] = n.Service.Submit("a", progress.Report{Progress: &p})
	}
	stored := map[uint64]bool{}
	var last uint64
	for _, r := range receipts {
		seq, err := r.Wait(t.Context())
		if err != nil || seq < last {
			t.Fatalf("seq %d after %d: %v", seq, last, err)
		}
		last = seq
		stored[seq] = true
	}
	if len(stored) > 200 {
		t.Errorf("%d events for %d reports at a rate of 100", len(stored), reports)
	}
	task, err := n.View.Get(t.Context(), "a")
	if err != nil || *task.Status.Progress != float64(reports-1)/reports*100 || task.Seq != last {
		t.Errorf("%v %+v", err, task.Status)
	}
	begin := time.Now()
	if _, err := n.Service.Apply(t.Context(), "a", progress.Report{State: progress.Succeeded}); err != nil {
		t.Fatal(err)
	}
	t.Logf("the end took %s", time.Since(begin))
}

func TestIdempotencyKey(t *testing.T) {
	n := nodetest.Start(t, nodetest.Options{})
	draft := progress.Draft{Title: "x", Key: "k", Print: "1"}
	first, created, err := n.Service.Create(t.Context(), draft)
	if err != nil || !created {
		t.Fatal(err)
	}
	again, created, err := n.Service.Create(t.Context(), draft)
	if err != nil || created || again.Spec.ID != first.Spec.ID {
		t.Errorf("again: %v %v %s", err, created, again.Spec.ID)
	}
	draft.Print = "2"
	if _, _, err := n.Service.Create(t.Context(), draft); !errors.Is(err, progress.ErrIdempotencyConflict) {
		t.Errorf("another request: %v", err)
	}
}

func TestDeletedIDIsFree(t *testing.T) {
	n := nodetest.Start(t, nodetest.Options{})
	n.Task(t, "a")
	if err := n.Service.Delete(t.Context(), "a"); !errors.Is(err, progress.ErrRunning) {
		t.Errorf("delete of a running task: %v", err)
	}
	if _, _, err := n.Service.Create(t.Context(), progress.Draft{ID: "a"}); !errors.Is(err, progress.ErrExists) {
		t.Errorf("create: %v", err)
	}
	if _, err := n.Service.Apply(t.Context(), "a", progress.Cancel{}); err != nil {
		t.Fatal(err)
	}
	if err := n.Service.Delete(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := n.View.Get(t.Context(), "a"); !errors.Is(err, progress.ErrNotFound) {
		t.Errorf("get: %v", err)
	}
	n.Task(t, "a")
	n.Report(t, "a", 5)
	if task, err := n.View.Get(t.Context(), "a"); err != nil || *task.Status.Progress != 5 {
		t.Errorf("after all: %v %+v", err, task)
	}
}
