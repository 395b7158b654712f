package flow

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

const (
	minTimeout = time.Millisecond
	minWeight  = 1e-6
	maxWeight  = 1e6
)

var envNameRE = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// stepLines is where a step stands in the file.
type stepLines struct {
	step  int
	needs []int // of each item
	named bool  // it says needs, if only an empty list
}

// steps reads the list of steps into f, and the order they run in.
func (r *reader) steps(e entry, f *Flow, what string) {
	n := r.deref(e.node)
	switch {
	case n == nil:
		return
	case n.Kind != yaml.SequenceNode || len(n.Content) == 0:
		r.errorf(e.line, "%s has no steps: steps is a list of at least one", what)
		return
	case len(n.Content) > MaxSteps:
		r.errorf(n.Content[MaxSteps].Line, "%s has more than %d steps", what, MaxSteps)
		return
	}
	params := make(map[string]bool)
	for name := range f.properties() {
		params[name] = true
	}
	lines := make([]stepLines, 0, len(n.Content))
	for i, item := range n.Content {
		step, at := r.step(item, fmt.Sprintf("step %d of %s", i+1, what), params)
		f.Steps, lines = append(f.Steps, step), append(lines, at)
	}
	r.order(f.Steps, lines)
}

func (r *reader) step(n *yaml.Node, what string, params map[string]bool) (Step, stepLines) {
	s, at := Step{Weight: 1}, stepLines{step: n.Line}
	hasName, hasRun, hasArgs := false, false, false
	entries := r.mapping(n, what)
	if entries == nil {
		return s, at
	}
	for _, kv := range entries {
		switch kv.key {
		case "name":
			s.Name, hasName = r.text(kv), true
			if !nameRE.MatchString(s.Name) {
				r.errorf(kv.line, "%s: the name %q is not 1 to 64 of A-Z a-z 0-9 _ -", what, s.Name)
			}
		case "run":
			s.Run, hasRun = r.text(kv), true
			r.noTemplate(kv, s.Run)
			if strings.TrimSpace(s.Run) == "" {
				r.errorf(kv.line, "%s: run is empty", what)
			}
		case "args":
			hasArgs = true
			s.Args = r.args(kv, params)
		case "needs":
			s.Needs, at.needs = r.texts(kv)
			at.named = true
		case "weight":
			s.Weight = r.number(kv, minWeight, maxWeight)
		case "env":
			s.Env = r.env(kv)
		case "workdir":
			s.Workdir = r.text(kv)
			r.noTemplate(kv, s.Workdir)
		case "timeout":
			s.Timeout = r.duration(kv, minTimeout)
		default:
			r.unknown(kv, what, "name", "run", "args", "needs", "weight", "env", "workdir", "timeout")
		}
	}
	if !hasName {
		r.errorf(at.step, "%s has no name", what)
	}
	if hasRun == hasArgs {
		r.errorf(at.step, "%s must have either run (a shell script) or args (a command)", what)
	}
	return s, at
}

// args reads a command, and checks that each {{params.x}} names a parameter.
func (r *reader) args(e entry, params map[string]bool) []string {
	n := r.deref(e.node)
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		r.errorf(e.line, "args must be a list: the command and its arguments")
		return nil
	}
	items, lines := r.texts(e)
	if items[0] == "" {
		r.errorf(lines[0], "args: the command is empty")
	}
	for i, item := range items {
		for _, m := range templateRE.FindAllStringSubmatch(item, -1) {
			if !params[m[1]] {
				r.errorf(lines[i], "args: %s names no parameter of this flow", m[0])
			}
		}
		if rest := templateRE.ReplaceAllString(item, ""); templateLikeRE.MatchString(rest) {
			r.errorf(lines[i], "args: %q is not of the form {{params.NAME}}", item)
		}
	}
	return items
}

func (r *reader) env(e entry) map[string]string {
	env := make(map[string]string)
	for _, kv := range r.mapping(e.node, "env") {
		if !envNameRE.MatchString(kv.key) {
			r.errorf(kv.line, "env: %q is not a variable's name", kv.key)
		}
		if strings.HasPrefix(kv.key, "RUNFLOW_") {
			r.errorf(kv.line, "env: %s is RunFlow's own to set", kv.key)
		}
		if n := r.deref(kv.node); n != nil && !isNull(n) { // X: with nothing after it is empty
			env[kv.key] = r.text(kv)
			r.noTemplate(kv, env[kv.key])
		} else {
			env[kv.key] = ""
		}
	}
	if len(env) == 0 {
		return nil
	}
	return env
}

// noTemplate reports {{params.x}} where text goes to a shell or is taken as it is.
func (r *reader) noTemplate(e entry, text string) {
	at := templateLikeRE.FindStringIndex(text)
	if at == nil {
		return
	}
	line := e.line
	if n := r.deref(e.node); n != nil {
		line = n.Line
		if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			line += 1 + strings.Count(text[:at[0]], "\n")
		}
	}
	variable := "RUNFLOW_PARAM_NAME"
	if m := templateRE.FindStringSubmatch(text); m != nil {
		variable = envName(m[1])
	}
	if e.key == "run" {
		r.errorf(line, `a parameter is never spliced into run: use "$%s"`, variable)
	} else {
		r.errorf(line, "%s takes no {{params.x}}, only args do; a script has it as $%s", e.key, variable)
	}
}

// order checks names and needs, and in a flow where no step says needs makes each
// step need the one before.
func (r *reader) order(steps []Step, lines []stepLines) {
	index := make(map[string]int, len(steps))
	for i, s := range steps {
		if first, taken := index[s.Name]; taken && s.Name != "" {
			r.errorf(lines[i].step, "step %q is already defined in line %d", s.Name, lines[first].step)
			continue
		}
		index[s.Name] = i
	}
	if !slices.ContainsFunc(lines, func(at stepLines) bool { return at.named }) {
		for i := 1; i < len(steps); i++ {
			steps[i].Needs = []string{steps[i-1].Name}
		}
		return
	}
	for i, s := range steps {
		for j, need := range s.Needs {
			if _, known := index[need]; !known {
				r.errorf(lines[i].needs[j], "step %q needs %q, which is no step of this flow", s.Name, need)
			}
			if slices.Index(s.Needs, need) < j {
				r.errorf(lines[i].needs[j], "step %q needs %q twice", s.Name, need)
			}
		}
	}
	r.cycles(steps, lines, index)
}

// cycles reports each cycle once, at the first of its steps.
func (r *reader) cycles(steps []Step, lines []stepLines, index map[string]int) {
	const unseen, open, closed = 0, 1, 2
	state := make([]int, len(steps))
	var path []int
	var visit func(i int)
	visit = func(i int) {
		state[i] = open
		path = append(path, i)
		for _, need := range steps[i].Needs {
			j, known := index[need]
			if known && state[j] == unseen {
				visit(j)
			} else if known && state[j] == open {
				cycle := path[slices.Index(path, j):]
				names := make([]string, 0, len(cycle)+1)
				for _, k := range append(slices.Clone(cycle), j) {
					names = append(names, steps[k].Name)
				}
				r.errorf(lines[slices.Min(cycle)].step, "steps wait for each other in a circle: %s", strings.Join(names, " needs "))
			}
		}
		path, state[i] = path[:len(path)-1], closed
	}
	for i := range steps {
		if state[i] == unseen {
			visit(i)
		}
	}
}
