package flow

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// watched runs a catalog and tells of each reload until the test ends.
func watched(t *testing.T, path string) (*Catalog, <-chan Change) {
	t.Helper()
	c := mustOpen(t, path)
	changes := make(chan Change, 100)
	c.OnChange(func(change Change) { changes <- change })
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
	return c, changes
}

// await reads changes until the catalog lists want. It gives up well before the
// poll would find what an event should have told.
func await(t *testing.T, c *Catalog, changes <-chan Change, want ...string) {
	t.Helper()
	deadline := time.After(pollGap / 2)
	for !slices.Equal(names(c), want) {
		select {
		case <-changes:
		case <-deadline:
			t.Fatalf("flows are %v, want %v", names(c), want)
		}
	}
}

func awaitError(t *testing.T, changes <-chan Change) {
	t.Helper()
	deadline := time.After(pollGap / 2)
	for {
		select {
		case change := <-changes:
			if change.Err != nil {
				return
			}
		case <-deadline:
			t.Fatal("no reload failed")
		}
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, target, at string) {
	t.Helper()
	if err := os.Symlink(target, at); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestRunFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "flows.yaml")
	write(t, file, flowFile("one", "1"))
	c, changes := watched(t, file)
	write(t, file, flowFile("one", "2")) // in place
	await(t, c, changes, "one=2")
	write(t, file+"~", flowFile("one", "3")) // by rename, as editors do
	rename(t, file+"~", file)
	await(t, c, changes, "one=3")
	rename(t, file, file+".bak") // by moving the old one away first
	write(t, file, flowFile("one", "4"))
	await(t, c, changes, "one=4")
	write(t, file, "flows: [\n")
	awaitError(t, changes)
	await(t, c, changes, "one=4")
	write(t, file, flowFile("one", "5"))
	await(t, c, changes, "one=5")
}

func TestRunFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "flows")
	mkdir(t, dir)
	write(t, filepath.Join(dir, "a.yaml"), flowFile("a", "1"))
	c, changes := watched(t, dir)
	write(t, filepath.Join(dir, "b.yml"), flowFile("b", "1"))
	await(t, c, changes, "a=1", "b=1")
	if err := os.Remove(filepath.Join(dir, "a.yaml")); err != nil {
		t.Fatal(err)
	}
	await(t, c, changes, "b=1")
	rename(t, dir, dir+".old") // another folder takes its place
	mkdir(t, dir+".new")
	write(t, filepath.Join(dir+".new", "c.yaml"), flowFile("c", "1"))
	rename(t, dir+".new", dir)
	await(t, c, changes, "c=1")
	write(t, filepath.Join(dir, "c.yaml"), flowFile("c", "2"))
	await(t, c, changes, "c=2")
}

// A Kubernetes ConfigMap volume: a.yaml → ..data/a.yaml, and ..data, a link to a
// folder named for the time, is replaced by renaming.
func TestRunKubernetes(t *testing.T) {
	for name, pick := range map[string]string{"folder": "", "file": "a.yaml"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			version := func(stamp, title string) {
				mkdir(t, filepath.Join(dir, stamp))
				write(t, filepath.Join(dir, stamp, "a.yaml"), flowFile("a", title))
				link(t, stamp, filepath.Join(dir, "..data_tmp"))
				rename(t, filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data"))
			}
			version("..2026_1", "1")
			link(t, "..data/a.yaml", filepath.Join(dir, "a.yaml"))
			c, changes := watched(t, filepath.Join(dir, pick))
			await(t, c, changes, "a=1")
			for _, title := range []string{"2", "3"} {
				version("..2026_"+title, title)
				await(t, c, changes, "a="+title)
			}
		})
	}
}

// A release folder switched by a link on the way, and a file that is a link out of
// the folder.
func TestRunLinks(t *testing.T) {
	root := t.TempDir()
	for _, release := range []string{"r1", "r2"} {
		mkdir(t, filepath.Join(root, release, "flows"))
		write(t, filepath.Join(root, release, "flows", "a.yaml"), flowFile("a", release))
	}
	shared := filepath.Join(root, "shared", "s.yaml")
	mkdir(t, filepath.Dir(shared))
	write(t, shared, flowFile("s", "1"))
	link(t, shared, filepath.Join(root, "r1", "flows", "s.yaml"))
	link(t, shared, filepath.Join(root, "r2", "flows", "s.yaml"))
	link(t, "r1", filepath.Join(root, "current"))
	c, changes := watched(t, filepath.Join(root, "current", "flows"))
	write(t, shared, flowFile("s", "2"))
	await(t, c, changes, "a=r1", "s=2")
	link(t, "r2", filepath.Join(root, "next"))
	rename(t, filepath.Join(root, "next"), filepath.Join(root, "current"))
	await(t, c, changes, "a=r2", "s=2")
	write(t, filepath.Join(root, "r2", "flows", "a.yaml"), flowFile("a", "r2b"))
	await(t, c, changes, "a=r2b", "s=2")
}

func TestRunFindsWhatChangedBeforeIt(t *testing.T) {
	file := filepath.Join(t.TempDir(), "flows.yaml")
	write(t, file, flowFile("one", "1"))
	c := mustOpen(t, file)
	write(t, file, flowFile("one", "another title"))
	ctx, cancel := context.WithCancel(t.Context())
	c.OnChange(func(Change) { cancel() })
	if err := c.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if got := names(c); !slices.Equal(got, []string{"one=another title"}) {
		t.Errorf("flows are %v", got)
	}
}

// Without events (no watcher left in the system, a network file system) polling
// finds a change.
func TestRunPolls(t *testing.T) {
	file := filepath.Join(t.TempDir(), "flows.yaml")
	write(t, file, flowFile("one", "1"))
	c := mustOpen(t, file)
	if c.stale() {
		t.Error("stale right after Open")
	}
	write(t, file, flowFile("one", "longer"))
	if !c.stale() {
		t.Error("a changed file is not stale")
	}
	w := &watcher{catalog: c}
	ctx, cancel := context.WithCancel(t.Context())
	c.OnChange(func(Change) { cancel() })
	w.run(ctx)
	if got := names(c); !slices.Equal(got, []string{"one=longer"}) {
		t.Errorf("flows are %v", got)
	}
}
