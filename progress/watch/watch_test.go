package watch_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/nodetest"
	"github.com/runflow/runflow/progress/watch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// client is a watcher that takes whenever it is woken, and remembers what it got.
type client struct {
	*watch.Watcher
	wake chan struct{}

	got []got
}

type got struct {
	name     string
	seq      uint64
	task     string
	progress float64
	state    progress.State
	snapshot bool
	gap      bool
	from, n  int
}

func newClient() *client {
	c := &client{wake: make(chan struct{}, 1)}
	c.Watcher = watch.NewWatcher(func() {
		select {
		case c.wake <- struct{}{}:
		default:
		}
	})
	return c
}

// until takes messages until stop holds for one of them.
func (c *client) until(t testing.TB, stop func(got) bool) {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		msgs, err := c.Take(16)
		if err != nil {
			t.Error(err)
			return
		}
		for _, m := range msgs {
			g := decode(t, m.Frame())
			c.got = append(c.got, g)
			if stop(g) {
				return
			}
		}
		if len(msgs) > 0 {
			continue
		}
		select {
		case <-c.wake:
		case <-timeout:
			t.Errorf("nothing more after %d messages", len(c.got))
			return
		}
	}
}

func decode(t testing.TB, frame []byte) got {
	t.Helper()
	var f struct {
		Event string
		Data  struct {
			TaskID        string
			Seq           uint64
			Progress      float64
			State         progress.State
			Snapshot, Gap bool
			From          int
			Lines         []string
		}
	}
	if err := json.Unmarshal(frame, &f); err != nil {
		t.Errorf("frame %s: %v", frame, err)
	}
	d := f.Data
	return got{f.Event, d.Seq, d.TaskID, d.Progress, d.State, d.Snapshot, d.Gap, d.From, len(d.Lines)}
}

// check holds a watcher's record against the guarantees: seqs rise, and the final status is there, once and last.
func (c *client) check(t testing.TB, task string) {
	t.Helper()
	var last uint64
	finals := 0
	for i, g := range c.got {
		if g.seq <= last {
			t.Fatalf("message %d has seq %d after %d", i, g.seq, last)
		}
		last = g.seq
		if g.state.Final() && g.task == task {
			finals++
		}
	}
	if finals != 1 || !c.got[len(c.got)-1].state.Final() {
		t.Fatalf("%d final messages, last %+v", finals, c.got[len(c.got)-1])
	}
}

func final(g got) bool { return g.state.Final() }

func TestSnapshotThenLive(t *testing.T) {
	n := nodetest.Start(t, nodetest.Options{})
	n.Task(t, "a")
	n.Report(t, "a", 10)
	c := newClient()
	if err := n.View.Subscribe(t.Context(), c.Watcher, &watch.Subscription{IDs: []string{"a"}}, nil); err != nil {
		t.Fatal(err)
	}
	n.Report(t, "a", 20)
	if _, err := n.Service.Apply(t.Context(), "a", progress.Report{State: progress.Succeeded}); err != nil {
		t.Fatal(err)
	}
	c.until(t, final)
	c.check(t, "a")
	if len(c.got) != 3 || !c.got[0].snapshot || c.got[0].progress != 10 || c.got[1].progress != 20 || c.got[2].progress != 100 {
		t.Fatalf("got %+v", c.got)
	}
}

