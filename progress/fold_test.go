package progress_test

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/flow"
)

func f(v float64) *float64 { return &v }
func s(v string) *string   { return &v }

var begin = time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)

func reporterSpec() *progress.Spec {
	return &progress.Spec{ID: "a", CreatedAt: progress.At(begin)}
}

func flowSpec() *progress.Spec {
	return &progress.Spec{
		ID: "a", Flow: "two", CreatedAt: progress.At(begin), Retry: flow.Retry{Attempts: 2, On: []string{"lost"}},
		Steps: []progress.Step{{Name: "one", State: progress.Queued, Weight: 1}, {Name: "two", State: progress.Queued, Weight: 3}},
	}
}

// play folds changes a second apart.
func play(t *testing.T, sp *progress.Spec, changes ...progress.Change) (progress.Status, error) {
	t.Helper()
	st := sp.Initial()
	for i, c := range changes {
		next, err := progress.Fold(sp, &st, c, begin.Add(time.Duration(i+1)*time.Second), 0)
		if err != nil {
			return st, err
		}
		st = next
	}
	return st, nil
}

func TestReports(t *testing.T) {
	for _, c := range []struct {
		name    string
		reports []progress.Change
		want    func(progress.Status) bool
	}{
		{"first report starts", []progress.Change{progress.Report{}}, func(st progress.Status) bool {
			return st.State == progress.Running && st.Progress == nil && st.StartedAt.Equal(begin.Add(time.Second))
		}},
		{"clamped", []progress.Change{progress.Report{Progress: f(150)}}, func(st progress.Status) bool {
			return *st.Progress == 100 && st.State == progress.Running
		}},
		{"clamped below", []progress.Change{progress.Report{Progress: f(-3)}}, func(st progress.Status) bool { return *st.Progress == 0 }},
		{"from counts", []progress.Change{progress.Report{Current: f(1), Total: f(3), Unit: s("files")}}, func(st progress.Status) bool {
			return *st.Progress == 33.33 && *st.Current == 1 && st.Unit == "files"
		}},
		{"total comes first", []progress.Change{progress.Report{Total: f(4)}, progress.Report{Current: f(1)}}, func(st progress.Status) bool { return *st.Progress == 25 }},
		{"never down", []progress.Change{progress.Report{Progress: f(50)}, progress.Report{Progress: f(20), Message: s("x")}}, func(st progress.Status) bool {
			return *st.Progress == 50 && st.Message == "x"
		}},
		{"counts fall, progress does not", []progress.Change{progress.Report{Current: f(9), Total: f(10)}, progress.Report{Current: f(1), Total: f(10)}}, func(st progress.Status) bool {
			return *st.Progress == 90 && *st.Current == 1
		}},
		{"reset", []progress.Change{progress.Report{Progress: f(50)}, progress.Report{Progress: f(20), Reset: true}}, func(st progress.Status) bool { return *st.Progress == 20 }},
		{"reset to unknown", []progress.Change{progress.Report{Progress: f(50)}, progress.Report{Reset: true}}, func(st progress.Status) bool { return st.Progress == nil }},
		{"success is 100", []progress.Change{progress.Report{Progress: f(50)}, progress.Report{State: progress.Succeeded}}, func(st progress.Status) bool {
			return *st.Progress == 100 && st.State == progress.Succeeded && !st.EndedAt.IsZero() && st.Rate == nil && st.ETA.IsZero()
		}},
		{"100 is not the end", []progress.Change{progress.Report{Progress: f(100)}}, func(st progress.Status) bool { return st.State == progress.Running }},
		{"failure is reported", []progress.Change{progress.Report{State: progress.Failed, Error: s("boom")}}, func(st progress.Status) bool {
			return st.Reason == progress.ReasonReported && st.Error == "boom" && st.Progress == nil
		}},
		{"metadata merges", []progress.Change{progress.Report{Metadata: json.RawMessage(`{"a":1,"b":2}`)}, progress.Report{Metadata: json.RawMessage(`{"a":null,"c":3}`)}}, func(st progress.Status) bool {
			return string(st.Metadata) == `{"b":2,"c":3}`
		}},
		{"steps follow each other", []progress.Change{progress.Report{Step: "one"}, progress.Report{Step: "two"}}, func(st progress.Status) bool {
			return st.Step == "two" && st.Steps[0].State == progress.Succeeded && st.Steps[1].State == progress.Running
		}},
		{"rate and eta", []progress.Change{progress.Report{Current: f(0), Total: f(100)}, progress.Report{Current: f(10)}, progress.Report{Current: f(20)}}, func(st progress.Status) bool {
			return *st.Rate == 10 && st.ETA.Equal(begin.Add(11*time.Second))
		}},
		{"cancel", []progress.Change{progress.Report{Progress: f(1)}, progress.Cancel{}}, func(st progress.Status) bool { return st.State == progress.Canceled }},
		{"a stall is no report", []progress.Change{progress.Report{Progress: f(1)}, progress.Stall{}}, func(st progress.Status) bool { return st.Stalled }},
		{"a report ends the stall", []progress.Change{progress.Report{Progress: f(1)}, progress.Stall{}, progress.Report{}}, func(st progress.Status) bool { return !st.Stalled }},
		{"lost", []progress.Change{progress.Report{Progress: f(1)}, progress.Lose{Attempt: 1}}, func(st progress.Status) bool {
			return st.State == progress.Failed && st.Reason == progress.ReasonLost
		}},
	} {
		st, err := play(t, reporterSpec(), c.reports...)
		if err != nil || !c.want(st) {
			t.Errorf("%s: %v, got %+v", c.name, err, st)
		}
	}
}

