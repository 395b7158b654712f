package flow

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"go.yaml.in/yaml/v3"
)

const (
	maxParams      = 100
	maxSchemaBytes = 32 << 10 // compiling takes time in the square of its size
)

// keywords are the JSON Schema keywords that a parameter may use. Others are
// refused, because a misspelt one would silently check nothing; so are those that
// name schemas elsewhere.
var keywords = strings.Fields(`$ref $defs $comment $anchor title description default examples deprecated readOnly writeOnly
	type enum const multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern format
	contentEncoding contentMediaType contentSchema maxItems minItems uniqueItems maxContains minContains
	maxProperties minProperties required dependentRequired properties patternProperties additionalProperties
	unevaluatedProperties propertyNames dependentSchemas prefixItems items contains unevaluatedItems
	allOf anyOf oneOf not if then else`)

// params reads the mapping name → JSON Schema into f.Params and f.Required.
func (r *reader) params(e entry, f *Flow) {
	before := len(r.errs)
	params := r.mapping(e.node, "params")
	if len(params) > maxParams {
		r.errorf(params[maxParams].line, "more than %d parameters", maxParams)
		return
	}
	var buf bytes.Buffer
	names := make(map[string]string) // by the environment variable
	for i, p := range params {
		if !nameRE.MatchString(p.key) {
			r.errorf(p.line, "parameter %q: a name is 1 to 64 of A-Z a-z 0-9 _ -", p.key)
		}
		if other, taken := names[envName(p.key)]; taken {
			r.errorf(p.line, "parameters %q and %q would both be $%s", other, p.key, envName(p.key))
		}
		names[envName(p.key)] = p.key
		buf.Write([]byte("{,")[min(i, 1):][:1])
		buf.Write(quoteJSON(p.key))
		buf.WriteByte(':')
		if r.param(&buf, p) {
			f.Required = append(f.Required, p.key)
		}
	}
	if len(params) == 0 || r.over {
		return
	}
	buf.WriteByte('}')
	var properties bytes.Buffer // as json.Marshal writes it again, so that it stays the same
	json.HTMLEscape(&properties, buf.Bytes())
	f.Params = properties.Bytes()
	switch {
	case len(f.Params) > maxSchemaBytes:
		r.errorf(e.line, "params has more than %d bytes as JSON", maxSchemaBytes)
	case len(r.errs) == before:
		r.compile(e, f)
	}
}

// param writes one parameter's schema without a boolean `required`, and says
// whether it must be given.
func (r *reader) param(buf *bytes.Buffer, p entry) (required bool) {
	n := r.deref(p.node)
	if n == nil || n.Kind != yaml.MappingNode {
		r.errorf(p.line, "parameter %q must be a JSON Schema such as {type: string}", p.key)
		buf.WriteString("{}")
		return false
	}
	stripped := &yaml.Node{Kind: yaml.MappingNode, Line: n.Line}
	required, said, fallback := true, 0, false
	for _, kv := range r.mapping(n, "parameter "+p.key) {
		fallback = fallback || kv.key == "default"
		if v := r.deref(kv.node); v != nil && kv.key == "required" && v.ShortTag() == "!!bool" {
			required, said = strings.EqualFold(v.Value, "true"), kv.line
			continue
		}
		key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: kv.key, Line: kv.line}
		stripped.Content = append(stripped.Content, key, kv.node)
	}
	if fallback && required && said > 0 {
		r.errorf(said, "parameter %q has a default, so it cannot be required", p.key)
	}
	r.keywords(stripped, p.key, 0)
	r.writeJSON(buf, entry{"parameter " + p.key, p.line, stripped}, 0)
	return required && !fallback
}

