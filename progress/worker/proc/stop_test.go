//go:build linux || darwin

package proc

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestStopIsGentle(t *testing.T) {
	both(t, func(t *testing.T, pty bool) {
		// The handler starts a process of its own, which must not get the SIGTERM.
		p, out := start(t, Spec{Argv: sh(`trap 'sh -c "echo cleaned"; exit 9' TERM; echo ready; while :; do sleep 0.01; done`), PTY: pty, Grace: patience})
		out.waitFor(t, "ready\n")
		if err := p.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if exit := wait(t, p); exit.Code != 9 || !strings.HasSuffix(out.String(), "cleaned\n") {
			t.Errorf("%v, %q", exit, out)
		}
		if err := p.Stop(t.Context()); err != nil {
			t.Errorf("again: %v", err)
		}
	})
}

func TestStopEndsGrandchildren(t *testing.T) {
	both(t, func(t *testing.T, pty bool) {
		p, out := start(t, Spec{PTY: pty, Grace: 100 * time.Millisecond, Argv: sh(`
			PROC_TEST_ROLE=stubborn "$SELF" &
			sh -c 'trap "" TERM HUP; echo inner=$$; while :; do sleep 0.01; done' &
			echo main=$$; trap "" TERM; wait; wait`)})
		pids := []int{out.value(t, "main"), out.value(t, "inner"), out.value(t, "stubborn")}
		if pids[0] != p.PID() {
			t.Errorf("PID %d, want %d", p.PID(), pids[0])
		}
		if err := p.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, pid := range pids {
			if alive(pid) {
				t.Errorf("%d is alive", pid)
			}
		}
		if exit := wait(t, p); exit.Signal != "SIGKILL" || exit.Code != 137 {
			t.Error(exit)
		}
	})
}

func TestStopEndsStoppedProcesses(t *testing.T) {
	p, out := start(t, Spec{Argv: sh(`trap 'exit 5' TERM; echo main=$$; kill -STOP $$; while :; do sleep 0.01; done`), PTY: true, Grace: patience})
	pid := out.value(t, "main")
	eventually(t, "the child is stopped", func() bool { return isStopped(pid) })
	if err := p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if exit := wait(t, p); exit.Code != 5 {
		t.Error(exit)
	}
}

func TestStopContext(t *testing.T) {
	p, out := start(t, Spec{Argv: sh(`trap "" TERM; echo ready; while :; do sleep 0.01; done`), PTY: true, Grace: time.Hour})
	out.waitFor(t, "ready\n")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := p.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	if !alive(p.PID()) {
		t.Error("killed within the grace")
	}
	if err := p.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if exit := wait(t, p); exit.Signal != "SIGKILL" {
		t.Error(exit)
	}
}

// Output that nobody takes does not keep Stop from ending the tree.
func TestStopWhileOutputBlocks(t *testing.T) {
	both(t, func(t *testing.T, pty bool) {
		release := make(chan struct{})
		p, _ := start(t, Spec{Argv: []string{"yes"}, PTY: pty, Grace: patience, Output: writerFunc(func(b []byte) (int, error) {
			<-release
			return len(b), nil
		})})
		if err := p.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if alive(p.PID()) {
			t.Error("alive")
		}
		close(release)
		if exit := wait(t, p); exit.Signal != "SIGTERM" {
			t.Error(exit)
		}
	})
}

// The step ends when its main process does; what is left behind does not hold it open.
func TestLeftoversAreEnded(t *testing.T) {
	both(t, func(t *testing.T, pty bool) {
		dir := t.TempDir()
		p, out := start(t, Spec{PTY: pty, Dir: dir, Grace: 50 * time.Millisecond, Argv: sh(`
			PROC_TEST_ROLE=stubborn "$SELF" &
			sleep 1000 & echo sleep=$!
			while ! test -e go; do sleep 0.01; done; exit 6`)})
		left := []int{out.value(t, "sleep"), out.value(t, "stubborn")}
		if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if exit := wait(t, p); exit != (Exit{Code: 6}) {
			t.Error(exit)
		}
		for _, pid := range left {
			if alive(pid) {
				t.Errorf("%d is alive", pid)
			}
		}
	})
}

func TestKillBeforeStop(t *testing.T) {
	p, _ := start(t, Spec{Argv: []string{"sleep", "1000"}, Grace: time.Hour})
	if err := p.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if exit := wait(t, p); exit.Signal != "SIGKILL" {
		t.Error(exit)
	}
}
