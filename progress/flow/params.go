package flow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const schemaURL = "runflow:///params.json"

// checker is a flow's parameter schema, compiled. Safe for concurrent use.
type checker struct{ schema *jsonschema.Schema }

// Schema is the JSON Schema (2020-12) of the parameters object. Anything the flow
// does not name is refused by it.
func (f *Flow) Schema() json.RawMessage {
	properties := f.Params
	if len(properties) == 0 {
		properties = json.RawMessage(`{}`)
	}
	schema, err := compactJSON(struct {
		Schema     string          `json:"$schema"`
		Type       string          `json:"type"`
		Properties json.RawMessage `json:"properties"`
		Required   []string        `json:"required,omitempty"`
		Additional bool            `json:"additionalProperties"`
	}{"https://json-schema.org/draft/2020-12/schema", "object", properties, f.Required, false})
	if err != nil { // Params is no JSON: not a flow that Parse made
		return json.RawMessage(`false`)
	}
	return schema
}

// Check fills in the defaults and validates. It returns the complete parameters
// with sorted keys, or a *[ParamsError] with one entry for each wrong field. Null
// and nothing count as {}. A parameter with neither a default nor `required:
// false` must be given. `format` is checked, not only noted. Text with a NUL byte
// is refused, for no process can be given it.
func (f *Flow) Check(params json.RawMessage) (json.RawMessage, error) {
	c := f.checker
	if c == nil {
		var err error
		if c, err = compile(f.Schema()); err != nil {
			return nil, fmt.Errorf("parameters of flow %s: %w", f.Name, err)
		}
	}
	object, err := decodeObject(params)
	if err != nil {
		return nil, &ParamsError{Fields: []FieldError{{"params", err.Error()}}}
	}
	fields := make(fieldErrors)
	checkValue(object, nil, fields)
	if len(fields) > 0 { // before the validator: it would compute with such numbers
		return nil, fields.err()
	}
	fillDefaults(object, f.properties())
	if err := c.schema.Validate(object); err != nil {
		var invalid *jsonschema.ValidationError
		if !errors.As(err, &invalid) {
			return nil, fmt.Errorf("parameters of flow %s: %w", f.Name, err)
		}
		fields.collect(nil, invalid)
		return nil, fields.err()
	}
	return compactJSON(object)
}

// compile makes a checker of a schema that may refer to itself only: a flow file
// must not make the server read files or addresses.
func compile(schema json.RawMessage) (*checker, error) {
	doc, err := decodeObject(schema)
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	c.UseLoader(jsonschema.SchemeURLLoader{})
	if err := c.AddResource(schemaURL, doc); err != nil {
		return nil, err
	}
	compiled, err := c.Compile(schemaURL)
	if err != nil {
		return nil, err
	}
	return &checker{compiled}, nil
}

// fillDefaults sets what object lacks, and goes into the objects that it has.
func fillDefaults(object, properties map[string]any) {
	for name, property := range properties {
		schema, ok := property.(map[string]any)
		if !ok {
			continue
		}
		value, given := object[name]
		if !given {
			if fallback, ok := schema["default"]; ok {
				object[name] = fallback
			}
			continue
		}
		inner, isObject := value.(map[string]any)
		if nested, ok := schema["properties"].(map[string]any); ok && isObject {
			fillDefaults(inner, nested)
		}
	}
}

// checkValue notes what JSON can say and a process or the validator cannot take:
// NUL bytes in a parameter's text, and numbers of a size that costs memory.
func checkValue(value any, at []string, fields fieldErrors) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			checkValue(inner, append(slices.Clip(at), key), fields)
		}
	case []any:
		for i, inner := range v {
			checkValue(inner, append(slices.Clip(at), fmt.Sprint(i)), fields)
		}
	case string:
		if len(at) == 1 && strings.ContainsRune(v, 0) { // deeper ones travel as JSON, \u0000
			fields.add(at, "must not contain a NUL byte")
		}
	case json.Number:
		if !sane(v) {
			fields.add(at, "is too large or too precise a number")
		}
	}
}

// sane holds for numbers that a float64 can be near of, which bounds what exact
// arithmetic on them costs: 1e1000000 takes a megabyte.
func sane(n json.Number) bool {
	f, err := n.Float64()
	if err != nil || math.IsInf(f, 0) || len(n) > 100 {
		return false
	}
	return f != 0 || !strings.ContainsAny(string(n), "eE") // 1e-9999999 reads as 0
}

// decodeObject reads one JSON object and nothing after it, numbers kept as they
// are written. Nothing and null are an empty object.
func decodeObject(data json.RawMessage) (map[string]any, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return map[string]any{}, nil
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var value any
	if err := dec.Decode(&value); err != nil {
		return nil, fmt.Errorf("is not valid JSON: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("is not valid JSON: more follows after the value")
	}
	switch v := value.(type) {
	case nil:
		return map[string]any{}, nil
	case map[string]any:
		return v, nil
	default:
		return nil, fmt.Errorf("must be an object, not %s", jsonType(v))
	}
}

// compactJSON leaves <, > and & as they are: commands get to see this text.
func compactJSON(v any) (json.RawMessage, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(buf.Bytes(), "\n"), nil
}

// properties are the parameters' schemas by name, for the caller to change.
func (f *Flow) properties() map[string]any {
	object, err := decodeObject(f.Params)
	if err != nil {
		return map[string]any{} // not a flow that Parse made
	}
	return object
}
