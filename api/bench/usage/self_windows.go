package usage

import (
	"syscall"
	"time"
)

// Self is the CPU time that this process has used, 0 when it cannot be told.
func Self() time.Duration {
	process, err := syscall.GetCurrentProcess()
	if err != nil {
		return 0
	}
	var created, ended, kernel, user syscall.Filetime
	if syscall.GetProcessTimes(process, &created, &ended, &kernel, &user) != nil {
		return 0
	}
	ticks := func(f syscall.Filetime) time.Duration { // of 100 ns
		return time.Duration(int64(f.HighDateTime)<<32|int64(f.LowDateTime)) * 100
	}
	return ticks(kernel) + ticks(user)
}

// RaiseFiles answers how many connections this process may open: Windows has no limit that matters here.
func RaiseFiles() int { return 1 << 20 }
