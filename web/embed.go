// Package web holds the front end: the pages built from src, embedded, and the handlers that serve them.
//
// The built files are committed in dist, so that building the binary needs no Node; `npm run build` makes them again and
// the test command compares. Their names carry no hash: every answer has an ETag made of the content, and browsers
// revalidate. A name that does not exist is answered 404, never with a page. The pages find the server relative to their
// own address and so work behind any path prefix.
//
// The package imports none of RunFlow's own.
package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

// contentSecurityPolicy lets a page load and reach its own server only. Trusted types are on and none is defined: the
// browser itself refuses to make markup out of a string, so that a log line stays text whatever it says.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types 'none'"

//go:embed all:dist
var dist embed.FS

// contentTypes does not ask the system, whose table differs from machine to machine.
var contentTypes = map[string]string{
	".css":  "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
	".txt":  "text/plain; charset=utf-8",
}

// file is one embedded file, ready to be sent.
type file struct {
	content     []byte
	contentType string
	etag        string
}

// files holds every file of dist by its path there; it does not change after the start of the program.
var files = load(dist)

// Dashboard serves the page of `GET /`: the live list of tasks.
func Dashboard() http.Handler { return page("index.html") }

// Console serves the page of `GET /websocket`.
func Console() http.Handler { return page("console.html") }

// TaskPage serves the page of `GET /tasks/{id}`. It is the same for every task: the page reads the id from its address,
// where programs get JSON, so the answer varies by Accept.
func TaskPage() http.Handler {
	handler := page("tasks/task.html")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Accept")
		handler.ServeHTTP(w, r)
	})
}

// Assets serves what the pages load, `GET /assets/…`. What stands before /assets/ in the path does not matter; a path
// without it is taken as already stripped. An unknown name is answered 404.
func Assets() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Path
		if i := strings.LastIndex(name, "/assets/"); i >= 0 {
			name = name[i+len("/assets/"):]
		}
		found, ok := files[path.Join("assets", path.Clean("/"+name))]
		if !ok {
			setSecurityHeaders(w.Header())
			w.Header().Set("Cache-Control", "no-store")
			http.Error(w, "404 not found", http.StatusNotFound)
			return
		}
		found.ServeHTTP(w, r)
	})
}

// page panics when the file is not in dist: then the program was built without its front end.
func page(name string) http.Handler {
	found, ok := files[name]
	if !ok {
		panic("web: dist lacks " + name + ": run `npm run build` in web")
	}
	return found
}

// ServeHTTP answers GET and HEAD, with 304 where the ETag is the one that the client has.
func (f *file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	setSecurityHeaders(header)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "405 method not allowed", http.StatusMethodNotAllowed)
		return
	}
	header.Set("Content-Type", f.contentType)
	header.Set("ETag", f.etag)
	header.Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.content))
}

func setSecurityHeaders(header http.Header) {
	header.Set("Content-Security-Policy", contentSecurityPolicy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
}

// load panics on what a build cannot have produced.
func load(fsys fs.FS) map[string]*file {
	loaded := map[string]*file{}
	err := fs.WalkDir(fsys, "dist", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		contentType := contentTypes[path.Ext(name)]
		if contentType == "" {
			panic("web: no content type for " + name)
		}
		sum := sha256.Sum256(content)
		loaded[strings.TrimPrefix(name, "dist/")] = &file{
			content:     content,
			contentType: contentType,
			etag:        `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`,
		}
		return nil
	})
	if err != nil {
		panic("web: " + err.Error())
	}
	return loaded
}
