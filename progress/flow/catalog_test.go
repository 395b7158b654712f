package flow

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func flowFile(name, title string) string {
	return "flows:\n  " + name + ": {title: " + title + ", steps: [{name: s, run: x}]}\n"
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func names(c *Catalog) []string {
	var names []string
	for _, f := range c.List() {
		names = append(names, f.Name+"="+f.Title)
	}
	return names
}

func mustOpen(t *testing.T, path string) *Catalog {
	t.Helper()
	c, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCatalogFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "b.yml"), flowFile("two", "2"))
	write(t, filepath.Join(dir, "a.yaml"), flowFile("one", "1"))
	write(t, filepath.Join(dir, ".hidden.yaml"), "broken: [")
	write(t, filepath.Join(dir, "notes.txt"), "broken: [")
	if err := os.Mkdir(filepath.Join(dir, "sub.yaml"), 0o755); err != nil {
		t.Fatal(err)
	}
	c := mustOpen(t, dir)
	if got := names(c); !slices.Equal(got, []string{"one=1", "two=2"}) {
		t.Errorf("List = %v", got)
	}
	if f, ok := c.Lookup("two"); !ok || f.Title != "2" {
		t.Errorf("Lookup(two) = %v, %v", f, ok)
	}
	if f, ok := c.Lookup("three"); ok {
		t.Errorf("Lookup(three) = %v", f)
	}
}

func TestCatalogOpenErrors(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(filepath.Join(dir, "gone.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "no *.yaml or *.yml in "+dir) {
		t.Errorf("empty folder: %v", err)
	}
	a, b := filepath.Join(dir, "a.yaml"), filepath.Join(dir, "b.yaml")
	write(t, a, "# first\n"+flowFile("one", "1"))
	write(t, b, flowFile("one", "again"))
	_, err := Open(dir)
	if want := b + `:2: flow "one" is already defined at ` + a + ":3"; err == nil || err.Error() != want {
		t.Errorf("same flow twice: %v, want %s", err, want)
	}
	write(t, b, "flows:\n  x: {setps: 1}\n")
	write(t, a, "flow: 1\n")
	var errs Errors
	if _, err := Open(dir); !errors.As(err, &errs) || len(errs) != 3 || errs[0].File != a || errs[2].File != b {
		t.Errorf("two broken files: %v", err)
	}
	if runtime.GOOS == "linux" {
		if _, err := Open("/dev/zero"); err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("a device: %v", err)
		}
	}
}

func TestCatalogReload(t *testing.T) {
	file := filepath.Join(t.TempDir(), "flows.yaml")
	write(t, file, flowFile("one", "1")+"  two: {steps: [{name: s, run: x}]}\n")
	c := mustOpen(t, file)
	var changes []Change
	stop := c.OnChange(func(change Change) { changes = append(changes, change) })
	old, _ := c.Lookup("one")
	write(t, file, flowFile("one", "new")+"  three: {steps: [{name: s, run: x}]}\n")
	if err := c.Reload(); err != nil {
		t.Fatal(err)
	}
	if got := names(c); !slices.Equal(got, []string{"one=new", "three=three"}) {
		t.Errorf("List = %v", got)
	}
	if old.Title != "1" {
		t.Error("a flow in use was changed by a reload")
	}
	if len(changes) != 1 || !slices.Equal(changes[0].Added, []string{"three"}) || !slices.Equal(changes[0].Changed, []string{"one"}) ||
		!slices.Equal(changes[0].Removed, []string{"two"}) || changes[0].Err != nil {
		t.Errorf("changes = %+v", changes)
	}
	stop()
	if err := c.Reload(); err != nil || len(changes) != 1 {
		t.Errorf("after stop: %v, %d changes", err, len(changes))
	}
}

func TestCatalogBrokenFileKeepsOldFlows(t *testing.T) {
	file := filepath.Join(t.TempDir(), "flows.yaml")
	write(t, file, flowFile("one", "1"))
	c := mustOpen(t, file)
	var log strings.Builder
	c.Log = slog.New(slog.NewTextHandler(&log, nil))
	var last Change
	defer c.OnChange(func(change Change) { last = change })()
	write(t, file, "flows:\n  one:\n    steps: []\n")
	for range 2 {
		err := c.Reload()
		want := file + `:3: flow "one" has no steps`
		if err == nil || !strings.HasPrefix(err.Error(), want) || last.Err == nil || last.Added != nil {
			t.Errorf("Reload = %v, want %s; told %+v", err, want, last)
		}
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 || !strings.Contains(log.String(), "flows.yaml:3") {
		t.Errorf("the same error is logged %d times:\n%s", n, &log)
	}
	if got := names(c); !slices.Equal(got, []string{"one=1"}) {
		t.Errorf("List = %v", got)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := c.Reload(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Reload of a missing file: %v", err)
	}
	if got := names(c); !slices.Equal(got, []string{"one=1"}) {
		t.Errorf("List = %v", got)
	}
}

func TestCatalogConcurrently(t *testing.T) {
	file := filepath.Join(t.TempDir(), "flows.yaml")
	write(t, file, flowFile("one", "1"))
	c := mustOpen(t, file)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 50 {
				stop := c.OnChange(func(Change) {})
				if err := c.Reload(); err != nil {
					t.Error(err)
				}
				f, ok := c.Lookup("one")
				if !ok || len(c.List()) != 1 {
					t.Error("the flow is gone for a moment")
					return
				}
				if _, err := f.Check(nil); err != nil {
					t.Error(err)
				}
				stop()
			}
		})
	}
	group.Wait()
}

func TestBuiltinCatalog(t *testing.T) {
	c := Builtin()
	var got []string
	for _, f := range c.List() {
		got = append(got, f.Name)
	}
	if !slices.Equal(got, []string{"checksum", "demo", "gobuild"}) {
		t.Errorf("built-in flows: %v", got)
	}
	if err := c.Reload(); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := c.Run(ctx); err != nil {
		t.Errorf("Run = %v", err)
	}
}
