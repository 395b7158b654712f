package flow

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	quiet   = 100 * time.Millisecond // no event for so long: a burst of them is over
	patient = time.Second            // but wait no longer than this for quiet
	pollGap = 10 * time.Second       // network file systems and full event queues tell nothing
)

// watcher tells a catalog when to reload. It belongs to one Run.
type watcher struct {
	catalog *Catalog
	fs      *fsnotify.Watcher          // nil: the system has no more of them, so only poll
	wanted  map[string]map[string]bool // folder → names in it that matter; "*": flow files
}

func newWatcher(c *Catalog) *watcher {
	w := &watcher{catalog: c}
	var err error
	if w.fs, err = fsnotify.NewWatcher(); err != nil {
		w.fs = nil
		w.warn("flows are not watched, only looked at every "+pollGap.String(), err)
	}
	return w
}

func (w *watcher) close() {
	if w.fs != nil {
		w.fs.Close()
	}
}

func (w *watcher) warn(message string, err error) {
	if w.catalog.Log != nil {
		w.catalog.Log.Warn(message, "path", w.catalog.path, "error", err)
	}
}

func (w *watcher) run(ctx context.Context) {
	var events chan fsnotify.Event // nil blocks for ever
	var faults chan error
	if w.fs != nil {
		events, faults = w.fs.Events, w.fs.Errors
	}
	poll := time.NewTicker(pollGap)
	defer poll.Stop()
	due := time.NewTimer(0) // what changed between Open and now
	defer due.Stop()
	var first time.Time // event of the burst that due waits for; zero: none
	w.rewatch()
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-events:
			if !w.matters(e) {
				continue
			}
			if first.IsZero() {
				first = time.Now()
			}
			due.Reset(max(0, min(quiet, patient-time.Since(first))))
		case err := <-faults:
			w.warn("watching flows", err)
			due.Reset(quiet)
		case <-poll.C:
			due.Reset(0)
		case <-due.C:
			// An event reloads in any case: a change within one tick of the file
			// system's clock looks the same.
			if !first.IsZero() || w.catalog.stale() {
				_ = w.catalog.Reload() // logged, and told to the listeners
			}
			first = time.Time{}
			w.rewatch()
			if w.catalog.stale() { // changed before the new watch was on
				due.Reset(quiet)
			}
		}
	}
}

// matters holds for events at a name that the flows come by.
func (w *watcher) matters(e fsnotify.Event) bool {
	if e.Op == fsnotify.Chmod {
		return false
	}
	names := w.wanted[filepath.Dir(e.Name)]
	base := filepath.Base(e.Name)
	return names[base] || names["*"] && isFlowFile(base)
}

// rewatch watches the folders that the flows come by now. Folders are watched, not
// files: a file that is replaced by renaming takes its watch away with it.
func (w *watcher) rewatch() {
	if w.fs == nil {
		return
	}
	wanted := make(map[string]map[string]bool)
	root, err := filepath.Abs(w.catalog.path)
	if err != nil {
		return // no working folder; polling goes on
	}
	w.follow(root, wanted)
	if files, err := flowFiles(root); err == nil {
		for _, file := range files {
			w.follow(file, wanted)
		}
	}
	if real, err := filepath.EvalSymlinks(root); err == nil {
		if info, err := os.Stat(real); err == nil && info.IsDir() {
			want(wanted, real, "*")
		}
	}
	w.wanted = wanted
	for _, dir := range w.fs.WatchList() {
		if wanted[dir] == nil {
			_ = w.fs.Remove(dir) // gone by itself is as good
		}
	}
	for dir := range wanted { // again too: the folder may be another of the same name
		if err := w.fs.Add(dir); err != nil && !os.IsNotExist(err) {
			w.warn("watching "+dir, err)
		}
	}
}

// follow notes every symbolic link on the way to path, and what they end at.
func (w *watcher) follow(path string, wanted map[string]map[string]bool) {
	rest := path
	for range 40 { // links, as many as Linux follows
		dir, link := firstLink(rest)
		if link == "" {
			want(wanted, filepath.Dir(rest), filepath.Base(rest))
			return
		}
		at := filepath.Join(dir, link)
		want(wanted, dir, link)
		target, err := os.Readlink(at)
		if err != nil {
			return
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(dir, target)
		}
		rest = filepath.Join(target, strings.TrimPrefix(rest, at))
	}
}

// firstLink finds the first component of an absolute path that is a symbolic link.
func firstLink(path string) (dir, link string) {
	volume := filepath.VolumeName(path)
	dir = volume + string(filepath.Separator)
	for part := range strings.SplitSeq(strings.Trim(path[len(volume):], string(filepath.Separator)), string(filepath.Separator)) {
		info, err := os.Lstat(filepath.Join(dir, part))
		if err != nil {
			return "", ""
		}
		if info.Mode()&os.ModeSymlink != 0 {
			return dir, part
		}
		dir = filepath.Join(dir, part)
	}
	return "", ""
}

func want(wanted map[string]map[string]bool, dir, name string) {
	if wanted[dir] == nil {
		wanted[dir] = make(map[string]bool)
	}
	wanted[dir][name] = true
}

// stale holds when the files no longer look as they did when they were last read.
func (c *Catalog) stale() bool {
	c.mu.Lock()
	files := c.files
	c.mu.Unlock()
	return fingerprint(c.path) != files
}

// fingerprint is what the flow files look like from outside: names, real places,
// sizes, times.
func fingerprint(path string) string {
	if path == "" {
		return ""
	}
	files, err := flowFiles(path)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, file := range files {
		real, err := filepath.EvalSymlinks(file)
		if err != nil {
			fmt.Fprintln(&b, file, err)
			continue
		}
		info, err := os.Stat(real)
		if err != nil {
			fmt.Fprintln(&b, file, err)
			continue
		}
		fmt.Fprintln(&b, file, real, info.Size(), info.ModTime().UnixNano(), info.Mode())
	}
	return b.String()
}
