//go:build unix

// Package folder keeps two processes from working on one folder.
package folder

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// ErrLocked: another process has the folder.
var ErrLocked = errors.New("in use by another runflow process")

// Lock makes the folder if it is not there, and takes it for this process: until the file is closed, or the process ends,
// however that happens. ErrLocked.
func Lock(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "LOCK"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = ErrLocked
		}
		return nil, errors.Join(fmt.Errorf("%s: %w", dir, err), f.Close())
	}
	return f, nil
}

// LockFree locks the first of prefix0, prefix1, … that no process has, and answers its name. What an earlier process left
// there is still in it.
func LockFree(prefix string) (string, *os.File, error) {
	for i := 0; ; i++ {
		dir := fmt.Sprint(prefix, i)
		f, err := Lock(dir)
		if !errors.Is(err, ErrLocked) {
			return dir, f, err
		}
	}
}
