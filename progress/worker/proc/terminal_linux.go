package proc

import (
	"os"

	"golang.org/x/sys/unix"
)

const (
	getTermios = unix.TCGETS
	setTermios = unix.TCSETS
)

// pollable returns master as a file whose Read knows deadlines; creack/pty has made it a blocking one.
func pollable(master *os.File) (*os.File, error) {
	fd, err := unix.FcntlInt(master.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		return master, err
	}
	name := master.Name()
	master.Close()
	return os.NewFile(uintptr(fd), name), nil
}
