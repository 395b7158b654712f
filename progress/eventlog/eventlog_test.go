package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/eventlog"
	"github.com/runflow/runflow/progress/flow"
	"github.com/runflow/runflow/progress/nodetest"
	"github.com/runflow/runflow/progress/watch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestLinesBeginAnywhere reads a log from many lines on, between the events of another task.
func TestLinesBeginAnywhere(t *testing.T) {
	n := nodetest.Start(t, nodetest.Options{})
	n.Task(t, "other")
	n.Task(t, "a")
	line := 1
	for i := range 200 {
		lines := make([]string, 1+i%7)
		for j := range lines {
			lines[j] = fmt.Sprint(line)
			line++
		}
		if _, err := n.Service.SubmitLog("a", progress.LogChunk{Lines: lines}).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		n.Report(t, "other", float64(i))
	}
	last, err := n.Log.LastLine(t.Context(), "a")
	if err != nil || last != line-1 {
		t.Fatalf("last line %d, %v", last, err)
	}
	for _, from := range []int{1, 2, 3, 50, 333, last - 1, last, last + 1} {
		var first, next int
		err := n.Log.Lines(t.Context(), "a", from, func(e *progress.Event) error {
			if first == 0 {
				first, next = e.Log.From, e.Log.From
			}
			if e.Log.From != next || e.Log.Lines[0] != fmt.Sprint(e.Log.From) {
				t.Fatalf("from %d: chunk %+v, expected line %d", from, e.Log, next)
			}
			next = e.Log.Next()
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if from > last && first != 0 || from <= last && (first > from || from-first >= 7 || next != last+1) {
			t.Errorf("from %d: lines %d to %d", from, first, next-1)
		}
	}
}

func TestFollowStopsAndGoesOn(t *testing.T) {
	n := nodetest.Start(t, nodetest.Options{})
	n.Task(t, "a")
	var seqs []uint64
	after := uint64(0)
	for range 5 {
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			done <- n.Log.Follow(ctx, after, func(e *progress.Event) {
				seqs = append(seqs, e.Seq)
				after = e.Seq
				if e.Seq%10 == 0 {
					stop()
				}
			}, func(err error) {
				if ctx.Err() == nil {
					t.Error(err)
				}
			})
		}()
		for range 15 {
			n.Report(t, "a", 1)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		stop()
	}
	for i, seq := range seqs {
		if seq != uint64(i+1) {
			t.Fatalf("event %d has seq %d", i, seq)
		}
	}
}

func TestQueue(t *testing.T) {
	n := nodetest.Start(t, nodetest.Options{})
	f := &flow.Flow{Name: "one", Concurrency: 1, Queue: 3}
	for i := range 3 {
		for range 2 { // once, however often it is pushed
			if err := n.Log.Push(t.Context(), f, nodetest.ID(i)); err != nil && !(i == 2 && errors.Is(err, progress.ErrQueueFull)) {
				t.Fatal(err)
			}
		}
	}
	if err := n.Log.Push(t.Context(), f, "more"); !errors.Is(err, progress.ErrQueueFull) {
		t.Errorf("a fourth: %v", err)
	}
	first, err := n.Log.Pull(t.Context(), "one")
	if err != nil || first == nil || first.ID != nodetest.ID(0) {
		t.Fatalf("%+v, %v", first, err)
	}
	if second, err := n.Log.Pull(t.Context(), "one"); second != nil || err != nil {
		t.Errorf("two at once: %+v, %v", second, err)
	}
	if err := n.Log.ResetQueues(t.Context()); err != nil { // its worker is gone
		t.Fatal(err)
	}
	again, err := n.Log.Pull(t.Context(), "one")
	if err != nil || again == nil || again.ID != first.ID {
		t.Fatalf("%+v, %v", again, err)
	}
	if err := again.Done(t.Context()); err != nil {
		t.Fatal(err)
	}
	if next, err := n.Log.Pull(t.Context(), "one"); err != nil || next == nil || next.ID != nodetest.ID(1) {
		t.Errorf("%+v, %v", next, err)
	}
}

func TestStrangeIDsAreNotThere(t *testing.T) {
	n := nodetest.Start(t, nodetest.Options{})
	n.Task(t, "a")
	for _, id := range []string{"", "*", ">", "a.b", "a b", "../a"} {
		if _, err := n.Log.Load(t.Context(), id); !errors.Is(err, progress.ErrNotFound) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

// TestProbeWithoutItsStream: a cluster may have lost the leader of the probes' stream alone. The feed must pass what is then
// stored in the log, and no task comes of it.
func TestProbeWithoutItsStream(t *testing.T) {
	n := nodetest.Start(t, nodetest.Options{})
	n.Task(t, "a")
	if err := n.Log.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, before, err := n.Log.Bounds(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	js, err := jetstream.New(n.Conn)
	if err != nil {
		t.Fatal(err)
	}
	if err := js.DeleteStream(t.Context(), "RUNFLOW_PROBE"); err != nil {
		t.Fatal(err)
	}
	if err := n.Log.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, last, err := n.Log.Bounds(t.Context())
	if err != nil || last != before+1 {
		t.Fatalf("the log went from %d to %d, %v", before, last, err)
	}
	if !n.View.Feed.Reached(t.Context(), last) {
		t.Errorf("the feed is at %d, the log at %d", n.View.Feed.Seq(), last)
	}
	if page, err := n.View.List(t.Context(), &watch.Filter{}, 10, 0); err != nil || len(page.Tasks) != 1 {
		t.Errorf("%d tasks, %v", len(page.Tasks), err)
	}
	if err := js.DeleteStream(t.Context(), "RUNFLOW"); err != nil {
		t.Fatal(err)
	}
	if err := n.Log.Probe(t.Context()); !errors.Is(err, progress.ErrUnavailable) {
		t.Errorf("without the log: %v", err)
	}
}

var _ progress.Log = (*eventlog.Log)(nil)
