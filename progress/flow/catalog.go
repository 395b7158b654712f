package flow

import (
	"bytes"
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
)

// Catalog holds the flows of a file or a folder. Safe for concurrent use. It
// starts no goroutine; [Catalog.Run] keeps it up to date.
type Catalog struct {
	// Log hears what each reload came to. Set it before Run; nil: nothing is logged.
	Log *slog.Logger

	path string // "": the built-in flows

	mu        sync.Mutex
	flows     map[string]*Flow // replaced as a whole, never changed
	begun     uint64           // reloads that have begun
	current   uint64           // the one that flows, files and lastErr are of
	files     string           // what the files looked like when that one read them
	lastErr   string
	listeners map[int]func(Change)
	nextID    int
}

// Change is what one reload came to. The lists are sorted names, and empty where
// Err is set.
type Change struct {
	Added, Changed, Removed []string
	// Err says file, line and what is wrong; the old flows are still in force.
	Err error
}

// Open reads the flows of a file, or of every *.yaml and *.yml in a folder (not in
// the folders below it, and no dot files). "" opens the built-in flows. Errors:
// [Errors] for what the files say, else that of the file system. A folder without
// a flow file is an error.
func Open(path string) (*Catalog, error) {
	c := &Catalog{path: path}
	if err := c.Reload(); err != nil {
		return nil, err
	}
	return c, nil
}

// Builtin is the catalog of the flows that come with RunFlow: checksum, gobuild
// and demo.
func Builtin() *Catalog {
	c, err := Open("")
	if err != nil {
		panic(err) // embedded and tested
	}
	return c
}

// Lookup finds a flow by name. The flow stays as it is when a reload brings another.
func (c *Catalog) Lookup(name string) (*Flow, bool) {
	f, ok := c.snapshot()[name]
	return f, ok
}

// List gives all flows by name.
func (c *Catalog) List() []*Flow {
	return slices.SortedFunc(maps.Values(c.snapshot()), func(a, b *Flow) int {
		return cmp.Compare(a.Name, b.Name)
	})
}

func (c *Catalog) snapshot() map[string]*Flow {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.flows
}

// OnChange has fn called after each reload, failed ones and those that changed
// nothing included, until stop is called. fn runs on the goroutine that reloaded,
// with no lock held; it may still be running when stop returns. Reloads at the
// same time call it at the same time.
func (c *Catalog) OnChange(fn func(Change)) (stop func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.listeners == nil {
		c.listeners = make(map[int]func(Change))
	}
	id := c.nextID
	c.nextID++
	c.listeners[id] = fn
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.listeners, id)
	}
}

// Reload reads the files again and puts all their flows in force at once. On any
// error the old flows stay; the error says file, line and what is wrong.
func (c *Catalog) Reload() error {
	c.mu.Lock()
	c.begun++
	turn := c.begun
	c.mu.Unlock()

	files := fingerprint(c.path) // before the read: a later change must look like one
	flows, err := load(c.path)
	change := Change{Err: err}

	c.mu.Lock()
	if turn < c.current { // one that began later, so read newer files, was faster
		c.mu.Unlock()
		return nil
	}
	c.current, c.files = turn, files
	again := err != nil && err.Error() == c.lastErr
	c.lastErr = ""
	if err != nil {
		c.lastErr = err.Error()
	} else {
		change = diff(c.flows, flows)
		c.flows = flows
	}
	listeners := slices.Collect(maps.Values(c.listeners))
	c.mu.Unlock()

	if !again {
		c.log(change)
	}
	for _, fn := range listeners {
		fn(change)
	}
	return err
}

// Run reloads when the files change: on events of the file system, and every ten
// seconds it looks whether an event was missed. It follows editors that replace
// the file by renaming, and symbolic links swapped as Kubernetes does. It blocks
// until ctx ends and then returns nil. One Run at a time.
func (c *Catalog) Run(ctx context.Context) error {
	if c.path == "" {
		<-ctx.Done()
		return nil
	}
	w := newWatcher(c)
	defer w.close()
	w.run(ctx)
	return nil
}

func (c *Catalog) log(change Change) {
	switch {
	case c.Log == nil:
	case change.Err != nil:
		c.Log.Error("flows not reloaded, the old ones stay", "path", c.path, "error", change.Err)
	case len(change.Added)+len(change.Changed)+len(change.Removed) > 0:
		c.Log.Info("flows reloaded", "path", c.path,
			"added", change.Added, "changed", change.Changed, "removed", change.Removed)
	default:
		c.Log.Debug("flows reloaded, nothing changed", "path", c.path)
	}
}

func diff(old, now map[string]*Flow) Change {
	var change Change
	for name, f := range now {
		before, was := old[name]
		if !was {
			change.Added = append(change.Added, name)
		} else if !same(before, f) {
			change.Changed = append(change.Changed, name)
		}
	}
	for name := range old {
		if _, is := now[name]; !is {
			change.Removed = append(change.Removed, name)
		}
	}
	slices.Sort(change.Added)
	slices.Sort(change.Changed)
	slices.Sort(change.Removed)
	return change
}

func same(a, b *Flow) bool {
	x, errX := compactJSON(a)
	y, errY := compactJSON(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
