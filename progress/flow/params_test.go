package flow

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
)

const checkYAML = `flows:
  f:
    params:
      dir: {type: string, default: "/usr/<lib>", maxLength: 12, minLength: 2, pattern: ^/}
      n: {type: integer, required: false, minimum: 1, maximum: 10, multipleOf: 1}
      ratio: {type: number, required: false, exclusiveMinimum: 0.5, exclusiveMaximum: 2}
      mode: {enum: [fast, 2, null], required: false}
      when: {type: string, format: date, required: false}
      tags: {type: array, items: {type: string}, maxItems: 2, uniqueItems: true, required: false}
      opts: {type: object, required: false, additionalProperties: false, properties: {depth: {type: integer, default: 3}, x: {type: string}}}
      either: {required: false, oneOf: [{type: string}, {type: integer}]}
      name: {type: [string, "null"]}
    steps: [{name: s, run: "true"}]
`

func TestCheck(t *testing.T) {
	parsed := parseOne(t, checkYAML)
	data, _ := json.Marshal(parsed)
	stored := new(Flow)
	if err := json.Unmarshal(data, stored); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		params, want string
		wrong        []FieldError
	}{
		{params: `{"name":"x"}`, want: `{"dir":"/usr/<lib>","name":"x"}`},
		{params: ` {"name":null,"dir":"/a","n":1e1} `, want: `{"dir":"/a","n":1e1,"name":null}`},
		{params: `{"name":"x","opts":{}}`, want: `{"dir":"/usr/<lib>","name":"x","opts":{"depth":3}}`},
		{params: `{"name":"x","n":12345678901234567890}`, wrong: []FieldError{{"params.n", "must be at most 10"}}},
		{params: ``, wrong: []FieldError{{"params.name", "is required"}}},
		{params: `null`, wrong: []FieldError{{"params.name", "is required"}}},
		{params: `{}`, wrong: []FieldError{{"params.name", "is required"}}},
		{params: `[1]`, wrong: []FieldError{{"params", "must be an object, not an array"}}},
		{params: `{} {}`, wrong: []FieldError{{"params", "is not valid JSON: more follows after the value"}}},
		{params: `{"name":"x","dir":null}`, wrong: []FieldError{{"params.dir", "must be a string, not null"}}},
		{params: `{"name":"x","dri":1}`, wrong: []FieldError{{"params.dri", "is not a parameter of this flow"}}},
		{params: `{"name":1,"dir":"x","n":0.5,"extra":1}`, wrong: []FieldError{
			{"params.dir", "must have at least 2 characters, not 1, must match the pattern ^/"},
			{"params.extra", "is not a parameter of this flow"},
			{"params.n", "must be an integer, not a number"},
			{"params.name", "must be null or a string, not a number"},
		}},
		{params: `{"name":"x","dir":"/234567890123"}`, wrong: []FieldError{{"params.dir", "must have at most 12 characters, not 13"}}},
		{params: `{"name":"x","n":0}`, wrong: []FieldError{{"params.n", "must be at least 1"}}},
		{params: `{"name":"x","ratio":0.5}`, wrong: []FieldError{{"params.ratio", "must be more than 0.5"}}},
		{params: `{"name":"x","ratio":2}`, wrong: []FieldError{{"params.ratio", "must be less than 2"}}},
		{params: `{"name":"x","mode":"slow"}`, wrong: []FieldError{{"params.mode", `must be one of "fast", 2, null`}}},
		{params: `{"name":"x","when":"today"}`, wrong: []FieldError{{"params.when", "must be a valid date"}}},
		{params: `{"name":"x","tags":["a",1]}`, wrong: []FieldError{{"params.tags[1]", "must be a string, not a number"}}},
		{params: `{"name":"x","tags":["a","b","c"]}`, wrong: []FieldError{{"params.tags", "must have at most 2 items, not 3"}}},
		{params: `{"name":"x","tags":["a","a"]}`, wrong: []FieldError{{"params.tags", "is not right: items at 0 and 1 are equal"}}},
		{params: `{"name":"x","opts":{"depth":"deep","y":1}}`, wrong: []FieldError{
			{"params.opts.depth", "must be an integer, not a string"}, {"params.opts.y", "is not allowed here"}}},
		{params: `{"name":"x","either":true}`, wrong: []FieldError{{"params.either", "is none of what is allowed here"}}},
		{params: `{"name":"a\u0000b"}`, wrong: []FieldError{{"params.name", "must not contain a NUL byte"}}},
		{params: `{"name":"x","n":1e1000000}`, wrong: []FieldError{{"params.n", "is too large or too precise a number"}}},
		{params: `{"name":"x","n":1e-1000000}`, wrong: []FieldError{{"params.n", "is too large or too precise a number"}}},
	} {
		for _, f := range []*Flow{parsed, stored} {
			got, err := f.Check(json.RawMessage(c.params))
			if c.wrong == nil {
				if err != nil || string(got) != c.want {
					t.Errorf("Check(%s) = %s, %v, want %s", c.params, got, err, c.want)
				}
				continue
			}
			var wrong *ParamsError
			if !errors.As(err, &wrong) {
				t.Errorf("Check(%s) = %s, %v, want a *ParamsError", c.params, got, err)
			} else if !reflect.DeepEqual(wrong.Fields, c.wrong) {
				t.Errorf("Check(%s):\ngot  %q\nwant %q", c.params, wrong.Fields, c.wrong)
			}
		}
	}
	if _, err := parsed.Check(json.RawMessage(`{"name":`)); err == nil || !strings.HasPrefix(err.Error(), "params is not valid JSON: ") {
		t.Errorf("broken JSON: %v", err)
	}
}

