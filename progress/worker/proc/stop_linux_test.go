package proc

import (
	"context"
	"crypto/rand"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"
)

func TestStopEndsDaemons(t *testing.T) {
	both(t, func(t *testing.T, pty bool) {
		p, out := start(t, Spec{PTY: pty, Grace: 50 * time.Millisecond, Argv: sh(`PROC_TEST_ROLE=daemon "$SELF"; trap "" TERM; echo ready; while :; do sleep 0.01; done`)})
		daemon := out.value(t, "stubborn")
		out.waitFor(t, "ready\n")
		if d, err := readProcess(daemon); err != nil || d.session == p.PID() || d.parent == p.PID() {
			t.Fatalf("not a daemon: %+v, %v", d, err)
		}
		if err := p.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if alive(daemon) {
			t.Error("the daemon is alive")
		}
	})
}

// A child in a session of its own and with an empty environment is found by its parent, and not lost with it.
func TestStopEndsChildrenWithoutCookie(t *testing.T) {
	p, out := start(t, Spec{PTY: true, Grace: 50 * time.Millisecond, Argv: sh(
		`env -i PROC_TEST_ROLE=stubborn setsid "$SELF" & wait`)})
	child := out.value(t, "stubborn")
	if err := p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if alive(child) {
		t.Error("the child is alive")
	}
}

// A step of another cookie whose ids are near is not touched.
func TestStopSparesOthers(t *testing.T) {
	own := rand.Text() // other runs of this test may be about
	other, out := start(t, Spec{Argv: sh(`echo ready; while :; do sleep 0.01; done`), Cookie: own + "10"})
	out.waitFor(t, "ready\n")
	p, out := start(t, Spec{Argv: sh(`echo ready; while :; do sleep 0.01; done`), Cookie: own + "1"})
	out.waitFor(t, "ready\n")
	if err := p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !alive(other.PID()) {
		t.Error("the other step was ended")
	}
}

func TestParentKilled(t *testing.T) {
	both(t, func(t *testing.T, pty bool) {
		own := rand.Text() + "."
		script := `echo main=$$; sleep 1000 & echo inner=$!; PROC_TEST_ROLE=daemon "$SELF"; while :; do sleep 0.01; done`
		parent, out := startParent(t, script, pty, own+"run1.step")
		main, inner, daemon := out.value(t, "main"), out.value(t, "inner"), out.value(t, "stubborn")
		if err := parent.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = parent.Wait()
		eventually(t, "the main process is gone", func() bool { return !alive(main) })
		if pty {
			eventually(t, "the hang-up ended the rest of the group", func() bool { return !alive(inner) })
		}
		if !alive(daemon) {
			t.Fatal("the daemon did not survive: the sweep is not tested")
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		if n, err := KillStale(ctx, own, 20*time.Millisecond); n == 0 || err != nil {
			t.Errorf("KillStale: %d, %v", n, err)
		}
		if alive(daemon) || alive(inner) {
			t.Error("KillStale left something")
		}
	})
}

func TestKillStaleFindsNothing(t *testing.T) {
	own := rand.Text() + "."
	p, out := start(t, Spec{Argv: sh(`echo ready; while :; do sleep 0.01; done`), Cookie: own + "x"})
	out.waitFor(t, "ready\n")
	if n, err := KillStale(t.Context(), rand.Text(), time.Second); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := KillStale(t.Context(), "", 0); err == nil {
		t.Error("an empty prefix was taken")
	}
	if !alive(p.PID()) {
		t.Error("a step with another prefix was ended")
	}
}

// The death signal belongs to a thread: it must not come while the parent lives, whatever its threads do.
func TestThreadsMayEnd(t *testing.T) {
	var steps []*Process
	for range 4 {
		p, out := start(t, Spec{Argv: sh(`echo ready; while :; do sleep 0.01; done`)})
		out.waitFor(t, "ready\n")
		steps = append(steps, p)
	}
	for range 50 { // a goroutine that ends with its thread locked takes the thread with it
		done := make(chan int)
		go func() {
			runtime.LockOSThread()
			done <- syscall.Gettid()
		}()
		tid := <-done
		eventually(t, "the thread is gone", func() bool {
			_, err := os.Stat("/proc/self/task/" + strconv.Itoa(tid))
			return err != nil || tid == os.Getpid()
		})
	}
	for _, p := range steps {
		if !alive(p.PID()) {
			t.Error("a step was killed with a thread")
		}
	}
}

func startParent(t *testing.T, script string, pty bool, cookie string) (*exec.Cmd, *recorder) {
	t.Helper()
	out := new(recorder)
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), "PROC_TEST_ROLE=parent", "PROC_TEST_SCRIPT="+script, "PROC_TEST_COOKIE="+cookie)
	if pty {
		parent.Env = append(parent.Env, "PROC_TEST_PTY=1")
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	parent.Stdout, parent.Stderr = w, os.Stderr
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		_, _ = io.Copy(out, r)
	}()
	t.Cleanup(func() {
		_ = parent.Process.Kill()
		r.Close()
		<-copied
	})
	return parent, out
}
