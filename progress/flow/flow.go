package flow

import (
	"encoding/json"
	"path/filepath"
	"regexp"
)

// Limits of a flow file. A file beyond one of them is refused.
const (
	MaxFileBytes = 1 << 20   // one flow file
	MaxFlows     = 200       // flows in one file
	MaxSteps     = 200       // steps of one flow
	MaxFlowBytes = 512 << 10 // one flow as JSON: it travels in one message of the log
)

var nameRE = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Flow is one template that tasks are started from. What [Parse] and [Catalog]
// return is complete (defaults filled in, see each field) and shared: read only.
// Its methods are safe for concurrent use.
type Flow struct {
	Name        string `json:"name"`  // [A-Za-z0-9_-]{1,64}
	Title       string `json:"title"` // default: the name
	Description string `json:"description,omitempty"`
	// Params holds one JSON Schema per parameter by name, in the file's order: the
	// "properties" of [Flow.Schema]. Empty: the flow takes no parameters.
	Params json.RawMessage `json:"params,omitempty"`
	// Required names the parameters that must be given, in the file's order: those
	// with neither a default nor `required: false`.
	Required []string `json:"required,omitempty"`
	// Timeout of one attempt of the whole task; 0: none.
	Timeout Duration `json:"timeout,omitempty"`
	// Concurrency is how many tasks of this flow run at once, more wait; 0: no limit of its own.
	Concurrency int `json:"concurrency,omitempty"`
	// Queue is how many may wait before more are refused; 0: the server's limit.
	Queue int `json:"queue,omitempty"`
	// Retry's zero value means one try.
	Retry Retry  `json:"retry,omitzero"`
	Steps []Step `json:"steps"` // at least one

	checker *checker // compiled at parse; nil after JSON, then Check compiles
}

// Step is one part of a flow: a shell script or a command, never both.
type Step struct {
	Name string `json:"name"` // [A-Za-z0-9_-]{1,64}, unique in its flow
	// Run is a script for `sh -e -c`. Parameters reach it by [Env] only.
	Run string `json:"run,omitempty"`
	// Args is a command and its arguments, run without a shell; see [Step.Argv].
	Args []string `json:"args,omitempty"`
	// Needs names the steps that must have succeeded before this one starts. In a
	// flow in which no step says `needs`, Parse sets it to the step before.
	Needs []string `json:"needs,omitempty"`
	// Weight is this step's share of the task's progress; default 1, always above 0.
	Weight float64 `json:"weight"`
	// Env is added to the step's environment. Its names never begin with RUNFLOW_.
	Env map[string]string `json:"env,omitempty"`
	// Workdir is where the step runs, see [Step.Dir]; default: the task's own folder.
	Workdir string   `json:"workdir,omitempty"`
	Timeout Duration `json:"timeout,omitempty"` // of this step; 0: none
}

// Ready gives the indexes, in the flow's order, of the steps that can start now:
// not started, and everything they need is done (has succeeded). A step that
// failed is started and never done, so what needs it never becomes ready.
func (f *Flow) Ready(done, started func(name string) bool) []int {
	var ready []int
next:
	for i := range f.Steps {
		if started(f.Steps[i].Name) {
			continue
		}
		for _, need := range f.Steps[i].Needs {
			if !done(need) {
				continue next
			}
		}
		ready = append(ready, i)
	}
	return ready
}

// Dir is the folder the step runs in: Workdir under base, the task's own folder,
// or Workdir itself where that is an absolute path.
func (s *Step) Dir(base string) string {
	if filepath.IsAbs(s.Workdir) {
		return filepath.Clean(s.Workdir)
	}
	return filepath.Join(base, s.Workdir)
}
