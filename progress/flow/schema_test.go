package flow

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

func fileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := decodeObject(FileSchema())
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(jsonschema.SchemeURLLoader{})
	if err := c.AddResource(schemaURL, doc); err != nil {
		t.Fatal(err)
	}
	return c.MustCompile(schemaURL)
}

// asJSON is a YAML file as an editor's validator sees it.
func asJSON(t *testing.T, text string) any {
	t.Helper()
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestFileSchema(t *testing.T) {
	schema := fileSchema(t)
	for name, text := range map[string]string{"contract": contractYAML, "built-in": string(BuiltinYAML()), "everything": everythingYAML, "check": checkYAML} {
		if _, err := Parse(name, []byte(text)); err != nil {
			t.Errorf("%s does not parse: %v", name, err)
		}
		if err := schema.Validate(asJSON(t, text)); err != nil {
			t.Errorf("%s is not valid: %v", name, err)
		}
	}
	for _, text := range []string{
		"flow: {}",
		"flows: {}",
		flowWith("titel: x", okSteps),
		flowWith("retry: {times: 3}", okSteps),
		flowWith("retry: {on: [crash]}", okSteps),
		flowWith("timeout: 1d", okSteps),
		flowWith("timeout: soon", okSteps),
		flowWith("concurrency: 0", okSteps),
		flowWith("params: {a: {tpye: string}}", okSteps),
		flowWith("params: {a: {type: text}}", okSteps),
		flowWith("params: {a b: {}}", okSteps),
		flowWith("params: {a: string}", okSteps),
		flowWith("title: x"),
		flowWith("steps: []"),
		flowWith("steps: [{name: s, run: x, cmd: y}]"),
		flowWith("steps: [{name: s, run: x, args: [y]}]"),
		flowWith("steps: [{name: s}]"),
		flowWith("steps: [{run: x}]"),
		flowWith("steps: [{name: s, args: []}]"),
		flowWith("steps: [{name: s, run: x, weight: 0}]"),
		flowWith("steps: [{name: s, run: x, env: {RUNFLOW_URL: x}}]"),
		flowWith("params: {a: {}}", "steps: [{name: s, run: 'echo {{params.a}}'}]"),
	} {
		if err := schema.Validate(asJSON(t, text)); err == nil {
			t.Errorf("the schema accepts\n%s", text)
		}
		if _, err := Parse("x", []byte(text)); err == nil {
			t.Errorf("Parse accepts\n%s", text)
		}
	}
}

// The parser and the schema know the same keywords.
func TestFileSchemaKeywords(t *testing.T) {
	var doc struct {
		Defs struct {
			Param struct{ Properties map[string]any }
		} `json:"$defs"`
	}
	if err := json.Unmarshal(FileSchema(), &doc); err != nil {
		t.Fatal(err)
	}
	got, want := slices.Sorted(maps.Keys(doc.Defs.Param.Properties)), slices.Sorted(slices.Values(keywords))
	if !slices.Equal(got, want) {
		t.Errorf("schema.json has %v\nthe parser    %v", got, want)
	}
}
