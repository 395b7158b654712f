//go:build linux || darwin

package proc

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// The test binary plays the programs that sh cannot.
func TestMain(m *testing.M) {
	switch os.Getenv("PROC_TEST_ROLE") {
	case "stubborn": // ignores all but SIGKILL
		signals := make(chan os.Signal, 8)
		signal.Notify(signals)
		fmt.Printf("stubborn=%d\n", os.Getpid())
		for range signals {
		}
	case "daemon": // leaves a stubborn one behind: own session, orphaned
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "PROC_TEST_ROLE=stubborn")
		cmd.Stdout = os.Stdout
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if err := cmd.Start(); err != nil {
			panic(err)
		}
		os.Exit(0)
	case "parent": // runs a step until it is killed itself
		p, err := Start(Spec{
			Argv: []string{"sh", "-c", os.Getenv("PROC_TEST_SCRIPT")}, Env: stepEnv("PROC_TEST_ROLE="), PTY: os.Getenv("PROC_TEST_PTY") != "",
			Output: os.Stdout, Grace: patience, Cookie: os.Getenv("PROC_TEST_COOKIE"),
		})
		if err != nil {
			panic(err)
		}
		_, _ = p.Wait()
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// stepEnv is the environment of a step with the test binary as $SELF.
func stepEnv(more ...string) []string {
	return append(append(os.Environ(), "SELF="+os.Args[0]), more...)
}

// A recorder is an Output that tests can watch.
type recorder struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (r *recorder) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.Write(p)
}

func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.String()
}

// value waits for a whole line "name=N" and returns N.
func (r *recorder) value(t *testing.T, name string) int {
	t.Helper()
	var n int
	eventually(t, "output "+name+"=N", func() bool {
		for line := range strings.Lines(r.String()) {
			value, found := strings.CutPrefix(line, name+"=")
			if found && strings.HasSuffix(value, "\n") {
				n, _ = strconv.Atoi(strings.TrimSpace(value))
			}
		}
		return n != 0
	})
	return n
}

func (r *recorder) waitFor(t *testing.T, text string) {
	t.Helper()
	eventually(t, "output "+text, func() bool { return strings.Contains(r.String(), text) })
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// alive reports whether a process lives; a zombie does not.
func alive(pid int) bool {
	return syscall.Kill(pid, 0) == nil && startOf(pid) != 0 && !isZombie(pid)
}

func start(t *testing.T, spec Spec) (*Process, *recorder) {
	t.Helper()
	out := new(recorder)
	if spec.Output == nil {
		spec.Output = out
	}
	if spec.Env == nil {
		spec.Env = stepEnv()
	}
	p, err := Start(spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.Kill(t.Context())
		_, _ = p.Wait()
	})
	return p, out
}

func sh(script string, args ...string) []string {
	return append([]string{"sh", "-c", script, "sh"}, args...)
}

func wait(t *testing.T, p *Process) Exit {
	t.Helper()
	exit, err := p.Wait()
	if err != nil {
		t.Fatalf("Wait: %v", err)
	}
	return exit
}

// both runs a test with a terminal and with a pipe.
func both(t *testing.T, f func(t *testing.T, pty bool)) {
	t.Run("pty", func(t *testing.T) { f(t, true) })
	t.Run("pipe", func(t *testing.T) { f(t, false) })
}
