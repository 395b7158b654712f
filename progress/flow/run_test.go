//go:build unix

package flow

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// outcome is what one step's process left behind.
type outcome struct {
	output   string
	progress []float64 // 0–100, from the progress file and bare percentages
	lines    []string  // of the progress file
	code     int
}

func (o outcome) last() float64 {
	if len(o.progress) == 0 {
		return -1
	}
	return o.progress[len(o.progress)-1]
}

var (
	percentRE = regexp.MustCompile(`^(\d+)(?: .*)?$`)
	countRE   = regexp.MustCompile(`^(\d+)/(\d+) \S+`)
	bareRE    = regexp.MustCompile(`(?m)^(\d+)%$`)
)

// runStep runs a step as the contract says. RUNFLOW_PROGRESS is a named pipe here,
// so that no line that is written to it is lost.
func runStep(t *testing.T, step *Step, work, params string) outcome {
	t.Helper()
	pipe := filepath.Join(t.TempDir(), "progress")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	both, err := os.OpenFile(pipe, os.O_RDWR, 0) // both ends, so that it never ends by itself
	if err != nil {
		t.Fatal(err)
	}
	const end = "end of test"
	var o outcome
	var reading sync.WaitGroup
	reading.Go(func() {
		defer both.Close()
		for scan := bufio.NewScanner(both); scan.Scan() && scan.Text() != end; {
			o.lines = append(o.lines, scan.Text())
		}
	})
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-e", "-c", step.Run)
	cmd.WaitDelay = 10 * time.Second
	cmd.Dir = step.Dir(work)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local",
		"RUNFLOW_TASK_ID=t", "RUNFLOW_STEP=" + step.Name, "RUNFLOW_PROGRESS=" + pipe}, Env(json.RawMessage(params))...)
	for name, value := range step.Env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Errorf("step %s: %v", step.Name, err)
	} else {
		o.code = cmd.ProcessState.ExitCode()
	}
	fmt.Fprintln(both, end)
	reading.Wait()
	o.output = output.String()
	for _, line := range o.lines {
		if m := countRE.FindStringSubmatch(line); m != nil {
			at, _ := strconv.ParseFloat(m[1], 64)
			of, _ := strconv.ParseFloat(m[2], 64)
			o.progress = append(o.progress, 100*at/of)
		} else if m := percentRE.FindStringSubmatch(line); m != nil {
			at, _ := strconv.ParseFloat(m[1], 64)
			o.progress = append(o.progress, at)
		} else {
			t.Errorf("step %s: the progress line %q has no progress", step.Name, line)
		}
	}
	for _, m := range bareRE.FindAllStringSubmatch(o.output, -1) {
		at, _ := strconv.ParseFloat(m[1], 64)
		o.progress = append(o.progress, at)
	}
	if !slices.IsSorted(o.progress) {
		t.Errorf("step %s: progress goes back: %v", step.Name, o.progress)
	}
	return o
}

// runFlow runs a built-in flow in a fresh folder, steps that are ready together at
// the same time, until nothing is ready.
func runFlow(t *testing.T, name, given string) (outcomes map[string]outcome, work string) {
	t.Helper()
	f, ok := Builtin().Lookup(name)
	if !ok {
		t.Fatalf("no built-in flow %s", name)
	}
	params, err := f.Check(json.RawMessage(given))
	if err != nil {
		t.Fatalf("Check(%s): %v", given, err)
	}
	work, outcomes = t.TempDir(), make(map[string]outcome)
	for {
		ready := f.Ready(
			func(name string) bool { o, ran := outcomes[name]; return ran && o.code == 0 },
			func(name string) bool { _, ran := outcomes[name]; return ran })
		if len(ready) == 0 {
			return outcomes, work
		}
		results := make([]outcome, len(ready))
		var running sync.WaitGroup
		for i, at := range ready {
			running.Go(func() { results[i] = runStep(t, &f.Steps[at], work, string(params)) })
		}
		running.Wait()
		for i, at := range ready {
			outcomes[f.Steps[at].Name] = results[i]
		}
	}
}