// TestResumeMissesNothing cuts watchers off at random places of a task that reports at full speed: with since each of
// them sees every event once.
func TestResumeMissesNothing(t *testing.T) {
	n := nodetest.Start(t, nodetest.Options{})
	n.Task(t, "a")
	const reports, watchers = 3000, 8
	want := make(chan []uint64, 1)
	ctx := context.Background()
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		var seqs []uint64
		for i := range reports {
			p := float64(i) / reports * 100
			r := progress.Report{Progress: &p}
			if i == reports-1 {
				r.State = progress.Succeeded
			}
			seq, err := n.Service.Apply(ctx, "a", r)
			if err != nil {
				t.Error(err)
			}
			seqs = append(seqs, seq)
		}
		want <- seqs
	}()
	records := make([]*client, watchers)
	for i := range records {
		wg.Add(1)
		go func() {
			defer wg.Done()
			all := newClient()
			records[i] = all
			since := uint64(0)
			random := rand.New(rand.NewPCG(uint64(i), 1))
			for ended := false; !ended; {
				c := newClient()
				sub := &watch.Subscription{IDs: []string{"a"}, Since: &since, Deliver: watch.All}
				left := 1 + random.IntN(400)
				go func() { _ = n.View.Subscribe(ctx, c.Watcher, sub, nil) }()
				c.until(t, func(g got) bool { left--; return g.state.Final() || left == 0 })
				n.View.Hub.Leave(c.Watcher, []*watch.Subscription{sub})
				all.got = append(all.got, c.got...)
				if len(c.got) == 0 {
					return
				}
				since = c.got[len(c.got)-1].seq
				ended = c.got[len(c.got)-1].state.Final()
			}
		}()
	}
	wg.Wait()
	seqs := <-want
	for i, c := range records {
		c.check(t, "a")
		byID := map[uint64]bool{}
		for _, g := range c.got {
			byID[g.seq] = true
		}
		for _, seq := range seqs {
			if !byID[seq] {
				t.Fatalf("watcher %d never saw %d", i, seq)
			}
		}
		if len(c.got) != reports+1 { // and the creation
			t.Fatalf("watcher %d saw %d events, not %d", i, len(c.got), reports+1)
		}
	}
}

func TestSlowWatcherGetsTheNewest(t *testing.T) {
	n := nodetest.Start(t, nodetest.Options{})
	n.Task(t, "a")
	c := newClient()
	if err := n.View.Subscribe(t.Context(), c.Watcher, &watch.Subscription{IDs: []string{"a"}, Logs: true}, nil); err != nil {
		t.Fatal(err)
	}
	const reports = 5000
	for i := range reports {
		p := float64(i) / reports * 100
		n.Service.Submit("a", progress.Report{Progress: &p})
		n.Service.SubmitLog("a", progress.LogChunk{Lines: []string{fmt.Sprint("line ", i)}})
	}
	seq, err := n.Service.Apply(t.Context(), "a", progress.Report{State: progress.Failed})
	if err != nil {
		t.Fatal(err)
	}
	nodetest.Eventually(t, "the feed is through", func() bool { return n.View.Feed.Seq() >= seq })
	if c.Depth() > 100 {
		t.Errorf("%d messages wait", c.Depth())
	}
	if c.Conflated() == 0 {
		t.Error("nothing was conflated")
	}
	c.until(t, final)
	c.check(t, "a")
}

func TestAllIsToldThatItIsSlow(t *testing.T) {
	n := nodetest.Start(t, nodetest.Options{})
	n.Task(t, "a")
	c := newClient()
	if err := n.View.Subscribe(t.Context(), c.Watcher, &watch.Subscription{IDs: []string{"a"}, Deliver: watch.All}, nil); err != nil {
		t.Fatal(err)
	}
	for range 6000 {
		p := 1.0
		n.Service.Submit("a", progress.Report{Progress: &p})
	}
	nodetest.Eventually(t, "the watcher is too slow", func() bool {
		_, err := c.Take(0)
		return errors.Is(err, watch.ErrSlow)
	})
}

