//go:build unix

package folder

import (
	"errors"
	"path/filepath"
	"testing"
)

func TestLock(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	first, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(dir); !errors.Is(err, ErrLocked) {
		t.Errorf("a second lock: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}

func TestLockFree(t *testing.T) {
	prefix := filepath.Join(t.TempDir(), "worker-")
	for _, want := range []string{prefix + "0", prefix + "1"} {
		dir, f, err := LockFree(prefix)
		if err != nil || dir != want {
			t.Fatalf("%s, %v", dir, err)
		}
		defer f.Close()
	}
}
