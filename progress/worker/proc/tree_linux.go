package proc

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// look returns the members that live; sure is false if a process could not be judged.
func (t *tree) look() (live []process, sure bool) {
	table, sure := readTable(t.root.start)
	self := os.Getpid()
	live = t.closure(table, func(p process) bool {
		if t.root.pid != 0 && (p.group == t.root.pid || p.session == t.root.pid) {
			return true
		}
		if p.zombie {
			return false
		}
		cookies, ok := cookiesOf(p.pid)
		if !ok {
			sure = false
		}
		for _, c := range cookies {
			if t.cookie(c) {
				return true
			}
		}
		return false
	})
	// As PID 1 or a subreaper this program has inherited the orphans. Only those of this tree are reaped here: os/exec
	// needs the exit status of the others.
	for _, p := range table {
		if _, ok := t.known[p.member]; ok && p.zombie && p.parent == self && p.pid != t.root.pid {
			_, _ = unix.Wait4(p.pid, nil, unix.WNOHANG, nil)
		}
	}
	return live, sure
}

// readTable reads all processes that began at since or later, without kernel threads; a step's processes are no older
// than its main one. sure is false if one ended meanwhile: it may have forked unseen.
func readTable(since uint64) (table map[int]process, sure bool) {
	table = make(map[int]process)
	dir, err := os.Open("/proc")
	if err != nil {
		return table, true
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	sure = true
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		p, err := readProcess(pid)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ESRCH):
			sure = false
		case err == nil && p.start >= since:
			table[pid] = p
		}
	}
	return table, sure
}

func startOf(pid int) uint64 {
	p, _ := readProcess(pid)
	return p.start
}

// send signals exactly that process: a pidfd cannot come to mean another one with the same id.
func send(m member, sig unix.Signal) {
	fd, err := unix.PidfdOpen(m.pid, 0)
	if err != nil && !errors.Is(err, unix.ENOSYS) && !errors.Is(err, unix.EPERM) {
		return
	}
	if err == nil {
		defer unix.Close(fd)
	}
	if startOf(m.pid) != m.start {
		return
	}
	if err == nil {
		err = unix.PidfdSendSignal(fd, sig, nil, 0)
	}
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) { // before Linux 5.3, or a seccomp profile of that time
		_ = unix.Kill(m.pid, sig)
	}
}

// awaitExit returns when the child has ended; it stays a zombie.
func awaitExit(pid int) {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// dieWithParent has the kernel kill the child when the thread that forks it ends. See Process.begin.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