// keywords reports unknown keywords in the schema n and in those inside it.
func (r *reader) keywords(n *yaml.Node, param string, depth int) {
	if n = r.deref(n); n == nil || n.Kind != yaml.MappingNode || depth > maxDepth {
		return // true and false are schemas too; the compiler refuses the rest
	}
	for _, kv := range r.mapping(n, "parameter "+param) {
		switch kv.key {
		case "properties", "patternProperties", "$defs", "dependentSchemas":
			if v := r.deref(kv.node); v != nil && v.Kind == yaml.MappingNode {
				for _, inner := range r.mapping(v, kv.key) {
					r.keywords(inner.node, param, depth+1)
				}
			}
		case "allOf", "anyOf", "oneOf", "prefixItems":
			if v := r.deref(kv.node); v != nil && v.Kind == yaml.SequenceNode {
				for _, inner := range v.Content {
					r.keywords(inner, param, depth+1)
				}
			}
		case "items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames",
			"unevaluatedItems", "unevaluatedProperties", "contentSchema":
			r.keywords(kv.node, param, depth+1)
		case "$ref":
			if v := r.deref(kv.node); v != nil {
				r.refs = append(r.refs, entry{kv.key, kv.line, v})
			}
		default:
			if !slices.Contains(keywords, kv.key) && !strings.HasPrefix(kv.key, "x-") {
				r.errorf(kv.line, "parameter %q: unknown JSON Schema keyword %q", param, kv.key)
			}
		}
	}
}

var pointerRE = regexp.MustCompile(`#(/[^"'\s]*)`)

// compile makes f's checker and holds each default against its own schema.
func (r *reader) compile(e entry, f *Flow) {
	c, err := compile(f.Schema())
	if err != nil {
		r.schemaError(e, err)
		return
	}
	f.checker = c
	for _, p := range r.mapping(e.node, "params") {
		schema := c.schema.Properties[p.key]
		if schema == nil || schema.Default == nil {
			continue
		}
		fields := make(fieldErrors)
		checkValue(map[string]any{p.key: *schema.Default}, nil, fields)
		if len(fields) == 0 {
			var invalid *jsonschema.ValidationError
			if errors.As(schema.Validate(*schema.Default), &invalid) {
				fields.collect([]string{p.key}, invalid)
			}
		}
		if len(fields) > 0 {
			all := fields.err()
			for i := range all.Fields {
				all.Fields[i].Field = "default" + strings.TrimPrefix(all.Fields[i].Field, "params."+p.key)
			}
			r.errorf(r.lineAt(e, []string{p.key, "default"}), "parameter %q: %v", p.key, all)
		}
	}
}

// schemaError turns the compiler's error into ours, with the lines it is about.
func (r *reader) schemaError(e entry, err error) {
	var bad *jsonschema.SchemaValidationError
	var invalid *jsonschema.ValidationError
	if errors.As(err, &bad) && errors.As(bad.Err, &invalid) {
		reported := len(r.errs)
		r.schemaLeaves(e, invalid)
		if len(r.errs) > reported {
			return
		}
	}
	for _, ref := range r.refs {
		if strings.Contains(err.Error(), ref.node.Value) {
			r.errorf(ref.line, "params: $ref %q leads to no schema in params", ref.node.Value)
			return
		}
	}
	var at []string
	if m := pointerRE.FindStringSubmatch(err.Error()); m != nil {
		at = strings.Split(strings.TrimPrefix(m[1], "/properties/"), "/")
	}
	r.errorf(r.lineAt(e, at), "params: %v", strings.ReplaceAll(err.Error(), schemaURL, ""))
}

func (r *reader) schemaLeaves(e entry, invalid *jsonschema.ValidationError) {
	switch invalid.ErrorKind.(type) {
	case *kind.Schema, *kind.Group, *kind.AllOf, *kind.Reference:
		for _, cause := range invalid.Causes {
			r.schemaLeaves(e, cause)
		}
		return
	}
	at := invalid.InstanceLocation
	if len(at) < 2 {
		return
	}
	r.errorf(r.lineAt(e, at[1:]), "parameter %q: %s", at[1], strings.TrimSpace(strings.Join(at[2:], ".")+" "+describe(invalid)))
}

// lineAt is the line of the key at that path below e, or of the deepest one there is.
func (r *reader) lineAt(e entry, path []string) int {
	line, n := e.line, e.node
	for _, token := range path {
		if n = r.deref(n); n == nil {
			break
		}
		if i, err := strconv.Atoi(token); n.Kind == yaml.SequenceNode && err == nil && i >= 0 && i < len(n.Content) {
			n, line = n.Content[i], n.Content[i].Line
			continue
		}
		i := -1
		entries := []entry(nil)
		if n.Kind == yaml.MappingNode {
			entries = r.mapping(n, "params")
			i = slices.IndexFunc(entries, func(kv entry) bool { return kv.key == token })
		}
		if i < 0 {
			break
		}
		line, n = entries[i].line, entries[i].node
	}
	return line
}
