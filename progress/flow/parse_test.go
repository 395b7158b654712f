package flow

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// flowWith puts lines under flow f, from line 3 on.
func flowWith(lines ...string) string {
	return "flows:\n  f:\n    " + strings.Join(lines, "\n    ")
}

const okSteps = "steps: [{name: s, run: x}]"

func TestParseErrors(t *testing.T) {
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	bomb := "flows:\n  f:\n    params:\n      a: &a {enum: [" + strings.Repeat("x,", 50) + "]}\n"
	for i := 'b'; i < 'k'; i++ {
		bomb += fmt.Sprintf("      %c: &%c {enum: [%s]}\n", i, i, strings.Repeat(fmt.Sprintf("*%c,", i-1), 50))
	}
	for name, c := range map[string]struct {
		yaml string
		want []string // "LINE: part of the detail", in order; all of them
	}{
		"empty":                  {"", []string{"0: defines no flows"}},
		"comment only":           {"# nothing\n", []string{"0: defines no flows"}},
		"no flows key":           {"{}", []string{"0: defines no flows"}},
		"flows empty":            {"\nflows:\n", []string{"2: flows is empty"}},
		"not a mapping":          {"- a\n", []string{"1: the file must be a mapping"}},
		"syntax":                 {"flows:\n  f: [\n", []string{"2: did not find expected node content"}},
		"tab":                    {"flows:\n\tf: x\n", []string{"2: found character that cannot start any token"}},
		"two documents":          {"flows: {}\n---\nflows: {}\n", []string{"2: one YAML document"}},
		"unknown top key":        {"flow: {}\n", []string{`1: unknown key "flow" in the file; the keys are flows`}},
		"unknown flow key":       {flowWith("titel: x", okSteps), []string{`3: unknown key "titel" in flow "f"`}},
		"unknown step key":       {flowWith("steps:", "- name: s", "  run: x", "  cmd: y"), []string{`6: unknown key "cmd" in step 1 of flow "f"`}},
		"unknown retry key":      {flowWith("retry:", "  times: 3", okSteps), []string{`4: unknown key "times" in retry`}},
		"repeated key":           {flowWith("title: a", "title: b", okSteps), []string{`4: "title" is already given in line 3`}},
		"repeated flow":          {"flows:\n  f: {" + okSteps + "}\n  f: {" + okSteps + "}\n", []string{`3: "f" is already given in line 2`}},
		"flow name":              {"flows:\n  a b: {" + okSteps + "}\n", []string{`2: flow "a b": a name is`}},
		"flow null":              {"flows:\n  f:\n", []string{`2: flow "f" has no steps`}},
		"flow is text":           {"flows:\n  f: x\n", []string{`2: flow "f" must be a mapping`}},
		"no steps":               {flowWith("title: x"), []string{`2: flow "f" has no steps`}},
		"steps empty":            {flowWith("steps: []"), []string{`3: flow "f" has no steps`}},
		"steps is a mapping":     {flowWith("steps: {a: b}"), []string{`3: flow "f" has no steps: steps is a list`}},
		"step is text":           {flowWith("steps:", "- make"), []string{"4: step 1 of flow \"f\" must be a mapping"}},
		"step without name":      {flowWith("steps:", "- run: x"), []string{`4: step 1 of flow "f" has no name`}},
		"step name":              {flowWith("steps:", "- name: a/b", "  run: x"), []string{`4: step 1 of flow "f": the name "a/b" is not`}},
		"step name long":         {flowWith("steps:", "- {run: x, name: "+strings.Repeat("n", 65)+"}"), []string{"4: step 1"}},
		"run and args":           {flowWith("steps:", "- name: s", "  run: x", "  args: [x]"), []string{"4: step 1 of flow \"f\" must have either run"}},
		"neither run nor args":   {flowWith("steps:", "- name: s"), []string{"4: step 1 of flow \"f\" must have either run"}},
		"run empty":              {flowWith("steps:", "- {name: s, run: ' '}"), []string{"4: step 1 of flow \"f\": run is empty"}},
		"run null":               {flowWith("steps:", "- {name: s, run: }"), []string{"4: run must be text", "4: step 1 of flow \"f\": run is empty"}},
		"run with NUL":           {flowWith("steps:", `- {name: s, run: "a\0b"}`), []string{"4: run must not contain a NUL", "4: step 1 of flow \"f\": run is empty"}},
		"args empty":             {flowWith("steps:", "- {name: s, args: []}"), []string{"4: args must be a list"}},
		"args is text":           {flowWith("steps:", "- {name: s, args: ls -l}"), []string{"4: args must be a list"}},
		"args without command":   {flowWith("steps:", "- {name: s, args: ['', a]}"), []string{"4: args: the command is empty"}},
		"args nested":            {flowWith("steps:", "- name: s", "  args:", "  - a", "  - [b]"), []string{"7: an item of args must be text"}},
		"args unknown param":     {flowWith("steps:", "- name: s", "  args:", "  - a", "  - '{{params.x}}'"), []string{"7: args: {{params.x}} names no parameter"}},
		"args broken template":   {flowWith("params: {x: {}}", "steps:", "- name: s", "  args: [a, '{{params.x.y}}']"), []string{"6: args: \"{{params.x.y}}\" is not of the form"}},
		"template in run":        {flowWith("params: {x: {}}", "steps:", "- name: s", "  run: echo {{params.x}}"), []string{`6: a parameter is never spliced into run: use "$RUNFLOW_PARAM_X"`}},
		"template in run block":  {flowWith("params: {a-b: {}}", "steps:", "- name: s", "  run: |", "    one", "    echo {{ params.a-b }}"), []string{`8: a parameter is never spliced into run: use "$RUNFLOW_PARAM_A_B"`}},
		"template in env":        {flowWith("params: {x: {}}", "steps:", "- {name: s, run: x, env: {A: '{{params.x}}'}}"), []string{"5: A takes no {{params.x}}"}},
		"template in workdir":    {flowWith("params: {x: {}}", "steps:", "- {name: s, run: x, workdir: '{{params.x}}'}"), []string{"5: workdir takes no {{params.x}}"}},
		"env name":               {flowWith("steps:", "- {name: s, run: x, env: {A-B: 1}}"), []string{`4: env: "A-B" is not a variable's name`}},
		"env of ours":            {flowWith("steps:", "- {name: s, run: x, env: {RUNFLOW_TOKEN: 1}}"), []string{"4: env: RUNFLOW_TOKEN is RunFlow's own"}},
		"env list":               {flowWith("steps:", "- {name: s, run: x, env: [A]}"), []string{"4: env must be a mapping"}},
		"weight 0":               {flowWith("steps:", "- {name: s, run: x, weight: 0}"), []string{"4: weight must be a number from 0.000001 to 1000000"}},
		"weight negative":        {flowWith("steps:", "- {name: s, run: x, weight: -1}"), []string{"4: weight must be"}},
		"weight nan":             {flowWith("steps:", "- {name: s, run: x, weight: .nan}"), []string{"4: weight must be"}},
		"weight text":            {flowWith("steps:", "- {name: s, run: x, weight: heavy}"), []string{"4: weight must be"}},
		"timeout text":           {flowWith("timeout: soon", okSteps), []string{`3: timeout "soon" is not a duration`}},
		"timeout day":            {flowWith("timeout: 1d", okSteps), []string{`3: timeout "1d" is not a duration`}},
		"timeout 0":              {flowWith("timeout: 0", okSteps), []string{"3: timeout must be from 1ms"}},
		"timeout negative":       {flowWith("timeout: -5s", okSteps), []string{"3: timeout must be from 1ms"}},
		"timeout long":           {flowWith("timeout: 99999h", okSteps), []string{"3: timeout must be from 1ms"}},
		"timeout long number":    {flowWith("timeout: 1e300", okSteps), []string{"3: a duration of 1e+300 seconds is longer"}},
		"timeout list":           {flowWith("timeout: [1]", okSteps), []string{"3: timeout must be a duration"}},
		"step timeout":           {flowWith("steps:", "- {name: s, run: x, timeout: x}"), []string{`4: timeout "x" is not`}},
		"concurrency":            {flowWith("concurrency: 0", okSteps), []string{"3: concurrency must be a number from 1 to 10000"}},
		"concurrency fraction":   {flowWith("concurrency: 1.5", okSteps), []string{"3: concurrency must be a whole number"}},
		"queue":                  {flowWith("queue: many", okSteps), []string{"3: queue must be a number"}},
		"attempts":               {flowWith("retry: {attempts: 0}", okSteps), []string{"3: attempts must be a number from 1 to 100"}},
		"backoff":                {flowWith("retry: {backoff: 0.5}", okSteps), []string{"3: backoff must be a number from 1 to 100"}},
		"delay":                  {flowWith("retry: {delay: x}", okSteps), []string{"3: delay \"x\" is not"}},
		"retry on":               {flowWith("retry:", "  on:", "  - exit", "  - crash", okSteps), []string{`6: on: "crash" is none of exit, timeout, lost`}},
		"retry on mapping":       {flowWith("retry: {on: {a: b}}", okSteps), []string{"3: on must be a list"}},
		"duplicate step":         {flowWith("steps:", "- {name: s, run: x}", "- {name: s, run: y}"), []string{`5: step "s" is already defined in line 4`}},
		"unknown need":           {flowWith("steps:", "- name: s", "  run: x", "  needs:", "  - t"), []string{`7: step "s" needs "t", which is no step`}},
		"need twice":             {flowWith("steps:", "- {name: a, run: x}", "- {name: b, run: x, needs: [a, a]}"), []string{`5: step "b" needs "a" twice`}},
		"needs itself":           {flowWith("steps:", "- {name: a, run: x, needs: a}"), []string{"4: steps wait for each other in a circle: a needs a"}},
		"cycle":                  {flowWith("steps:", "- {name: z, run: x}", "- {name: a, run: x, needs: [z, c]}", "- {name: b, run: x, needs: [a]}", "- {name: c, run: x, needs: [b]}"), []string{"5: steps wait for each other in a circle: a needs c needs b needs a"}},
		"title long":             {flowWith("title: "+strings.Repeat("t", 257), okSteps), []string{"3: title has 257 characters"}},
		"title list":             {flowWith("title: [a]", okSteps), []string{"3: title must be text"}},
		"params list":            {flowWith("params: [a]", okSteps), []string{"3: params must be a mapping"}},
		"param not a schema":     {flowWith("params:", "  dir: string", okSteps), []string{`4: parameter "dir" must be a JSON Schema`}},
		"param name":             {flowWith("params:", "  a.b: {}", okSteps), []string{`4: parameter "a.b": a name is`}},
		"params of one variable": {flowWith("params:", "  a-b: {}", "  A_b: {}", okSteps), []string{`5: parameters "a-b" and "A_b" would both be $RUNFLOW_PARAM_A_B`}},
		"param keyword":          {flowWith("params:", "  a:", "    defualt: 1", okSteps), []string{`5: parameter "a": unknown JSON Schema keyword "defualt"`}},
		"param inner keyword":    {flowWith("params:", "  a:", "    items: {anyOf: [{tpye: string}]}", okSteps), []string{`5: parameter "a": unknown JSON Schema keyword "tpye"`}},
		"param type":             {flowWith("params:", "  a:", "    title: A", "    type: text", okSteps), []string{`6: parameter "a": type`}},
		"param max":              {flowWith("params:", "  a: {}", "  b:", "    maxLength: -1", okSteps), []string{`6: parameter "b": maxLength must be at least 0`}},
		"param pattern":          {flowWith("params:", "  a:", "    pattern: '['", okSteps), []string{`5: `}},
		"param ref":              {flowWith("params:", "  a:", "    $ref: file:///etc/passwd", okSteps), []string{"5: params: $ref \"file:///etc/passwd\" leads to no schema"}},
		"param ref missing":      {flowWith("params:", "  a:", "    $ref: '#/properties/b'", okSteps), []string{"5: params: $ref \"#/properties/b\" leads"}},
		"param required":         {flowWith("params:", "  a:", "    default: 1", "    required: true", okSteps), []string{`6: parameter "a" has a default, so it cannot be required`}},
		"param default":          {flowWith("params:", "  a:", "    type: string", "    default: 1", okSteps), []string{`6: parameter "a": default must be a string, not a number`}},
		"param default inner":    {flowWith("params:", "  a:", "    items: {type: string}", "    default: [x, 2]", okSteps), []string{`6: parameter "a": default[1] must be a string`}},
		"param default NUL":      {flowWith("params:", "  a:", `    default: "a\0"`, okSteps), []string{`5: parameter "a": default must not contain a NUL`}},
		"param default infinite": {flowWith("params:", "  a: {default: .inf}", okSteps), []string{`4: default: .inf is not a number that JSON can carry`}},
		"param default huge":     {flowWith("params:", "  a: {default: 1e-1000000}", okSteps), []string{`4: default: 1e-1000000 is not a number`}},
		"param tag":              {flowWith("params:", "  a: {default: !secret x}", okSteps), []string{`4: default: the tag !secret has no meaning`}},
		"alias to nothing":       {"flows: *x\n", []string{"0: unknown anchor 'x' referenced"}},
		"alias to itself":        {flowWith("params: {a: {enum: &a [*a]}}", okSteps), []string{"3: enum is nested too deep"}},
		"merge of itself":        {"flows: &a\n  <<: *a\n", []string{"1: flows is empty", "2: what is merged"}},
		"alias bomb":             {bomb, []string{"4: the file is too big once its aliases"}},
		"too many flows":         {"flows:\n" + many(201, "  f%d: {"+okSteps+"}\n"), []string{"202: more than 200 flows"}},
		"too many steps":         {flowWith("steps:\n" + many(201, "    - {name: s%d, run: x}\n")), []string{`204: flow "f" has more than 200 steps`}},
		"too many params":        {flowWith(okSteps, "params:\n"+many(101, "      p%d: {}\n")), []string{"105: more than 100 parameters"}},
		"params too big":         {flowWith(okSteps, "params: {a: {description: "+strings.Repeat("x", 33<<10)+"}}"), []string{"4: params has more than 32768 bytes"}},
		"flow too big":           {flowWith("steps: [{name: s, run: " + strings.Repeat("x", 600<<10) + "}]"), []string{`2: flow "f" has more than 524288 bytes`}},
		"file too big":           {"#" + strings.Repeat(" ", MaxFileBytes), []string{"0: the file has more than 1048576 bytes"}},
		"not UTF-8":              {"flows: \xff\n", []string{"0: "}},
		"several": {flowWith("timeout: x", "concurrency: -1", "steps:", "- {name: a, run: x, weight: 0}", "- {name: a, args: ['{{params.q}}']}"), []string{
			"3: timeout", "4: concurrency", "6: weight", "7: args: {{params.q}}", `7: step "a" is already`}},
	} {
		t.Run(name, func(t *testing.T) {
			flows, err := Parse("dir/x.yaml", []byte(c.yaml))
			if flows != nil || err == nil {
				t.Fatalf("Parse = %d flows, error %v", len(flows), err)
			}
			var errs Errors
			var first *Error
			if !errors.As(err, &errs) || !errors.As(err, &first) || first != errs[0] || first.File != "dir/x.yaml" {
				t.Fatalf("the error is %T: %v", err, err)
			}
			if len(errs) != len(c.want) {
				t.Fatalf("got %d errors, want %d:\n%v", len(errs), len(c.want), err)
			}
			for i, want := range c.want {
				if got := fmt.Sprintf("%d: %s", errs[i].Line, errs[i].Detail); !strings.HasPrefix(got, want) && !contains(got, want) {
					t.Errorf("error %d is  %s\nwant      %s", i+1, got, want)
				}
			}
		})
	}
}

