package flow

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

const (
	// maxVisits bounds the work on one file: each look at a node costs visitCost and
	// its text. Without it a few hundred bytes of nested aliases expand to gigabytes.
	maxVisits = 16 << 20
	visitCost = 16
	maxDepth  = 64
	maxErrors = 100 // reported for one file
)

// reader reads the YAML nodes of one file and gathers what is wrong with them.
type reader struct {
	file string
	errs Errors
	said map[Error]bool // what is in errs: a node may be looked at twice
	left int            // of maxVisits
	over bool           // left ran out, and that was said
	refs []entry        // every $ref
}

// entry is one key of a mapping and its value.
type entry struct {
	key  string
	line int // of the key
	node *yaml.Node
}

func (r *reader) errorf(line int, format string, args ...any) {
	fault := Error{r.file, line, fmt.Sprintf(format, args...)}
	if r.over || r.said[fault] || len(r.errs) >= maxErrors { // over: what is missing now was cut off
		return
	}
	if r.said == nil {
		r.said = make(map[Error]bool)
	}
	r.said[fault] = true
	r.errs = append(r.errs, &fault)
}

// deref follows aliases and pays for the visit. The nil node it gives when there
// is nothing left was reported.
func (r *reader) deref(n *yaml.Node) *yaml.Node {
	for hops := 0; n != nil && n.Kind == yaml.AliasNode && hops < maxDepth; hops++ {
		n = n.Alias
	}
	if n == nil || n.Kind == yaml.AliasNode {
		return nil
	}
	if r.left -= visitCost + len(n.Value); r.left < 0 {
		if !r.over {
			r.errorf(n.Line, "the file is too big once its aliases are expanded")
		}
		r.over = true
		return nil
	}
	return n
}

// mapping gives the entries of n, merge keys (<<) resolved, and reports repeated
// keys. what names the mapping in an error. Null is an empty mapping; nil comes
// with an error that was reported.
func (r *reader) mapping(n *yaml.Node, what string) []entry {
	return r.mappingAt(n, what, 0)
}

func (r *reader) mappingAt(n *yaml.Node, what string, depth int) []entry {
	line := n.Line
	if n = r.deref(n); n == nil {
		return nil
	}
	if isNull(n) {
		return []entry{}
	}
	if n.Kind != yaml.MappingNode || depth > maxDepth {
		r.errorf(line, "%s must be a mapping (key: value)", what)
		return nil
	}
	entries, merged := make([]entry, 0, len(n.Content)/2), []entry(nil)
	seen := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := r.deref(n.Content[i]), n.Content[i+1]
		switch {
		case key == nil:
			return entries
		case key.Kind != yaml.ScalarNode:
			r.errorf(key.Line, "a key of %s must be plain text", what)
		case key.ShortTag() == "!!merge":
			merged = append(merged, r.merge(value, what, depth)...)
		case seen[key.Value] > 0:
			r.errorf(key.Line, "%q is already given in line %d", key.Value, seen[key.Value])
		default:
			seen[key.Value] = key.Line
			entries = append(entries, entry{key.Value, key.Line, value})
		}
	}
	for _, e := range merged { // a mapping's own keys win, then the first one merged
		if seen[e.key] == 0 {
			seen[e.key] = e.line
			entries = append(entries, e)
		}
	}
	return entries
}

func (r *reader) merge(n *yaml.Node, what string, depth int) []entry {
	target := r.deref(n)
	if target == nil {
		return nil
	}
	if target.Kind != yaml.SequenceNode {
		return r.mappingAt(n, "what is merged into "+what, depth+1)
	}
	var all []entry
	for _, item := range target.Content {
		all = append(all, r.mappingAt(item, "what is merged into "+what, depth+1)...)
	}
	return all
}

func (r *reader) unknown(e entry, what string, known ...string) {
	r.errorf(e.line, "unknown key %q in %s; the keys are %s", e.key, what, strings.Join(known, ", "))
}

// text reads a scalar as it is written: a title may be 2026, an env value 010 or yes.
func (r *reader) text(e entry) string {
	n := r.deref(e.node)
	switch {
	case n == nil:
	case n.Kind != yaml.ScalarNode || !slices.Contains([]string{"!!str", "!!int", "!!float", "!!bool", "!!timestamp"}, n.ShortTag()):
		r.errorf(e.line, "%s must be text", e.key)
	case strings.ContainsRune(n.Value, 0):
		r.errorf(e.line, "%s must not contain a NUL byte", e.key)
	default:
		return n.Value
	}
	return ""
}

// texts reads a list of scalars; one scalar alone is a list of one. The lines are
// those of the items.
func (r *reader) texts(e entry) (items []string, lines []int) {
	n := r.deref(e.node)
	if n == nil {
		return nil, nil
	}
	nodes := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		nodes = n.Content
	} else if n.Kind != yaml.ScalarNode || isNull(n) {
		r.errorf(e.line, "%s must be a list", e.key)
		return nil, nil
	}
	for _, item := range nodes {
		items = append(items, r.text(entry{"an item of " + e.key, item.Line, item}))
		lines = append(lines, item.Line)
	}
	return items, lines
}

// number reads a number within [low, high]; where it cannot, it reports and gives low.
func (r *reader) number(e entry, low, high float64) float64 {
	n := r.deref(e.node)
	if n == nil {
		return low
	}
	var f float64
	isNumber := n.Kind == yaml.ScalarNode && (n.ShortTag() == "!!int" || n.ShortTag() == "!!float")
	if !isNumber || n.Decode(&f) != nil || !(f >= low && f <= high) {
		r.errorf(e.line, "%s must be a number from %s to %s", e.key, plain(low), plain(high))
		return low
	}
	return f
}

func (r *reader) integer(e entry, low, high int) int {
	f := r.number(e, float64(low), float64(high))
	if f != math.Trunc(f) {
		r.errorf(e.line, "%s must be a whole number", e.key)
	}
	return int(f)
}

// duration reads 90s, 1h30m, or a number of seconds.
func (r *reader) duration(e entry, low time.Duration) Duration {
	n := r.deref(e.node)
	if n == nil {
		return 0
	}
	var d time.Duration
	var seconds float64
	err := fmt.Errorf("%s %q is not a duration such as 90s, 10m or 1h30m", e.key, n.Value)
	switch {
	case n.Kind != yaml.ScalarNode:
		err = fmt.Errorf("%s must be a duration such as 90s, 10m or 1h30m", e.key)
	case n.ShortTag() == "!!int" || n.ShortTag() == "!!float":
		if n.Decode(&seconds) == nil {
			d, err = fromSeconds(seconds)
		}
	default:
		if std, parseErr := time.ParseDuration(n.Value); parseErr == nil {
			d, err = std.Round(time.Millisecond), nil
		}
	}
	if err == nil && (d < low || d > maxDuration) {
		err = fmt.Errorf("%s must be from %v to %v", e.key, low, maxDuration)
	}
	if err != nil {
		r.errorf(e.line, "%v", err)
		return 0
	}
	return Duration(d)
}

func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

// plain writes a number without an exponent.
func plain(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