func TestFinalStatesAbsorb(t *testing.T) {
	for _, end := range []progress.Change{progress.Report{State: progress.Succeeded}, progress.Report{State: progress.Failed}, progress.Cancel{}} {
		for _, after := range []progress.Change{progress.Report{Progress: f(1)}, progress.Report{}, progress.Cancel{}, progress.Lose{Attempt: 1}, progress.Stall{}} {
			if _, err := play(t, reporterSpec(), end, after); !errors.Is(err, progress.ErrEnded) {
				t.Errorf("%+v after %+v: %v", after, end, err)
			}
		}
	}
}

func TestFlowTasks(t *testing.T) {
	step := func(name string, r progress.Report) progress.Change {
		return progress.StepChange{Attempt: 1, Step: name, State: progress.Running, Report: r}
	}
	st, err := play(t, flowSpec(), progress.Begin{Attempt: 1}, step("one", progress.Report{Progress: f(100)}), step("two", progress.Report{Progress: f(20)}))
	if err != nil || *st.Progress != 40 || st.Step != "two" {
		t.Errorf("weighted mean: %v %+v", err, st)
	}
	st, err = play(t, flowSpec(), progress.Begin{Attempt: 1}, step("one", progress.Report{}), progress.Report{Progress: f(50), Message: s("from inside")})
	if err != nil || *st.Progress != 12.5 || st.Message != "from inside" {
		t.Errorf("report from inside: %v %+v", err, st)
	}
	var invalid *progress.InvalidError
	if _, err = play(t, flowSpec(), progress.Begin{Attempt: 1}, progress.Report{State: progress.Succeeded}); !errors.As(err, &invalid) {
		t.Errorf("a reporter ended a flow task: %v", err)
	}
	st, err = play(t, flowSpec(), progress.Begin{Attempt: 1}, step("one", progress.Report{}), progress.Cancel{})
	if err != nil || st.State != progress.Canceling {
		t.Errorf("cancel: %v %+v", err, st)
	}
	st, err = play(t, flowSpec(), progress.Begin{Attempt: 1}, step("one", progress.Report{Progress: f(50)}), progress.Lose{Attempt: 1})
	if err != nil || st.State != progress.Queued || st.Attempt != 2 || st.Progress != nil || st.Steps[0].State != progress.Queued {
		t.Errorf("lost with a retry: %v %+v", err, st)
	}
	st, err = play(t, flowSpec(), progress.Begin{Attempt: 1}, progress.Lose{Attempt: 1}, progress.Begin{Attempt: 2}, progress.Lose{Attempt: 2})
	if err != nil || st.State != progress.Failed || st.Reason != progress.ReasonLost || st.Steps[0].State != progress.Skipped {
		t.Errorf("lost twice: %v %+v", err, st)
	}
	for _, stale := range []progress.Change{progress.Begin{Attempt: 1}, step("one", progress.Report{}), progress.Finish{Attempt: 1, State: progress.Succeeded}, progress.Lose{Attempt: 1}} {
		if _, err := play(t, flowSpec(), progress.Begin{Attempt: 1}, progress.Lose{Attempt: 1}, stale); !errors.Is(err, progress.ErrStale) {
			t.Errorf("%+v of an attempt that is over: %v", stale, err)
		}
	}
}

// TestTypicalLengthServesUntilTheRunCanTell: the ETA of a flow's run that has told nothing yet.
func TestTypicalLengthServesUntilTheRunCanTell(t *testing.T) {
	sp := flowSpec()
	st := sp.Initial()
	st, err := progress.Fold(sp, &st, progress.Begin{Attempt: 1}, begin, time.Minute)
	if err != nil || !st.ETA.Equal(begin.Add(time.Minute)) {
		t.Errorf("%v %+v", err, st)
	}
}

