package proc

import (
	"context"
	"errors"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// zombieState is SZOMB of <sys/proc.h>.
const zombieState = 5

// look returns the members that live. There is no cookie: the environment of other processes is not to be relied on.
func (t *tree) look() (live []process, sure bool) {
	all, err := unix.SysctlKinfoProcSlice("kern.proc.all")
	if err != nil {
		return nil, false
	}
	table := make(map[int]process, len(all))
	for _, k := range all {
		if p := fromKernel(&k); p.start >= t.root.start {
			table[p.pid] = p
		}
	}
	return t.closure(table, func(p process) bool { return p.group == t.root.pid }), true
}

func fromKernel(k *unix.KinfoProc) process {
	return process{
		member: member{pid: int(k.Proc.P_pid), start: uint64(k.Proc.P_starttime.Nano())},
		parent: int(k.Eproc.Ppid),
		group:  int(k.Eproc.Pgid),
		zombie: k.Proc.P_stat == zombieState,
	}
}

func startOf(pid int) uint64 {
	k, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil {
		return 0
	}
	return fromKernel(k).start
}

// send checks the start first; a process that ends and is replaced between the two calls cannot be told apart here.
func send(m member, sig unix.Signal) {
	if startOf(m.pid) == m.start {
		_ = unix.Kill(m.pid, sig)
	}
}

// awaitExit returns when the child has ended; it stays a zombie. waitid with WNOWAIT also returns for a stopped child here
// (golang/go#19314), so kqueue tells; without one, looking now and then does.
func awaitExit(pid int) {
	if queue, err := unix.Kqueue(); err == nil {
		unix.CloseOnExec(queue)
		defer unix.Close(queue)
		change := []unix.Kevent_t{{Filter: unix.EVFILT_PROC, Flags: unix.EV_ADD | unix.EV_ONESHOT, Fflags: unix.NOTE_EXIT, Ident: uint64(pid)}}
		for errors.Is(err, unix.EINTR) || err == nil {
			n := 0
			if n, err = unix.Kevent(queue, change, make([]unix.Kevent_t, 1), nil); n > 0 {
				break
			}
		}
	}
	for {
		// A child that has ended may be missing from the table as well as be a zombie in it.
		if k, err := unix.SysctlKinfoProc("kern.proc.pid", pid); err != nil || fromKernel(k).zombie {
			return
		}
		time.Sleep(maxPause)
	}
}

func dieWithParent(*syscall.SysProcAttr) {}

// KillStale returns an error that is errors.ErrUnsupported: processes have no cookie here.
func KillStale(context.Context, string, time.Duration) (int, error) { return 0, errors.ErrUnsupported }