func TestFilterTellsWhenATaskLeavesIt(t *testing.T) {
	n := nodetest.Start(t, nodetest.Options{})
	n.Task(t, "a")
	n.Report(t, "a", 1)
	n.Task(t, "b") // queued: not chosen
	c := newClient()
	f := &watch.Filter{States: []progress.State{progress.Running}}
	if err := n.View.Subscribe(t.Context(), c.Watcher, &watch.Subscription{Filter: f}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Service.Apply(t.Context(), "a", progress.Report{State: progress.Succeeded}); err != nil {
		t.Fatal(err)
	}
	c.until(t, final)
	c.check(t, "a")
	for _, g := range c.got {
		if g.task == "b" {
			t.Fatalf("got %+v", g)
		}
	}
}

func TestUnknownTask(t *testing.T) {
	n := nodetest.Start(t, nodetest.Options{})
	c := newClient()
	err := n.View.Subscribe(t.Context(), c.Watcher, &watch.Subscription{IDs: []string{"x"}}, nil)
	if !errors.Is(err, progress.ErrNotFound) {
		t.Fatalf("got %v", err)
	}
	if err := n.View.Subscribe(t.Context(), c.Watcher, &watch.Subscription{IDs: []string{"x"}, Wait: true}, nil); err != nil {
		t.Fatal(err)
	}
	n.Task(t, "x")
	if _, err := n.Service.Apply(t.Context(), "x", progress.Cancel{}); err != nil {
		t.Fatal(err)
	}
	c.until(t, final)
	c.check(t, "x")
}

func TestSinceFromAnotherLogSaysGap(t *testing.T) {
	n := nodetest.Start(t, nodetest.Options{})
	n.Task(t, "a")
	since := uint64(1 << 40)
	c := newClient()
	if err := n.View.Subscribe(t.Context(), c.Watcher, &watch.Subscription{IDs: []string{"a"}, Since: &since}, nil); err != nil {
		t.Fatal(err)
	}
	c.until(t, func(g got) bool { return g.snapshot && g.gap })
}

func TestRestartKeepsEverything(t *testing.T) {
	dir := t.TempDir()
	n := nodetest.Start(t, nodetest.Options{Dir: dir})
	for i := range 20 {
		n.Task(t, nodetest.ID(i))
		n.Report(t, nodetest.ID(i), float64(i))
		if i%2 == 0 {
			if _, err := n.Service.Apply(t.Context(), nodetest.ID(i), progress.Report{State: progress.Succeeded}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := n.Service.Delete(t.Context(), nodetest.ID(4)); err != nil {
		t.Fatal(err)
	}
	before, err := n.View.List(t.Context(), &watch.Filter{}, 500, 0)
	if err != nil {
		t.Fatal(err)
	}
	seq := n.View.Feed.Seq()
	n.Stop()
	n = nodetest.Start(t, nodetest.Options{Dir: dir})
	after, err := n.View.List(t.Context(), &watch.Filter{}, 500, 0)
	if err != nil {
		t.Fatal(err)
	}
	was, _ := json.Marshal(before.Tasks)
	is, _ := json.Marshal(after.Tasks)
	if string(was) != string(is) || len(after.Tasks) != 19 {
		t.Fatalf("before %s\nafter  %s", was, is)
	}
	if next := n.Report(t, nodetest.ID(1), 99); next <= seq {
		t.Fatalf("seq %d after %d", next, seq)
	}
}

// TestSubscribeAtTheEnd has watchers come, in each way, at the moment at which tasks end: none of them misses that.
func TestSubscribeAtTheEnd(t *testing.T) {
	n := nodetest.Start(t, nodetest.Options{})
	const tasks = 400
	for i := range tasks {
		n.Task(t, nodetest.ID(i))
		n.Report(t, nodetest.ID(i), 1)
	}
	var wg sync.WaitGroup
	for i := range tasks {
		id := nodetest.ID(i)
		wg.Add(1)
		go func() {
			defer wg.Done()
			receipt := n.Service.Submit(id, progress.Report{State: progress.Succeeded})
			since := uint64(2*i + 1)
			for way := range 3 {
				sub := &watch.Subscription{IDs: []string{id}}
				switch way {
				case 1:
					sub.Since = &since
				case 2: // two subscriptions of one watcher: the second's snapshot is no end of the first
					sub.IDs = []string{nodetest.ID((i + 1) % tasks)}
				}
				c := newClient()
				if err := n.View.Subscribe(context.Background(), c.Watcher, sub, nil); err != nil {
					t.Error(err)
				}
				if way == 2 {
					if err := n.View.Subscribe(context.Background(), c.Watcher, &watch.Subscription{IDs: []string{id}}, nil); err != nil {
						t.Error(err)
					}
				}
				c.until(t, func(g got) bool { return g.task == id && g.state.Final() })
				n.View.Hub.Leave(c.Watcher, []*watch.Subscription{sub, {IDs: []string{id}}})
			}
			if _, err := receipt.Wait(context.Background()); err != nil {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
}
