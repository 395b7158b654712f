package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/runflow/runflow/api"
	"github.com/runflow/runflow/api/bench"
	"github.com/runflow/runflow/progress/flow"
	"github.com/runflow/runflow/progress/nodetest"
	"github.com/runflow/runflow/progress/watch"
	"github.com/runflow/runflow/ws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type fixture struct {
	*nodetest.Node
	url string
}

// start runs a whole server; doctor stands between it and the WebSocket clients.
func start(t *testing.T, o nodetest.Options, doctor func(http.Handler) http.Handler) *fixture {
	t.Helper()
	n := nodetest.Start(t, o)
	flows, err := flow.Open("")
	if err != nil {
		t.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	sockets := ws.NewServer(ws.Config{View: n.View, Clients: n.Clients, Version: "test", Logger: quiet})
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := sockets.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { stop(); running.Wait() })
	var socket http.Handler = sockets
	if doctor != nil {
		socket = doctor(sockets)
	}
	handler := api.New(api.Config{
		Tasks: n.Service, View: n.View, Log: n.Log, Flows: flows, Clients: n.Clients, WebSocket: socket, Version: "test", Logger: quiet,
	})
	h := httptest.NewUnstartedServer(handler)
	h.Listener = ws.Listen(h.Listener)
	h.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		sockets.Drain(ctx, 0)
		_ = handler.Drain(ctx, 0)
		h.Close()
	})
	return &fixture{n, h.URL}
}

func scenario(t *testing.T, name string) bench.Scenario {
	t.Helper()
	for _, s := range bench.Scenarios() {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no scenario %s", name)
	return bench.Scenario{}
}

// run runs a scenario for a short time. The result must be printable.
func (f *fixture) run(t *testing.T, ctx context.Context, name string, change func(*bench.Options)) (*bench.Result, error) {
	t.Helper()
	s := scenario(t, name)
	o := s.Defaults
	o.URL, o.Duration = f.url, 300*time.Millisecond
	change(&o)
	r, err := bench.Run(ctx, s, o)
	if r == nil {
		t.Fatal(err)
	}
	var text, object bytes.Buffer
	if err := errors.Join(r.Print(&text), json.NewEncoder(&object).Encode(r)); err != nil || !strings.HasPrefix(text.String(), name) {
		t.Errorf("%v: %s", err, &text)
	}
	f.View.Sync(t.Context())
	for id, task := range f.tasks(r.Run) {
		if !task {
			t.Errorf("task %s has not ended", id)
		}
	}
	return r, err
}

// tasks tells which tasks of a run have ended.
func (f *fixture) tasks(run string) map[string]bool {
	ended := map[string]bool{}
	for _, t := range f.View.Index.List(&watch.Filter{}, 100_000, 0).Tasks {
		if t.Spec.Labels["bench"] == run {
			ended[t.Spec.ID] = t.Status.State.Final()
		}
	}
	return ended
}

// TestScenarios runs each for a short time and checks what must be exact.
func TestScenarios(t *testing.T) {
	f := start(t, nodetest.Options{}, nil)
	for _, c := range []struct {
		name     string
		change   func(*bench.Options)
		tasks    int
		watchers int // of each task
	}{
		{"fanout", func(o *bench.Options) { o.Watchers, o.Deliver = 20, "all" }, 1, 20},
		{"fanout", func(o *bench.Options) { o.Watchers, o.Protocol, o.Size = 20, "batch", 1000 }, 1, 20},
		{"fanout", func(o *bench.Options) { o.Watchers, o.Rate = 20, 100 }, 1, 20},
		{"tasks", func(o *bench.Options) { o.Tasks, o.Rate, o.Deliver = 30, 1000, "all" }, 30, 2},
		{"dashboards", func(o *bench.Options) { o.Watchers, o.Tasks, o.Rate, o.Deliver = 3, 10, 1000, "all" }, 10, 3},
		{"idle", func(o *bench.Options) { o.Connections, o.Tasks = 40, 20 }, 20, 2},
		{"resume", func(o *bench.Options) {
			o.Watchers, o.Warm, o.Cut = 10, 100*time.Millisecond, 200*time.Millisecond
		}, 1, 10},
		{"slow", func(o *bench.Options) { o.Watchers, o.Stall, o.Warm, o.Rate = 10, 50, 50*time.Millisecond, 200 }, 1, 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := f.run(t, t.Context(), c.name, c.change)
			if err != nil || !r.Clean() {
				t.Errorf("%v: %+v", err, r)
			}
			if got := len(f.tasks(r.Run)); got != c.tasks {
				t.Errorf("%d tasks", got)
			}
			if r.Reports < c.tasks || r.Stored != r.Reports || r.Folded != 0 {
				t.Errorf("%d reports, %d stored", r.Reports, r.Stored)
			}
			if want := r.Stored * c.watchers; r.Deliveries+r.Conflated != want {
				t.Errorf("%d deliveries and %d conflated of %d", r.Deliveries, r.Conflated, want)
			}
			if r.Options["deliver"] == "all" && r.Conflated != 0 {
				t.Errorf("%d conflated", r.Conflated)
			}
			if r.Latency == nil || r.Latency.P50 <= 0 || r.Latency.Max < r.Latency.P50 {
				t.Errorf("latency %+v", r.Latency)
			}
			if c.name == "resume" && r.CatchUp == nil || len(r.CutOff) != 0 {
				t.Errorf("catch-up %+v, cut off %v", r.CatchUp, r.CutOff)
			}
			if c.name == "slow" && (r.Slow.Stalled != 5 || r.Slow.GotFinal != 5) {
				t.Errorf("slow %+v", r.Slow)
			}
		})
	}
}

