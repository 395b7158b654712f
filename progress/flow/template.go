package flow

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// templateRE finds {{params.NAME}}. Everything else between braces is left to the
// command: docker's {{.Names}} must pass through.
var templateRE = regexp.MustCompile(`\{\{ *params\.([A-Za-z0-9_-]{1,64}) *\}\}`)

// templateLikeRE finds what was surely meant as one, to refuse it where it cannot work.
var templateLikeRE = regexp.MustCompile(`\{\{ *params\b`)

// Argv is the command that the step runs: Args with each {{params.NAME}} replaced
// inside its item. Strings go in as they are, numbers and booleans as JSON text,
// arrays and objects as compact JSON, null and absent ones as nothing. Each item
// stays one argument, an empty one too, and a value is never looked at again: a
// {{params.x}} in it stays as it is. params is what [Flow.Check] returned. An
// error: params are no JSON object, or the step has no Args.
func (s *Step) Argv(params json.RawMessage) ([]string, error) {
	values, err := paramValues(params)
	if err != nil {
		return nil, fmt.Errorf("arguments of step %s: %w", s.Name, err)
	}
	if len(s.Args) == 0 {
		return nil, fmt.Errorf("arguments of step %s: it runs a script", s.Name)
	}
	argv := make([]string, len(s.Args))
	for i, item := range s.Args {
		argv[i] = templateRE.ReplaceAllStringFunc(item, func(t string) string {
			return values[templateRE.FindStringSubmatch(t)[1]]
		})
	}
	return argv, nil
}

// Env is RUNFLOW_PARAM_NAME=value for each parameter, sorted: the name in capitals
// with _ for -, the value as in [Step.Argv]. params is what [Flow.Check] returned;
// anything but a JSON object gives nothing.
func Env(params json.RawMessage) []string {
	values, err := paramValues(params)
	if err != nil {
		return nil
	}
	env := make([]string, 0, len(values))
	for name, value := range values {
		env = append(env, envName(name)+"="+value)
	}
	slices.Sort(env)
	return env
}

func envName(param string) string {
	return "RUNFLOW_PARAM_" + strings.ToUpper(strings.ReplaceAll(param, "-", "_"))
}

// paramValues gives the text of each parameter as a process sees it.
func paramValues(params json.RawMessage) (map[string]string, error) {
	object, err := decodeObject(params)
	if err != nil {
		return nil, err
	}
	texts := make(map[string]string, len(object))
	for name, value := range object {
		switch v := value.(type) {
		case nil:
			texts[name] = ""
		case string:
			texts[name] = v
		default:
			text, err := compactJSON(v)
			if err != nil {
				return nil, err
			}
			texts[name] = string(text)
		}
	}
	return texts, nil
}
