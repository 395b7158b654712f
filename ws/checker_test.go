package ws_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/nodetest"
)

// TestChecker has reporters on two nodes, and watchers of both that drop, stall, change the node and resume at random,
// and then holds what each watcher saw against the log. CHECK_SEED repeats a run, CHECK_SECONDS makes it longer (`make soak`).
func TestChecker(t *testing.T) {
	seed, seconds := setting(t, "CHECK_SEED", uint64(time.Now().UnixNano())), setting(t, "CHECK_SECONDS", 4)
	t.Logf("CHECK_SEED=%d", seed)
	a := start(t)
	b := serve(t, nodetest.Start(t, nodetest.Options{Server: a.Server}))
	nodes := []*fixture{a, b}
	run := checkerRun{nodes: nodes, ended: make(chan struct{}), tasks: map[string]string{}}
	const reporters, watchers = 5, 14
	var reporting, watching sync.WaitGroup
	until := time.Now().Add(time.Duration(seconds) * time.Second)
	for i := range reporters {
		reporting.Add(1)
		go func() {
			defer reporting.Done()
			run.report(t, rand.New(rand.NewPCG(seed, uint64(i))), i, until)
		}()
	}
	records := make([]*record, watchers)
	for i := range records {
		records[i] = newRecord(i)
		watching.Add(1)
		go func() {
			defer watching.Done()
			run.watch(t, rand.New(rand.NewPCG(seed, 1000+uint64(i))), records[i])
		}()
	}
	reporting.Wait()
	close(run.ended)
	defer time.AfterFunc(time.Minute+time.Duration(seconds)*time.Second, func() { panic("a watcher never saw the end") }).Stop()
	watching.Wait()
	truth := run.truth(t)
	conflated := 0
	for _, r := range records {
		conflated += r.check(t, truth)
	}
	t.Logf("%d events, %d watchers, %d events conflated", len(truth.events), watchers, conflated)
}

func changed(states []progress.State, to progress.State) []progress.State {
	if len(states) > 0 && states[len(states)-1] == to {
		return states
	}
	return append(states, to)
}

// around is what was seen before and after a seq.
func (r *record) around(seq uint64) string {
	i := slices.IndexFunc(r.got, func(g seen) bool { return g.seq > seq })
	if i < 0 {
		i = len(r.got)
	}
	return fmt.Sprintf("%+v", r.got[max(0, i-3):min(len(r.got), i+3)])
}

