package worker

import (
	"context"
	"fmt"
	"hash/fnv"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/flow"
)

// runSteps runs each step as soon as those that it needs are done, and answers the first failure when all that ran have
// ended. After a failure no further step begins, and those that run beside it are ended.
func (a *attempt) runSteps(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	type ended struct {
		name string
		err  error
	}
	results := make(chan ended)
	started, done := map[string]bool{}, map[string]bool{}
	running := 0
	var failure error
	for {
		if failure == nil && ctx.Err() == nil {
			ready := a.flow.Ready(func(n string) bool { return done[n] }, func(n string) bool { return started[n] })
			for _, i := range ready {
				step := &a.flow.Steps[i]
				started[step.Name] = true
				running++
				go func() { results <- ended{step.Name, a.runStep(ctx, step)} }()
			}
		}
		if running == 0 {
			break
		}
		r := <-results
		running--
		done[r.name] = r.err == nil
		if r.err != nil && failure == nil {
			failure = fmt.Errorf("step %s: %w", r.name, r.err)
			cancel(failure)
		}
	}
	if failure == nil && len(done) < len(a.flow.Steps) {
		failure = context.Cause(ctx)
	}
	return failure
}

// environment is what a step of this attempt finds in its environment.
func (a *attempt) environment(step *flow.Step, progressFile string) []string {
	env := inherited()
	env = append(env, flow.Env(a.task.Spec.Params)...)
	for k, v := range step.Env {
		env = append(env, k+"="+v)
	}
	return append(env,
		"ConEmuANSI=ON", // cargo, systemd, pytest and others tell their exact percentage then (OSC 9;4)
		"TERM=xterm-256color",
		"RUNFLOW_URL="+a.w.cfg.URL,
		"RUNFLOW_TASK_ID="+a.work.ID,
		"RUNFLOW_STEP="+step.Name,
		"RUNFLOW_PARAMS="+a.paramsFile(),
		"RUNFLOW_PROGRESS="+progressFile,
	)
}

func (a *attempt) submit(step *flow.Step, c progress.StepChange) *progress.Receipt {
	c.Attempt, c.Step = a.number, step.Name
	return a.w.cfg.Tasks.Submit(a.work.ID, c)
}

func fnv64(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}
