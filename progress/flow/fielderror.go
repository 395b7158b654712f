package flow

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// FieldError says what is wrong with one parameter.
type FieldError struct {
	Field  string `json:"field"`  // params.dir, params.opts.depth, params.list[2]; params alone: all of it
	Detail string `json:"detail"` // goes on from the field's name: "must be a string, not a number"
}

// ParamsError is what [Flow.Check] found: at least one field, sorted, each once.
type ParamsError struct{ Fields []FieldError }

// Error names every field.
func (e *ParamsError) Error() string {
	parts := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		parts[i] = f.Field + " " + f.Detail
	}
	return strings.Join(parts, "; ")
}

// fieldErrors gathers details by field.
type fieldErrors map[string][]string

func (f fieldErrors) add(at []string, detail string) {
	field := "params"
	for i, token := range at {
		if _, err := strconv.Atoi(token); err == nil && i > 0 {
			field += "[" + token + "]"
		} else {
			field += "." + token
		}
	}
	if !slices.Contains(f[field], detail) {
		f[field] = append(f[field], detail)
	}
}

func (f fieldErrors) err() *ParamsError {
	e := &ParamsError{}
	for _, field := range slices.Sorted(maps.Keys(f)) {
		slices.Sort(f[field])
		e.Fields = append(e.Fields, FieldError{field, strings.Join(f[field], ", ")})
	}
	return e
}

// collect goes down to the keywords that failed. It stops at the choices (anyOf,
// not, contains): what each alternative says against a value helps nobody. base
// is where the value that was validated stands.
func (f fieldErrors) collect(base []string, e *jsonschema.ValidationError) {
	at := slices.Concat(base, e.InstanceLocation)
	switch k := e.ErrorKind.(type) {
	case *kind.Schema, *kind.Group, *kind.AllOf, *kind.Reference:
		for _, cause := range e.Causes {
			f.collect(base, cause)
		}
	case *kind.Required:
		for _, name := range k.Missing {
			f.add(append(slices.Clip(at), name), "is required")
		}
	case *kind.AdditionalProperties:
		detail := "is not allowed here"
		if len(at) == 0 {
			detail = "is not a parameter of this flow"
		}
		for _, name := range k.Properties {
			f.add(append(slices.Clip(at), name), detail)
		}
	default:
		f.add(at, describe(e))
	}
}

// describe says what a value must be, in words that go on from its name.
func describe(e *jsonschema.ValidationError) string {
	switch k := e.ErrorKind.(type) {
	case *kind.Type:
		wants := make([]string, len(k.Want))
		for i, want := range k.Want {
			wants[i] = article(want)
		}
		return fmt.Sprintf("must be %s, not %s", strings.Join(wants, " or "), article(k.Got))
	case *kind.Enum:
		wants := make([]string, len(k.Want))
		for i, want := range k.Want {
			text, _ := compactJSON(want)
			wants[i] = string(text)
		}
		return "must be one of " + strings.Join(wants, ", ")
	case *kind.Const:
		text, _ := compactJSON(k.Want)
		return "must be " + string(text)
	case *kind.Minimum:
		return "must be at least " + decimal(k.Want)
	case *kind.Maximum:
		return "must be at most " + decimal(k.Want)
	case *kind.ExclusiveMinimum:
		return "must be more than " + decimal(k.Want)
	case *kind.ExclusiveMaximum:
		return "must be less than " + decimal(k.Want)
	case *kind.MultipleOf:
		return "must be a multiple of " + decimal(k.Want)
	case *kind.MinLength:
		return fmt.Sprintf("must have at least %d characters, not %d", k.Want, k.Got)
	case *kind.MaxLength:
		return fmt.Sprintf("must have at most %d characters, not %d", k.Want, k.Got)
	case *kind.MinItems:
		return fmt.Sprintf("must have at least %d items, not %d", k.Want, k.Got)
	case *kind.MaxItems:
		return fmt.Sprintf("must have at most %d items, not %d", k.Want, k.Got)
	case *kind.Pattern:
		return "must match the pattern " + k.Want
	case *kind.Format:
		return "must be a valid " + k.Want
	case *kind.AnyOf, *kind.OneOf, *kind.Not, *kind.FalseSchema:
		return "is none of what is allowed here"
	default: // the library's own words, without its "at '': " before them
		text := (&jsonschema.ValidationError{ErrorKind: k}).Error()
		return "is not right: " + strings.TrimPrefix(text, "at '': ")
	}
}

func article(jsonType string) string {
	switch jsonType {
	case "null":
		return jsonType
	case "array", "object", "integer":
		return "an " + jsonType
	default:
		return "a " + jsonType
	}
}

func jsonType(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "a string"
	case json.Number, float64:
		return "a number"
	case bool:
		return "a boolean"
	case []any:
		return "an array"
	default:
		return "an object"
	}
}

func decimal(n *big.Rat) string {
	if n.IsInt() {
		return n.Num().String()
	}
	f, _ := n.Float64()
	return strconv.FormatFloat(f, 'g', -1, 64)
}
