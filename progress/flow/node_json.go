package flow

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// writeJSON writes n as JSON, the keys in the file's order.
func (r *reader) writeJSON(buf *bytes.Buffer, e entry, depth int) {
	n := r.deref(e.node)
	switch {
	case n == nil:
		buf.WriteString("null")
	case depth > maxDepth:
		r.errorf(e.line, "%s is nested too deep", e.key)
		buf.WriteString("null")
	case n.Kind == yaml.MappingNode:
		buf.WriteByte('{')
		for i, inner := range r.mapping(n, e.key) {
			if i > 0 {
				buf.WriteByte(',')
			}
			buf.Write(quoteJSON(inner.key))
			buf.WriteByte(':')
			r.writeJSON(buf, inner, depth+1)
		}
		buf.WriteByte('}')
	case n.Kind == yaml.SequenceNode:
		buf.WriteByte('[')
		for i, item := range n.Content {
			if i > 0 {
				buf.WriteByte(',')
			}
			r.writeJSON(buf, entry{e.key, item.Line, item}, depth+1)
		}
		buf.WriteByte(']')
	default:
		buf.Write(r.scalarJSON(entry{e.key, e.line, n}))
	}
}

func (r *reader) scalarJSON(e entry) []byte {
	n := e.node
	switch n.ShortTag() {
	case "!!null":
		return []byte("null")
	case "!!bool":
		return strconv.AppendBool(nil, strings.EqualFold(n.Value, "true"))
	case "!!str", "!!timestamp":
		return quoteJSON(n.Value)
	case "!!int", "!!float":
		text := []byte(n.Value)
		var v any
		if !json.Valid(text) && n.Decode(&v) == nil { // 0x1F, 1_000, .5
			text, _ = json.Marshal(v) // nothing for .inf and .nan
		}
		if sane(json.Number(text)) {
			return text
		}
		r.errorf(e.line, "%s: %s is not a number that JSON can carry", e.key, n.Value)
	default:
		r.errorf(e.line, "%s: the tag %s has no meaning here", e.key, n.Tag)
	}
	return []byte("null")
}

func quoteJSON(s string) []byte {
	text, _ := json.Marshal(s) // a string cannot fail
	return text
}