// TestInvariants folds random changes and holds every status against what a watcher relies on.
func TestInvariants(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 7))
		sp := reporterSpec()
		if seed%2 == 0 {
			sp = flowSpec()
		}
		st := sp.Initial()
		for i := range 60 {
			c := randomChange(random)
			next, err := progress.Fold(sp, &st, c, begin.Add(time.Duration(i)*time.Second), 0)
			if st.State.Final() && !errors.Is(err, progress.ErrEnded) {
				t.Fatalf("seed %d: %+v after the end: %v", seed, c, err)
			}
			if err != nil {
				continue
			}
			report, _ := c.(progress.Report)
			if next.Attempt == st.Attempt && !report.Reset && st.Progress != nil && (next.Progress == nil || *next.Progress < *st.Progress) {
				t.Fatalf("seed %d: %+v took progress from %v to %v", seed, c, *st.Progress, next.Progress)
			}
			if next.Progress != nil && (*next.Progress < 0 || *next.Progress > 100) {
				t.Fatalf("seed %d: progress %v", seed, *next.Progress)
			}
			if next.State.Final() != !next.EndedAt.IsZero() || next.UpdatedAt.Before(st.UpdatedAt.Time) {
				t.Fatalf("seed %d: %+v", seed, next)
			}
			st = next
		}
	}
}

func randomChange(r *rand.Rand) progress.Change {
	attempt := 1 + r.IntN(2)
	report := progress.Report{Reset: r.IntN(20) == 0}
	if r.IntN(2) == 0 {
		report.Progress = f(r.Float64()*140 - 20)
	} else {
		report.Current, report.Total = f(float64(r.IntN(20))), f(float64(r.IntN(20)))
	}
	switch r.IntN(12) {
	case 0:
		return progress.Begin{Attempt: attempt}
	case 1:
		return progress.Lose{Attempt: attempt}
	case 2:
		return progress.Stall{Over: r.IntN(2) == 0}
	case 3, 4, 5:
		return progress.StepChange{Attempt: attempt, Step: []string{"one", "two"}[r.IntN(2)], State: progress.Running, Report: report}
	case 6:
		return progress.Retry{Attempt: attempt, Why: progress.ReasonExit}
	case 7:
		if r.IntN(6) == 0 {
			return progress.Cancel{}
		}
	case 8:
		if r.IntN(6) == 0 {
			return progress.Finish{Attempt: attempt, State: progress.Failed, Reason: progress.ReasonExit}
		}
	}
	return report
}

func TestReportValidation(t *testing.T) {
	nan, inf := 0.0, 1.0
	nan /= nan
	inf /= 0 * inf
	for field, r := range map[string]progress.Report{
		"progress": {Progress: &nan},
		"current":  {Current: &inf},
		"message":  {Message: s(strings.Repeat("é", 1025))},
		"unit":     {Unit: s(strings.Repeat("x", 65))},
		"step":     {Step: strings.Repeat("x", 65)},
		"state":    {State: "queued"},
		"metadata": {Metadata: json.RawMessage(`[1]`)},
		"result":   {Result: json.RawMessage(`"` + strings.Repeat("x", 64<<10) + `"`)},
	} {
		var invalid *progress.InvalidError
		if err := r.Validate(); !errors.As(err, &invalid) || invalid.Fields[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	ok := progress.Report{Message: s(strings.Repeat("é", 1024)), State: "cancelled"}
	if err := ok.Validate(); err != nil || ok.State != progress.Canceled {
		t.Errorf("%v %+v", err, ok)
	}
}

func TestTimeInJSON(t *testing.T) {
	for _, at := range []time.Time{begin, begin.Add(123 * time.Millisecond), time.Date(2024, 2, 29, 23, 59, 59, 999e6, time.UTC), {}} {
		was := progress.At(at)
		if at.IsZero() {
			was = progress.Time{}
		}
		b, err := json.Marshal(was)
		if err != nil {
			t.Fatal(err)
		}
		var is progress.Time
		if err := json.Unmarshal(b, &is); err != nil || is != was {
			t.Errorf("%s: %v, %v", b, is, err)
		}
	}
	for _, bad := range []string{`"2026-13-01T00:00:00.000Z"`, `"2026-02-30T00:00:00.000Z"`, `"yesterday, at about three"`, `5`} {
		if err := json.Unmarshal([]byte(bad), new(progress.Time)); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}
