package proc

import "golang.org/x/sys/unix"

func isZombie(pid int) bool {
	k, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	return err == nil && fromKernel(k).zombie
}

// isStopped compares with SSTOP of <sys/proc.h>.
func isStopped(pid int) bool {
	k, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	return err == nil && k.Proc.P_stat == 4
}
