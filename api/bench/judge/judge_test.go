package judge_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/runflow/runflow/api/bench/judge"
)

// stream is a task's whole log: created as seq 10, reports 1 to 5 as seqs 20 to 60, the end as seq 70.
func stream() []judge.Event {
	events := []judge.Event{{Seq: 10, State: 'q'}}
	for i := 1; i <= 5; i++ {
		events = append(events, judge.Event{Seq: uint64(10 + 10*i), Index: i, State: 'r'})
	}
	return append(events, judge.Event{Seq: 70, Index: 6, State: 's'})
}

func truth(t *testing.T, events []judge.Event) *judge.Truth {
	t.Helper()
	var all judge.Truth
	for _, e := range events {
		if err := all.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	return &all
}

// watched is what a watcher says that got these events of the stream, the first of them as its snapshot.
func watched(t *testing.T, events []judge.Event, all bool) judge.Verdict {
	t.Helper()
	w := judge.Watcher{Records: make([]judge.Record, 1)}
	for i, e := range events {
		e.Snapshot = e.Snapshot || i == 0
		w.Take(e)
	}
	return w.Judge([]*judge.Truth{truth(t, stream())}, all)
}

func TestFaultsAreFound(t *testing.T) {
	s := stream()
	without := func(i ...int) (some []judge.Event) {
		for n, e := range s {
			if !slices.Contains(i, n) {
				some = append(some, e)
			}
		}
		return some
	}
	with := func(i int, e judge.Event) []judge.Event { return slices.Insert(slices.Clone(s), i, e) }
	swapped := slices.Clone(s)
	swapped[3], swapped[4] = swapped[4], swapped[3]
	old := slices.Clone(s)
	old[4].Index = 2 // a new seq with an old status
	gap := judge.Event{Seq: 40, Index: 3, State: 'r', Snapshot: true, Gap: true}
	type faults = judge.Faults
	for _, c := range []struct {
		name   string
		events []judge.Event
		all    bool
		want   judge.Verdict
	}{
		{"everything", s, true, judge.Verdict{Received: 6}},
		{"everything, latest", s, false, judge.Verdict{Received: 6}},
		{"snapshot later", without(0, 1), true, judge.Verdict{Received: 4}},
		{"twice", with(4, s[3]), true, judge.Verdict{Received: 6, Faults: faults{Duplicates: 1}}},
		{"the snapshot again", with(1, s[0]), true, judge.Verdict{Received: 6, Faults: faults{Duplicates: 1}}},
		{"the end twice", with(7, s[6]), true, judge.Verdict{Received: 6, Faults: faults{Duplicates: 1}}},
		{"wrong order", swapped, true, judge.Verdict{Received: 6, Faults: faults{OutOfOrder: 1}}},
		{"an old status", old, true, judge.Verdict{Received: 6, Faults: faults{OutOfOrder: 1}}},
		{"one missing", without(3), true, judge.Verdict{Received: 5, Lost: 1}},
		{"the end missing", without(6), true, judge.Verdict{Received: 5, Lost: 1, NoFinal: 1}},
		{"nothing", nil, true, judge.Verdict{Lost: 7, NoFinal: 1}},
		{"not in the log", with(3, judge.Event{Seq: 35, State: 'r'}), true, judge.Verdict{Received: 7, Stray: 1}},
		{"another in its place", slices.Concat(s[:3], []judge.Event{{Seq: 45, State: 'r'}}, s[4:]), true, judge.Verdict{Received: 6, Stray: 1}},
		{"after the end", with(7, judge.Event{Seq: 80, State: 'r'}), true, judge.Verdict{Received: 6, Faults: faults{AfterFinal: 1}}},
		{"a gap", slices.Concat(s[:2], []judge.Event{gap}, s[4:]), true, judge.Verdict{Received: 3, Gaps: 1}},
		{"not its task", with(3, judge.Event{Task: 1, Seq: 35}), true, judge.Verdict{Received: 6, Faults: faults{Unasked: 1}}},
		{"conflated", without(2, 3, 4), false, judge.Verdict{Received: 3, Conflated: 3}},
		{"state lost", without(1, 2, 3, 4, 5), false, judge.Verdict{Received: 1, Conflated: 4, Lost: 1}},
		{"newest lost", without(5, 6), false, judge.Verdict{Received: 4, Lost: 2, NoFinal: 1}},
	} {
		if got := watched(t, c.events, c.all); got != c.want {
			t.Errorf("%s: %+v, not %+v", c.name, got, c.want)
		} else if clean := got.Clean(); clean != (c.want == judge.Verdict{Received: got.Received, Conflated: got.Conflated}) {
			t.Errorf("%s: clean is %v", c.name, clean)
		}
	}
}

// TestConflationIsNoLoss takes random events away between two of the same state: what is left must be clean, and with
// deliver all each of them is lost.
func TestConflationIsNoLoss(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		some := []judge.Event{stream()[0], stream()[1]}
		for _, e := range stream()[2:6] {
			if rnd.IntN(2) == 0 {
				some = append(some, e)
			}
		}
		some = append(some, stream()[6])
		spared := len(stream()) - len(some)
		if v := watched(t, some, false); !v.Clean() || v.Conflated != spared {
			t.Fatalf("%d spared: %+v", spared, v)
		}
		if v := watched(t, some, true); v.Lost != spared {
			t.Fatalf("%d lost: %+v", spared, v)
		}
	}
}