func TestIngest(t *testing.T) {
	f := start(t, nodetest.Options{}, nil)
	r, err := f.run(t, t.Context(), "ingest", func(o *bench.Options) { o.Writers, o.Size = 4, 1000 })
	if err != nil || !r.Clean() || len(r.Ingest) != 2 {
		t.Fatalf("%v: %+v", err, r)
	}
	for _, in := range r.Ingest {
		if in.Reports < 4 || in.Stored != in.Reports || in.PerSecond <= 0 {
			t.Errorf("%+v", in)
		}
	}
}

// TestFolding: what the server folds is neither stored nor lost.
func TestFolding(t *testing.T) {
	f := start(t, nodetest.Options{ReportRate: 40}, nil)
	r, err := f.run(t, t.Context(), "fanout", func(o *bench.Options) { o.Watchers, o.Rate, o.Deliver = 3, 1000, "all" })
	if err != nil || !r.Clean() || r.Folded == 0 || r.Stored+r.Folded != r.Reports || r.Deliveries != 3*r.Stored || len(r.Notes) == 0 {
		t.Errorf("%v: %+v", err, r)
	}
}

// TestInterrupted: a run that is interrupted ends its tasks, and its figures hold.
func TestInterrupted(t *testing.T) {
	f := start(t, nodetest.Options{}, nil)
	for _, name := range []string{"fanout", "slow", "resume", "ingest", "idle"} {
		ctx, cancel := context.WithCancel(t.Context())
		begun := f.View.Feed.Seq()
		var waiting sync.WaitGroup
		waiting.Go(func() {
			defer cancel()
			nodetest.Eventually(t, "the load has begun", func() bool {
				return f.View.Feed.Seq() > begun+100 || name == "idle" && f.View.Feed.Seq() > begun
			})
		})
		r, err := f.run(t, ctx, name, func(o *bench.Options) {
			o.Watchers, o.Duration, o.Rate = 5, time.Minute, 500
			if name == "idle" {
				o.Connections, o.Tasks = 5, 5
			}
		})
		if err != nil || !r.Clean() || !r.Interrupted {
			t.Errorf("%s: %v: %+v", name, err, r)
		}
		waiting.Wait()
	}
}

func TestOtherMachinesAreRefused(t *testing.T) {
	for _, url := range []string{"http://192.0.2.1:9009", "http://[2001:db8::1]"} {
		_, err := bench.Run(t.Context(), scenario(t, "fanout"), func() bench.Options {
			o := scenario(t, "fanout").Defaults
			o.URL = url
			return o
		}())
		if !errors.Is(err, bench.ErrNotLocal) {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestOptionsAreBounded(t *testing.T) {
	for name, change := range map[string]func(*bench.Options){
		"watchers": func(o *bench.Options) { o.Watchers = 0 },
		"rate":     func(o *bench.Options) { o.Rate = -1 },
		"duration": func(o *bench.Options) { o.Duration = time.Hour },
		"protocol": func(o *bench.Options) { o.Protocol = "xml" },
		"deliver":  func(o *bench.Options) { o.Deliver = "some" },
		"URL":      func(o *bench.Options) { o.URL = "ftp://localhost" },
		"server":   func(o *bench.Options) { o.URL = "http://127.0.0.1:1" },
	} {
		s := scenario(t, "fanout")
		o := s.Defaults
		o.URL = "http://127.0.0.1:1"
		change(&o)
		if r, err := bench.Run(t.Context(), s, o); r != nil || err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
