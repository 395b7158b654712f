package upkeep

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/flow"
	"github.com/runflow/runflow/progress/nodetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func running(seq uint64, flowName string, stale float64, stalled bool) []progress.Task {
	return []progress.Task{{
		Spec:   &progress.Spec{ID: "a", Flow: flowName, StaleAfter: stale},
		Status: &progress.Status{State: progress.Running, Attempt: 2, Stalled: stalled}, Seq: seq,
	}}
}

func TestLiveness(t *testing.T) {
	begin := time.Now()
	at := func(seconds float64) time.Time { return begin.Add(time.Duration(seconds * float64(time.Second))) }
	stall, lose := progress.Stall{}, progress.Lose{Attempt: 2}
	type look struct {
		at      float64
		seq     uint64
		stalled bool
		want    progress.Change
	}
	for _, c := range []struct {
		name  string
		flow  string
		stale float64
		looks []look
	}{
		{"a worker", "f", 0, []look{{0, 1, false, nil}, {9, 1, false, nil}, {10, 1, false, stall}, {20, 2, true, nil}, {29, 2, true, nil}, {30, 2, true, lose}}},
		{"reports are signs of life", "f", 0, []look{{0, 1, false, nil}, {9, 2, false, nil}, {18, 2, false, nil}, {19, 2, false, stall}}},
		{"a patient reporter", "", 60, []look{{0, 1, false, nil}, {59, 1, false, nil}, {60, 1, false, stall}, {119, 2, true, nil}, {120, 2, true, lose}}},
		{"a hasty reporter", "", 2, []look{{0, 1, false, nil}, {2, 1, false, stall}, {29, 2, true, nil}, {30, 2, true, lose}}},
		{"one that need not live", "", 0, []look{{0, 1, false, nil}, {9999, 1, false, nil}}},
	} {
		l := newLiveness()
		for _, k := range c.looks {
			if got := l.look(running(k.seq, c.flow, c.stale, k.stalled), at(k.at))["a"]; got != k.want {
				t.Errorf("%s after %v s: %+v, not %+v", c.name, k.at, got, k.want)
			}
		}
	}
}

func TestBeatEndsAStall(t *testing.T) {
	l := newLiveness()
	now := time.Now()
	l.look(running(1, "f", 0, false), now)
	l.beat("a")
	if got := l.look(running(2, "f", 0, true), now.Add(12*time.Second))["a"]; got != (progress.Stall{Over: true}) {
		t.Errorf("%+v", got)
	}
}

// TestUpkeep puts a task back that never came into the queue, and removes one that is too old.
func TestUpkeep(t *testing.T) {
	flows, err := flow.Parse("f.yaml", []byte("flows: {one: {steps: [{name: a, run: echo}]}}"))
	if err != nil {
		t.Fatal(err)
	}
	n := nodetest.Start(t, nodetest.Options{Flows: single{flows[0]}})
	n.Task(t, "old")
	if _, err := n.Service.Apply(t.Context(), "old", progress.Cancel{}); err != nil {
		t.Fatal(err)
	}
	lost := progress.NewService(progress.Config{Log: n.Log, Queue: forgetful{}, Flows: single{flows[0]}, Stored: n.View.Stored})
	if _, _, err := lost.Create(t.Context(), progress.Draft{ID: "lost", Flow: "one"}); err != nil {
		t.Fatal(err)
	}
	n.View.Sync(t.Context())
	u := New(Config{Index: n.View.Index, Log: n.Log, Service: n.Service, Keep: time.Hour, MaxKept: 100, Logger: slog.New(slog.DiscardHandler)})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- u.Run(ctx) }()
	nodetest.Eventually(t, "the task is in the queue", func() bool {
		work, err := n.Log.Pull(t.Context(), "one")
		return err == nil && work != nil && work.ID == "lost"
	})
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	u.remove(t.Context(), time.Now())
	if _, err := n.View.Get(t.Context(), "old"); err != nil {
		t.Errorf("removed before its time: %v", err)
	}
	u.remove(t.Context(), time.Now().Add(2*time.Hour))
	if _, err := n.View.Get(t.Context(), "old"); err == nil {
		t.Error("not removed")
	}
	if _, err := n.View.Get(t.Context(), "lost"); err != nil {
		t.Errorf("a task that has not ended was removed: %v", err)
	}
}

type single struct{ f *flow.Flow }

func (s single) Lookup(name string) (*flow.Flow, bool) { return s.f, name == s.f.Name }

// forgetful is a queue whose node died between storing the task and queuing it.
type forgetful struct{}

func (forgetful) Push(context.Context, *flow.Flow, string) error { return nil }