// TestOrderAmongTasks: a watcher of several tasks sees seqs rise over all of them.
func TestOrderAmongTasks(t *testing.T) {
	w := judge.Watcher{Records: make([]judge.Record, 2)}
	w.Take(judge.Event{Task: 0, Seq: 1, Snapshot: true})
	w.Take(judge.Event{Task: 1, Seq: 2, Snapshot: true})
	w.Take(judge.Event{Task: 0, Seq: 5})
	w.Take(judge.Event{Task: 1, Seq: 4})
	if w.OutOfOrder != 1 {
		t.Errorf("%+v", w.Faults)
	}
	w.Take(judge.Event{Task: -1, Seq: 3})
	if w.OutOfOrder != 2 || w.Last != 5 {
		t.Errorf("%+v, last %d", w.Faults, w.Last)
	}
}

func TestTruthRefusesABrokenLog(t *testing.T) {
	for name, next := range map[string]judge.Event{
		"seq":        {Seq: 60, Index: 6, State: 'r'},
		"report":     {Seq: 65, Index: 5, State: 'r'},
		"after ends": {Seq: 80, Index: 7, State: 'r'},
	} {
		events := stream()
		if name != "after ends" {
			events = events[:6]
		}
		if truth(t, events).Add(next) == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestScanner(t *testing.T) {
	scan := judge.NewScanner("bench-r-")
	text := judge.AppendReport(nil, 12, 3456, 20)
	mine := fmt.Sprintf(`{"event":"progress","data":{"taskId":"bench-r-7","progress":1,"message":"%s","state":"running","seq":99,"at":"x"}}`, text)
	other := `{"event":"progress","data":{"taskId":"elsewhere","progress":1,"message":"say \"seq\":5 {\"event\":\"progress\"","state":"failed","seq":100,"snapshot":true,"gap":true}}`
	answer := `{"event":"subscribed","id":1,"data":{}}`
	want := []judge.Event{
		{Task: 7, Seq: 99, Index: 12, Sent: 3456, State: 'r'},
		{Task: -1, Seq: 100, State: 'f', Snapshot: true, Gap: true},
	}
	if len(text) != 20 {
		t.Errorf("report %q", text)
	}
	for _, frame := range []string{mine + answer + other, "[" + mine + "," + answer + "," + other + "]"} {
		var got []judge.Event
		for message, rest := judge.Split([]byte(frame)); message != nil; message, rest = judge.Split(rest) {
			if e, ok := scan.Parse(message); ok {
				got = append(got, e)
			} else if judge.Name(message) != "subscribed" {
				t.Errorf("message %s", message)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%+v", got)
		}
	}
	e, ok := scan.Parse([]byte(`{"event":"progress","data":{"taskId":"bench-r-1","state":"canceling","seq":1}}`))
	if !ok || e.Final() {
		t.Errorf("canceling is final: %+v", e)
	}
}

func TestHistogram(t *testing.T) {
	var h judge.Histogram
	if h.Quantiles() != nil {
		t.Error("quantiles of nothing")
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	var all []time.Duration
	for range 50_000 {
		d := time.Duration(rnd.ExpFloat64() * float64(5*time.Millisecond))
		all = append(all, d)
		h.Record(d)
	}
	slices.Sort(all)
	for _, q := range []float64{0, .01, .5, .9, .99, .999, 1} {
		exact := all[min(len(all)-1, max(0, int(q*float64(len(all))+.5)-1))]
		if got := h.Quantile(q); got < exact || float64(got) > float64(exact)*1.017+1 {
			t.Errorf("quantile %v is %v, not %v", q, got, exact)
		}
	}
	h.Record(-1)
	h.Record(time.Hour * 1e5)
	if h.Max() != time.Hour*1e5 || h.Quantile(1) != h.Max() || h.Count() != len(all)+2 {
		t.Errorf("max %v of %d", h.Max(), h.Count())
	}
}

// BenchmarkTake is what the judge costs per message.
func BenchmarkTake(b *testing.B) {
	scan := judge.NewScanner("bench-r-")
	frame := []byte(`{"event":"progress","data":{"taskId":"bench-r-0","progress":42.5,"message":"b 12 3456","state":"running","seq":99,"at":"2026-11-22T20:31:07.000Z","attempt":1,"startedAt":"2026-11-22T20:31:07.000Z"}}`)
	w := judge.Watcher{Records: make([]judge.Record, 1)}
	b.ReportAllocs()
	for i := uint64(1); b.Loop(); i++ {
		message, _ := judge.Split(frame)
		e, _ := scan.Parse(message)
		e.Seq, e.Index = i, int(i)
		w.Take(e)
	}
}