// contains holds if got has want's line and, anywhere, its text.
func contains(got, want string) bool {
	gotLine, gotText, _ := strings.Cut(got, ": ")
	wantLine, wantText, _ := strings.Cut(want, ": ")
	return gotLine == wantLine && strings.Contains(gotText, wantText)
}

func TestErrorText(t *testing.T) {
	_, err := Parse("a.yaml", []byte(flowWith("x: 1", "y: 2", okSteps)))
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], `a.yaml:3: unknown key "x"`) || !strings.HasPrefix(lines[1], "a.yaml:4: ") {
		t.Errorf("got %q", lines)
	}
	if _, err := Parse("a.yaml", nil); !strings.HasPrefix(err.Error(), "a.yaml: the file defines no flows") {
		t.Errorf("got %v", err)
	}
}

func TestParseErrorsAreBounded(t *testing.T) {
	_, err := Parse("a.yaml", []byte("flows:\n"+strings.Repeat("  ? [a]\n  : b\n", 1000)))
	var errs Errors
	if !errors.As(err, &errs) || len(errs) != maxErrors {
		t.Errorf("got %d errors, want %d", len(errs), maxErrors)
	}
}

func TestParseKeepsOrder(t *testing.T) {
	flows, err := Parse("a.yaml", []byte("flows:\n  z: {"+okSteps+"}\n  a: {"+okSteps+"}\n"))
	if err != nil {
		t.Fatal(err)
	}
	names := []string{flows[0].Name, flows[1].Name}
	if !slices.Equal(names, []string{"z", "a"}) || flows[0].Title != "z" {
		t.Errorf("got %v, title %q", names, flows[0].Title)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(contractYAML))
	f.Add([]byte(everythingYAML))
	f.Add([]byte(checkYAML))
	f.Add(builtinYAML)
	f.Add([]byte(flowWith("params: {a: {enum: &a [*a]}}", okSteps)))
	f.Add([]byte("flows: &a\n  <<: *a\n"))
	f.Add([]byte("flows: {f: {params: {a: {$ref: '#/properties/a'}, b: {allOf: [{$ref: '#'}]}}, steps: [{name: s, run: x}]}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		flows, err := Parse("f.yaml", data)
		if (err == nil) != (len(flows) > 0) {
			t.Fatalf("%d flows and error %v", len(flows), err)
		}
		var errs Errors
		if err != nil && (!errors.As(err, &errs) || len(errs) == 0) {
			t.Fatalf("error is %T", err)
		}
		for _, e := range errs {
			if e.Line < 0 || e.Line > bytes.Count(data, []byte("\n"))+bytes.Count(data, []byte("\r"))+3 && !bytes.Contains(data, []byte("\u2028")) && !bytes.Contains(data, []byte("\u2029")) && !bytes.Contains(data, []byte("\u0085")) {
				t.Errorf("line %d of a file of %d lines: %s", e.Line, bytes.Count(data, []byte("\n"))+1, e.Detail)
			}
		}
		for _, fl := range flows {
			if len(fl.Ready(func(string) bool { return false }, func(string) bool { return false })) == 0 {
				t.Errorf("flow %s never starts", fl.Name)
			}
			_, _ = fl.Check(nil)
		}
	})
}