func setting(t *testing.T, name string, otherwise uint64) uint64 {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

type checkerRun struct {
	nodes []*fixture
	ended chan struct{} // closed when all tasks have ended

	mu    sync.Mutex
	tasks map[string]string // task → label half
}

// complete tells whether a watcher has seen the end of all that it watches.
func (c *checkerRun) complete(r *record) bool {
	select {
	case <-c.ended:
	default:
		return false
	}
	missing := 0
	c.mu.Lock()
	for _, half := range c.tasks {
		if r.half == "" || r.half == half {
			missing++
		}
	}
	c.mu.Unlock()
	for _, g := range r.got {
		if g.state.Final() {
			missing--
		}
	}
	return missing <= 0
}

// report runs one task after the other, on either node, in bursts and with pauses.
func (c *checkerRun) report(t *testing.T, random *rand.Rand, n int, until time.Time) {
	padding := strings.Repeat("x", 900)
	pause := time.NewTimer(0)
	for task := 0; time.Now().Before(until); task++ {
		id := fmt.Sprintf("r%d-%d", n, task)
		half := strconv.Itoa(task % 2)
		c.mu.Lock()
		c.tasks[id] = half
		c.mu.Unlock()
		d := progress.Draft{ID: id, Labels: map[string]string{"half": half}}
		if _, _, err := c.nodes[random.IntN(2)].Service.Create(t.Context(), d); err != nil {
			t.Error(err)
			return
		}
		for i := range 50 + random.IntN(800) {
			svc := c.nodes[0].Service
			if i%700 > 600 { // now and then the other node writes: it must catch up first
				svc = c.nodes[1].Service
			}
			p := float64(i % 101)
			text := strconv.Itoa(i) + padding
			receipt := svc.Submit(id, progress.Report{Progress: &p, Message: &text})
			if random.IntN(10) == 0 {
				receipt = svc.SubmitLog(id, progress.LogChunk{Lines: []string{text, "second"}})
			}
			if i%20 == 0 {
				if _, err := receipt.Wait(t.Context()); err != nil {
					t.Error(err)
				}
			}
			if random.IntN(400) == 0 {
				<-pause.C
				pause.Reset(time.Duration(random.IntN(100)) * time.Millisecond)
			}
		}
		end := []progress.State{progress.Succeeded, progress.Failed, progress.Canceled}[random.IntN(3)]
		if _, err := c.nodes[0].Service.Apply(t.Context(), id, progress.Report{State: end}); err != nil {
			t.Error(err)
		}
	}
}

// record is what one watcher saw, over all its connections.
type record struct {
	subscription string // the data of its subscribe, without since
	all, logs    bool
	half         string // of the tasks it watches, by label; "" for all
	fresh        bool   // it began with a snapshot
	got          []seen
}

type seen struct {
	seq      uint64
	task     string
	log      bool
	snapshot bool
	gap      bool
	state    progress.State
}

func newRecord(i int) *record {
	r := &record{all: i%2 == 0, logs: i%3 == 0, fresh: i%4 == 1}
	r.subscription = `"all":true`
	if i%5 > 2 {
		r.half = strconv.Itoa(i % 2)
		r.subscription = fmt.Sprintf(`"filter":{"label":"half=%s"}`, r.half)
	}
	if r.all {
		r.subscription += `,"deliver":"all"`
	}
	if r.logs {
		r.subscription += `,"logs":true`
	}
	return r
}

// watch connects again and again, to either node, and resumes where it was, until everything has ended and nothing comes.
func (c *checkerRun) watch(t *testing.T, random *rand.Rand, r *record) {
	for {
		f := c.nodes[random.IntN(2)]
		protocol := []string{"runflow.v1.json", "runflow.v1.batch"}[random.IntN(2)]
		conn, _, err := (&websocket.Dialer{Subprotocols: []string{protocol}}).Dial(f.url, nil)
		if err != nil {
			t.Error(err)
			return
		}
		since := ""
		if !r.fresh || len(r.got) > 0 {
			since = fmt.Sprintf(`,"since":%d`, r.last())
		}
		request := fmt.Sprintf(`{"event":"subscribe","data":{%s%s}}`, r.subscription, since)
		if err := conn.WriteMessage(websocket.TextMessage, []byte(request)); err != nil {
			t.Error(err)
		}
		done := c.read(t, random, conn, r)
		conn.Close()
		if done {
			return
		}
	}
}

func (r *record) last() uint64 {
	if len(r.got) == 0 {
		return 0
	}
	return r.got[len(r.got)-1].seq
}

// read reads one connection until it is dropped by chance or by the server, or (true) nothing more can come.
func (c *checkerRun) read(t *testing.T, random *rand.Rand, conn *websocket.Conn, r *record) bool {
	left := 500 + random.IntN(5000)
	for ; left > 0; left-- {
		if random.IntN(1000) == 0 { // stall
			<-time.After(time.Duration(random.IntN(300)) * time.Millisecond)
		}
		_ = conn.SetReadDeadline(time.Now().Add(time.Second))
		_, frame, err := conn.ReadMessage()
		var timeout net.Error
		switch {
		case errors.As(err, &timeout) && timeout.Timeout():
			return c.complete(r) // if not, then over another connection: gorilla reads no more after a time-out
		case websocket.IsCloseError(err, 4001): // too slow for everything: it resumes
			return false
		case err != nil:
			return false // a close that was overtaken by the end of the connection
		}
		r.add(t, frame)
	}
	return false
}

func (r *record) add(t *testing.T, frame []byte) {
	if frame[0] != '[' {
		frame = fmt.Appendf(nil, "[%s]", frame)
	}
	var messages []struct {
		Event string
		Data  struct {
			Seq           uint64
			TaskID, Code  string
			State         progress.State
			Snapshot, Gap bool
		}
	}
	if err := json.Unmarshal(frame, &messages); err != nil {
		t.Errorf("frame %.80s: %v", frame, err)
	}
	for _, m := range messages {
		switch m.Event {
		case "progress", "log":
			r.got = append(r.got, seen{m.Data.Seq, m.Data.TaskID, m.Event == "log", m.Data.Snapshot, m.Data.Gap, m.Data.State})
		case "error":
			t.Errorf("error %.200s", frame)
		}
	}
}

// truth is the whole log.
type truth struct {
	events []seen
	half   map[string]string // task → label
}

func (c *checkerRun) truth(t *testing.T) truth {
	t.Helper()
	_, last, err := c.nodes[0].Log.Bounds(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	all := truth{half: map[string]string{}}
	err = c.nodes[0].Log.Replay(context.Background(), "", 0, last, func(e *progress.Event) error {
		s := seen{seq: e.Seq, task: e.TaskID, log: e.Kind == progress.KindLog}
		if e.Task.Status != nil {
			s.state = e.Task.Status.State
		}
		if e.Kind == progress.KindSpec {
			all.half[e.TaskID] = e.Task.Spec.Labels["half"]
		}
		all.events = append(all.events, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// check answers how many events were left out; every one must be excused.
func (r *record) check(t *testing.T, all truth) int {
	t.Helper()
	got := map[uint64]seen{}
	from := map[string]uint64{} // task → seq of its snapshot: what came before is in it
	var last uint64
	for _, g := range r.got {
		if g.seq <= last {
			t.Fatalf("%s: seq %d after %d", r.subscription, g.seq, last)
		}
		last = g.seq
		got[g.seq] = g
		if g.snapshot {
			from[g.task] = g.seq
		}
		if g.gap {
			t.Fatalf("%s: a gap at %d, where everything is kept", r.subscription, g.seq)
		}
	}
	missed := 0
	want, have := map[string][]progress.State{}, map[string][]progress.State{} // each task's changes of state
	for _, e := range all.events {
		if r.half != "" && all.half[e.task] != r.half || e.log && !r.logs || e.seq < from[e.task] {
			continue
		}
		g, ok := got[e.seq]
		delete(got, e.seq)
		switch {
		case ok && (g.task != e.task || g.log != e.log || g.state != e.state):
			t.Fatalf("%s: event %+v came as %+v", r.subscription, e, g)
		case !ok && (r.all || e.state.Final()):
			t.Fatalf("%s: %+v never came\n%s", r.subscription, e, r.around(e.seq))
		case !ok:
			missed++
		}
		if !e.log {
			want[e.task] = changed(want[e.task], e.state)
			if ok {
				have[e.task] = changed(have[e.task], e.state)
			}
		}
	}
	for task := range want {
		if !slices.Equal(want[task], have[task]) {
			t.Fatalf("%s: %s went through %s, and was seen in %s", r.subscription, task, want[task], have[task])
		}
	}
	for seq, g := range got {
		t.Fatalf("%s: %+v came, and the log has no such event at %d", r.subscription, g, seq)
	}
	return missed
}
