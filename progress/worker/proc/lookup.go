//go:build linux || darwin

package proc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// defaultPath is searched when the environment has no PATH at all, as sh does.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// lookup finds the file to execute for name, in the PATH of the child's own environment (os/exec uses its parent's).
// A name with a slash is returned as it is: the kernel resolves it in the child's working directory.
func lookup(name, dir string, env []string) (string, error) {
	if strings.Contains(name, "/") {
		return name, runnable(inDir(dir, name))
	}
	path := defaultPath
	for _, entry := range env {
		if value, ok := strings.CutPrefix(entry, "PATH="); ok {
			path = value
		}
	}
	found := fmt.Errorf("command not found in PATH: %w", fs.ErrNotExist)
	if name == "" {
		return "", found
	}
	for _, folder := range filepath.SplitList(path) {
		if !filepath.IsAbs(folder) {
			continue
		}
		file := filepath.Join(folder, name)
		err := runnable(file)
		if err == nil {
			return file, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			found = err
		}
	}
	return "", found
}

func inDir(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}

// runnable says why file cannot be executed, or nil.
func runnable(file string) error {
	info, err := os.Stat(file)
	if errors.Is(err, syscall.ENOTDIR) {
		return fmt.Errorf("%s: %w", file, fs.ErrNotExist)
	}
	if err != nil {
		return err
	}
	if info.IsDir() {
		return fmt.Errorf("%s is a directory", file)
	}
	if err := unix.Access(file, unix.X_OK); err != nil {
		return fmt.Errorf("%s is not executable: %w", file, err)
	}
	return nil
}

// notFound makes the StartError of a failed lookup.
func notFound(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &StartError{Name: name, Code: codeNotFound, Err: err}
	}
	return &StartError{Name: name, Code: codeNotRunnable, Err: err}
}

// notStarted makes the StartError of a failed fork or exec of a file that lookup has found.
func notStarted(name string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	switch {
	case errors.Is(err, syscall.ENOENT):
		err = fmt.Errorf("its interpreter (the #! line) is missing: %w", err)
	case errors.Is(err, syscall.ENOEXEC):
		err = fmt.Errorf("neither a program for this machine nor a script with a #! line: %w", err)
	}
	return &StartError{Name: name, Code: codeNotRunnable, Err: err}
}
