//go:build linux || darwin

package proc

import (
	"context"
	"time"

	"golang.org/x/sys/unix"
)

// Pauses between two looks at the processes while they end.
const (
	firstPause = time.Millisecond
	maxPause   = 50 * time.Millisecond
)

// doubtfulLooks is how often an empty tree is looked at again because a process could not be judged (it was between fork
// and exec). A process with an empty environment looks the same for ever.
const doubtfulLooks = 4

// A member is one process of a tree. A start makes a pid unique.
type member struct {
	pid   int
	start uint64 // platform's unit
}

// A tree is all the processes of one step. It is used by one goroutine.
type tree struct {
	root   member              // the main process, not reaped while the tree is used; pid 0: no group to signal
	cookie func(string) bool   // which cookies are this tree's
	known  map[member]struct{} // all members ever seen, so that one is not lost when its parent ends
	spared map[int]bool        // never members
}

func newTree(pid int, cookie string) *tree {
	return &tree{
		root:   member{pid: pid, start: startOf(pid)},
		cookie: func(c string) bool { return c == cookie },
		known:  make(map[member]struct{}),
	}
}

// end sends SIGTERM to all that live and SIGKILL after the grace, or as soon as now is closed, to all that live then. It returns
// nil when none is left, or the error of ctx. SIGTERM is sent once: a process that appears later was started by a handler
// to clean up.
func (t *tree) end(ctx context.Context, grace time.Duration, now <-chan struct{}) error {
	deadline := time.NewTimer(max(grace, 0))
	defer deadline.Stop()
	killing := grace <= 0
	select {
	case <-now:
		killing, now = true, nil
	default:
	}
	told := false
	doubts := 0
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		live, sure := t.look()
		switch {
		case len(live) > 0:
			doubts = 0
		case sure || doubts == doubtfulLooks:
			return nil
		default:
			doubts++
		}
		switch {
		case killing:
			t.signal(live, unix.SIGKILL)
		case !told && len(live) > 0:
			told = true
			t.signal(live, unix.SIGTERM)
			t.signal(live, unix.SIGCONT) // a stopped process takes no SIGTERM
		}
		wait := time.NewTimer(pause)
		select {
		case <-wait.C:
		case <-deadline.C:
			killing, pause = true, firstPause
		case <-now:
			killing, pause, now = true, firstPause, nil
		case <-ctx.Done():
			wait.Stop()
			return ctx.Err()
		}
		wait.Stop()
	}
}

// signal reaches the group first, at once and with whatever it forks meanwhile, then the members outside it.
func (t *tree) signal(live []process, sig unix.Signal) {
	if t.root.pid != 0 {
		_ = unix.Kill(-t.root.pid, sig) // ESRCH and EPERM: nobody is left there
	}
	for _, p := range live {
		if t.root.pid == 0 || p.group != t.root.pid {
			send(p.member, sig)
		}
	}
}

// A process is one entry of the system's table.
type process struct {
	member
	parent, group, session int
	zombie                 bool
}

// closure adds to the known members all that belong by group, session or cookie, and all descendants, and returns those
// that live.
func (t *tree) closure(table map[int]process, belongs func(process) bool) (live []process) {
	for _, p := range table {
		if _, ok := t.known[p.member]; !ok && !t.spared[p.pid] && belongs(p) {
			t.known[p.member] = struct{}{}
		}
	}
	for grown := true; grown; {
		grown = false
		for _, p := range table {
			if _, ok := t.known[p.member]; ok || t.spared[p.pid] {
				continue
			}
			if parent, ok := table[p.parent]; ok {
				if _, ok := t.known[parent.member]; ok {
					t.known[p.member] = struct{}{}
					grown = true
				}
			}
		}
	}
	for _, p := range table {
		if _, ok := t.known[p.member]; ok && !p.zombie {
			live = append(live, p)
		}
	}
	return live
}
