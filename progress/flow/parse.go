package flow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// Parse reads the flows of one YAML file, in its order. file is the name used in
// errors. With any mistake it returns no flow and all of them as [Errors]. It
// never panics, whatever data is, and is safe for concurrent use.
func Parse(file string, data []byte) ([]*Flow, error) {
	placed, errs := parse(file, data)
	if len(errs) > 0 {
		return nil, errs
	}
	flows := make([]*Flow, len(placed))
	for i, p := range placed {
		flows[i] = p.flow
	}
	return flows, nil
}

// placed is a flow and the line of its name.
type placed struct {
	flow *Flow
	line int
}

func parse(file string, data []byte) ([]placed, Errors) {
	if len(data) > MaxFileBytes {
		return nil, Errors{{file, 0, fmt.Sprintf("the file has more than %d bytes", MaxFileBytes)}}
	}
	root, err := document(data)
	if err != nil {
		return nil, Errors{syntaxError(file, err)}
	}
	r := &reader{file: file, left: maxVisits}
	flows := r.flows(root)
	if len(r.errs) > 0 {
		r.errs.sort()
		return nil, r.errs
	}
	return flows, nil
}

var errNoFlows = errors.New("the file defines no flows; it begins with `flows:`")

// document decodes the one YAML document of a file.
func document(data []byte) (root *yaml.Node, err error) {
	defer func() { // a fault of the YAML library on hostile input must not end the server
		if p := recover(); p != nil {
			err = fmt.Errorf("malformed YAML: %v", p)
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, errNoFlows
	} else if err != nil {
		return nil, err
	}
	if err := dec.Decode(&second); err == nil {
		return nil, fmt.Errorf("line %d: one YAML document per file", second.Line)
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) == 0 || isNull(doc.Content[0]) {
		return nil, errNoFlows
	}
	return doc.Content[0], nil
}

var yamlLineRE = regexp.MustCompile(`(?s)^(?:yaml: )?(?:line (\d+): )?(.*)$`)

func syntaxError(file string, err error) *Error {
	m := yamlLineRE.FindStringSubmatch(err.Error())
	line, _ := strconv.Atoi(m[1])
	return &Error{file, line, m[2]}
}

func (r *reader) flows(root *yaml.Node) []placed {
	var flows []placed
	found := false
	for _, top := range r.mapping(root, "the file") {
		if top.key != "flows" {
			r.unknown(top, "the file", "flows")
			continue
		}
		found = true
		entries := r.mapping(top.node, "flows")
		if entries != nil && len(entries) == 0 {
			r.errorf(top.line, "flows is empty")
		}
		if len(entries) > MaxFlows {
			r.errorf(entries[MaxFlows].line, "more than %d flows in one file", MaxFlows)
			entries = entries[:MaxFlows]
		}
		for _, e := range entries {
			flows = append(flows, placed{r.flow(e), e.line})
		}
	}
	if !found && len(r.errs) == 0 {
		r.errorf(0, "%v", errNoFlows)
	}
	return flows
}

func (r *reader) flow(e entry) *Flow {
	what := fmt.Sprintf("flow %q", e.key)
	if !nameRE.MatchString(e.key) {
		r.errorf(e.line, "%s: a name is 1 to 64 of A-Z a-z 0-9 _ -", what)
	}
	f := &Flow{Name: e.key, Title: e.key}
	var steps entry
	entries := r.mapping(e.node, what)
	if entries == nil {
		return f
	}
	for _, kv := range entries {
		switch kv.key {
		case "title":
			f.Title = r.short(kv, 256)
		case "description":
			f.Description = r.short(kv, 4096)
		case "params":
			r.params(kv, f)
		case "timeout":
			f.Timeout = r.duration(kv, minTimeout)
		case "concurrency":
			f.Concurrency = r.integer(kv, 1, 10_000)
		case "queue":
			f.Queue = r.integer(kv, 1, 1_000_000)
		case "retry":
			f.Retry = r.retry(kv)
		case "steps":
			steps = kv
		default:
			r.unknown(kv, what, "title", "description", "params", "timeout", "concurrency", "queue", "retry", "steps")
		}
	}
	if steps.node == nil {
		r.errorf(e.line, "%s has no steps", what)
	} else {
		r.steps(steps, f, what)
	}
	if data, err := json.Marshal(f); err != nil || len(data) > MaxFlowBytes {
		r.errorf(e.line, "%s has more than %d bytes as JSON", what, MaxFlowBytes)
	}
	return f
}

// short reads a text of at most most characters.
func (r *reader) short(e entry, most int) string {
	text := r.text(e)
	if n := len([]rune(text)); n > most {
		r.errorf(e.line, "%s has %d characters, more than %d", e.key, n, most)
	}
	return text
}

func (r *reader) retry(e entry) Retry {
	retry := Retry{Attempts: 3, Delay: Duration(5e9), Backoff: 2, On: []string{OnExit, OnTimeout}}
	for _, kv := range r.mapping(e.node, "retry") {
		switch kv.key {
		case "attempts":
			retry.Attempts = r.integer(kv, 1, maxAttempts)
		case "delay":
			retry.Delay = r.duration(kv, 0)
		case "backoff":
			retry.Backoff = r.number(kv, 1, 100)
		case "on":
			var lines []int
			retry.On, lines = r.texts(kv)
			for i, reason := range retry.On {
				if reason != OnExit && reason != OnTimeout && reason != OnLost {
					r.errorf(lines[i], "on: %q is none of exit, timeout, lost", reason)
				}
			}
		default:
			r.unknown(kv, "retry", "attempts", "delay", "backoff", "on")
		}
	}
	return retry
}
