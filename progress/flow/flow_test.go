package flow

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseContractExample(t *testing.T) {
	got := parseOne(t, contractYAML)
	if got.checker == nil {
		t.Error("the parameters' schema is not compiled at parse")
	}
	got.checker = nil
	want := &Flow{
		Name: "checksum", Title: "Checksum every file under a folder",
		Params:  json.RawMessage(`{"dir":{"type":"string","default":"/usr/lib","maxLength":4096}}`),
		Timeout: Duration(10 * time.Minute), Concurrency: 2,
		Retry: Retry{Attempts: 2, Delay: Duration(5 * time.Second), Backoff: 2, On: []string{"exit", "timeout", "lost"}},
		Steps: []Step{
			{Name: "list", Run: `find "$RUNFLOW_PARAM_DIR" -type f > files.txt`, Weight: 1},
			{Name: "hash", Args: []string{"runflow-checksum", "--from", "files.txt", "{{params.dir}}"}, Needs: []string{"list"},
				Weight: 8, Env: map[string]string{"LC_ALL": "C"}, Workdir: ".", Timeout: Duration(5 * time.Minute)},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

const everythingYAML = `flows:
  base: &base
    steps:
      - &step {name: one, run: "true"}
  all:
    title: 2026 <b> & co
    description: |
      two
      lines
    params:
      n: {type: integer, default: 0x1F, x-unit: "<files>"}
      list: {type: array, items: {type: string}, default: [a, "b&c"]}
      free: {required: false}
      must: {type: string, format: email}
      both: {type: object, required: [a], properties: {a: {type: string}, b: {default: 7}}}
    timeout: 1.5
    concurrency: 3
    queue: 9
    retry: {on: lost}
    steps:
      - <<: *step
        timeout: 250ms
        env: {A: 010, B: yes, C: , D: "x"}
      - {name: two, args: [a, 1, "", "{{params.n}}"], weight: 0.25, needs: one}
      - {name: three, run: x, needs: []}
`

func TestFlowRoundTrip(t *testing.T) {
	flows, err := Parse("x.yaml", []byte(everythingYAML))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range append(flows, Builtin().List()...) {
		data, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got Flow
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		plain := *want
		plain.checker = nil
		// An empty list of needs and none mean the same.
		for i := range plain.Steps {
			if len(plain.Steps[i].Needs) == 0 {
				plain.Steps[i].Needs = nil
			}
		}
		if !reflect.DeepEqual(got, plain) {
			t.Errorf("round trip of %s:\ngot  %+v\nwant %+v", want.Name, got, plain)
		}
	}
	all := flows[1]
	if all.Steps[0].Name != "one" || all.Steps[0].Run != "true" || all.Steps[0].Timeout != Duration(250*time.Millisecond) {
		t.Errorf("merge key: %+v", all.Steps[0])
	}
	if want := map[string]string{"A": "010", "B": "yes", "C": "", "D": "x"}; !reflect.DeepEqual(all.Steps[0].Env, want) {
		t.Errorf("env = %v, want %v", all.Steps[0].Env, want)
	}
	if want := (Retry{3, Duration(5 * time.Second), 2, []string{"lost"}}); !reflect.DeepEqual(all.Retry, want) {
		t.Errorf("retry = %+v, want %+v", all.Retry, want)
	}
	if want := []string{"must", "both"}; !slices.Equal(all.Required, want) {
		t.Errorf("required = %v, want %v", all.Required, want)
	}
	data, _ := json.Marshal(all)
	if !strings.Contains(string(data), `"timeout":1.5,`) || !strings.Contains(string(data), `"timeout":0.25`) {
		t.Errorf("durations are not seconds: %s", data)
	}
}

func TestReady(t *testing.T) {
	line := parseOne(t, `flows: {f: {steps: [{name: a, run: x}, {name: b, run: x}, {name: c, run: x}]}}`)
	graph := parseOne(t, `flows: {f: {steps: [{name: a, run: x}, {name: b, run: x, needs: [a]}, {name: c, run: x, needs: [a]}, {name: d, run: x, needs: [c, b]}, {name: e, run: x}]}}`)
	for _, c := range []struct {
		flow          *Flow
		started, done string
		want          []int
	}{
		{line, "", "", []int{0}},
		{line, "a", "", nil},
		{line, "a", "a", []int{1}},
		{line, "ab", "ab", []int{2}},
		{line, "abc", "abc", nil},
		{graph, "", "", []int{0, 4}},
		{graph, "ae", "a", []int{1, 2}},
		{graph, "aebc", "ab", nil},
		{graph, "aebc", "abc", []int{3}},
	} {
		got := c.flow.Ready(
			func(name string) bool { return strings.Contains(c.done, name) },
			func(name string) bool { return strings.Contains(c.started, name) })
		if !slices.Equal(got, c.want) {
			t.Errorf("Ready(started %q, done %q) = %v, want %v", c.started, c.done, got, c.want)
		}
	}
}

func TestStepDir(t *testing.T) {
	for workdir, want := range map[string]string{"": "/w", ".": "/w", "a/b": "/w/a/b", "/srv/x/": "/srv/x"} {
		if got := (&Step{Workdir: workdir}).Dir("/w"); got != want {
			t.Errorf("Dir with workdir %q = %q, want %q", workdir, got, want)
		}
	}
}

func TestRetryNext(t *testing.T) {
	r := Retry{Attempts: 4, Delay: Duration(2 * time.Second), Backoff: 3, On: []string{OnExit}}
	for _, c := range []struct {
		retry   Retry
		attempt int
		reason  string
		wait    time.Duration
		again   bool
	}{
		{r, 1, OnExit, 2 * time.Second, true},
		{r, 2, OnExit, 6 * time.Second, true},
		{r, 3, OnExit, 18 * time.Second, true},
		{r, 4, OnExit, 0, false},
		{r, 1, OnLost, 0, false},
		{Retry{}, 1, OnExit, 0, false},
		{Retry{Attempts: 2, On: []string{OnLost}}, 1, OnLost, 0, true},
		{Retry{Attempts: 100, Delay: Duration(time.Minute), Backoff: 100, On: []string{OnExit}}, 99, OnExit, time.Hour, true},
		{Retry{Attempts: 1e6, Backoff: 100, On: []string{OnExit}}, 1e5, OnExit, 0, true}, // 0 × Inf
	} {
		wait, again := c.retry.Next(c.attempt, c.reason)
		if wait != c.wait || again != c.again {
			t.Errorf("%+v.Next(%d, %s) = %v, %v, want %v, %v", c.retry, c.attempt, c.reason, wait, again, c.wait, c.again)
		}
	}
}

func TestDurationJSON(t *testing.T) {
	for _, std := range []time.Duration{0, time.Millisecond, 1500 * time.Millisecond, 10 * time.Minute, maxDuration - time.Millisecond} {
		data, err := json.Marshal(Duration(std))
		if err != nil {
			t.Fatal(err)
		}
		var back Duration
		if err := json.Unmarshal(data, &back); err != nil || back.Std() != std {
			t.Errorf("%v → %s → %v, %v", std, data, back, err)
		}
	}
	for _, bad := range []string{`"5s"`, `1e300`, `-1e300`, `{}`} {
		var d Duration
		if err := json.Unmarshal([]byte(bad), &d); err == nil {
			t.Errorf("%s reads as %v, want an error", bad, d)
		}
	}
}