func TestCheckLeavesTheFlowAlone(t *testing.T) {
	f := parseOne(t, `flows: {f: {params: {o: {type: object, default: {a: 1}, properties: {b: {default: 2}}}}, steps: [{name: s, run: x}]}}`)
	before := string(f.Schema())
	for range 2 {
		got, err := f.Check(nil)
		if err != nil || string(got) != `{"o":{"a":1}}` {
			t.Fatalf("Check = %s, %v", got, err)
		}
	}
	if after := string(f.Schema()); after != before {
		t.Errorf("Schema changed from %s to %s", before, after)
	}
}

func TestSchema(t *testing.T) {
	for yaml, want := range map[string]string{
		`flows: {f: {steps: [{name: s, run: x}]}}`: `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{},"additionalProperties":false}`,
		`flows: {f: {params: {z: {type: string}, a: {type: string, required: false}, m: {default: 1}}, steps: [{name: s, run: x}]}}`: `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",` +
			`"properties":{"z":{"type":"string"},"a":{"type":"string"},"m":{"default":1}},"required":["z"],"additionalProperties":false}`,
	} {
		f := parseOne(t, yaml)
		if got := string(f.Schema()); got != want {
			t.Errorf("Schema of %s:\ngot  %s\nwant %s", yaml, got, want)
		}
		if _, err := compile(f.Schema()); err != nil {
			t.Error(err)
		}
	}
}

func TestArgv(t *testing.T) {
	params := json.RawMessage(`{"s":"a b\"; $(touch x)\n{{params.n}}","n":1e3,"b":true,"o":{"k":["<",1]},"z":null,"d-e":"dash"}`)
	s := Step{Name: "s", Args: []string{"cmd", "{{params.s}}", "--n={{params.n}}{{ params.b }}", "{{params.o}}", "{{params.z}}", "{{params.gone}}", "{{.Names}} $HOME {{params.d-e}}"}}
	got, err := s.Argv(params)
	want := []string{"cmd", "a b\"; $(touch x)\n{{params.n}}", "--n=1e3true", `{"k":["<",1]}`, "", "", "{{.Names}} $HOME dash"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("Argv = %q, %v\nwant   %q", got, err, want)
	}
	if _, err := s.Argv(json.RawMessage(`[]`)); err == nil {
		t.Error("Argv of an array: no error")
	}
	if _, err := (&Step{Name: "r", Run: "x"}).Argv(params); err == nil {
		t.Error("Argv of a script: no error")
	}
	env := Env(params)
	wantEnv := []string{`RUNFLOW_PARAM_B=true`, `RUNFLOW_PARAM_D_E=dash`, `RUNFLOW_PARAM_N=1e3`, `RUNFLOW_PARAM_O={"k":["<",1]}`,
		"RUNFLOW_PARAM_S=a b\"; $(touch x)\n{{params.n}}", `RUNFLOW_PARAM_Z=`}
	if !slices.Equal(env, wantEnv) {
		t.Errorf("Env = %q\nwant  %q", env, wantEnv)
	}
	if got := Env(json.RawMessage(`"x"`)); got != nil {
		t.Errorf("Env of a string = %q, want none", got)
	}
	if got := Env(nil); len(got) != 0 {
		t.Errorf("Env of nothing = %q, want none", got)
	}
}

// Parameters come from outside: no panic, what is accepted is accepted again as it
// is, and reaches a process.
func FuzzCheck(f *testing.F) {
	flows, err := Parse("check.yaml", []byte(checkYAML))
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		`{"name":"x"}`, `null`, `{"name":null,"n":1e1,"ratio":1.5,"mode":2,"when":"2026-01-02","tags":["a","b"],"opts":{"x":"y"},"either":7}`,
		`{"name":"a\u0000","n":1e999999999,"tags":[[{}],1e-999]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := flows[0].Check(data)
		if err != nil {
			var wrong *ParamsError
			if !errors.As(err, &wrong) || len(wrong.Fields) == 0 {
				t.Fatalf("Check: %T %v", err, err)
			}
			return
		}
		second, err := flows[0].Check(first)
		if err != nil || string(second) != string(first) {
			t.Fatalf("Check of %s = %s, %v", first, second, err)
		}
		for _, variable := range Env(first) {
			if strings.ContainsRune(variable, 0) {
				t.Fatalf("%q in the environment", variable)
			}
		}
		if _, err := (&Step{Args: []string{"{{params.name}}"}}).Argv(first); err != nil {
			t.Fatal(err)
		}
	})
}
