package web_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/runflow/runflow/web"
)

func get(t *testing.T, handler http.Handler, method, path string, header ...string) *http.Response {
	t.Helper()
	request := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder.Result()
}

func body(t *testing.T, response *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var pages = map[string]http.Handler{
	"/":             web.Dashboard(),
	"/websocket":    web.Console(),
	"/tasks/abc-12": web.TaskPage(),
}

func TestPages(t *testing.T) {
	for path, handler := range pages {
		response := get(t, handler, "GET", path)
		if response.StatusCode != 200 || response.Header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: %d %s", path, response.StatusCode, response.Header.Get("Content-Type"))
		}
		policy := response.Header.Get("Content-Security-Policy")
		for _, directive := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "base-uri 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(policy, directive+";") {
				t.Errorf("%s: policy %q lacks %s", path, policy, directive)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if got := response.Header.Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("%s: X-Content-Type-Options %q", path, got)
		}
	}
	if vary := get(t, web.TaskPage(), "GET", "/tasks/a").Header.Get("Vary"); vary != "Accept" {
		t.Errorf("Vary of the task page is %q: its address gives JSON too", vary)
	}
}

var reference = regexp.MustCompile(`(?:src|href)="([^"]*)"`)

// Every file that a page names is there, relative to the page, and nothing is fetched from elsewhere or stands inline.
func TestPageReferences(t *testing.T) {
	for path, handler := range pages {
		html := body(t, get(t, handler, "GET", path))
		found := reference.FindAllStringSubmatch(html, -1)
		if len(found) < 4 {
			t.Fatalf("%s names %d files", path, len(found))
		}
		up := "./"
		if strings.HasPrefix(path, "/tasks/") {
			up = "../"
		}
		for _, match := range found {
			name, ok := strings.CutPrefix(match[1], up)
			if !ok || !strings.HasPrefix(name, "assets/") {
				t.Errorf("%s: %q is not relative to the page", path, match[1])
				continue
			}
			if code := get(t, web.Assets(), "GET", "/"+name).StatusCode; code != 200 {
				t.Errorf("%s: %s is answered %d", path, match[1], code)
			}
		}
		if regexp.MustCompile(`<script[^>]*>[^<]|<style| style=| on\w+=`).MatchString(html) {
			t.Errorf("%s has a script or a style inline", path)
		}
	}
}

func TestAssets(t *testing.T) {
	for path, contentType := range map[string]string{
		"/assets/dashboard.js":         "text/javascript; charset=utf-8",
		"/assets/shared.css":           "text/css; charset=utf-8",
		"/assets/icon.svg":             "image/svg+xml",
		"/ci/runflow/assets/shared.js": "text/javascript; charset=utf-8",
		"/boot.js":                     "text/javascript; charset=utf-8",
	} {
		response := get(t, web.Assets(), "GET", path)
		if response.StatusCode != 200 || response.Header.Get("Content-Type") != contentType {
			t.Errorf("%s: %d %q", path, response.StatusCode, response.Header.Get("Content-Type"))
		}
	}
	for _, path := range []string{"/assets/", "/assets/none.js", "/assets/../index.html", "/assets/../../embed.go", "/", "/index.html"} {
		response := get(t, web.Assets(), "GET", path)
		if response.StatusCode != 404 || strings.Contains(body(t, response), "<html") {
			t.Errorf("%s: %d, want 404 without a page", path, response.StatusCode)
		}
	}
}

func TestRevalidation(t *testing.T) {
	first := get(t, web.Assets(), "GET", "/assets/dashboard.js")
	etag := first.Header.Get("ETag")
	if len(etag) < 10 || strings.HasPrefix(etag, "W/") || first.Header.Get("Cache-Control") != "no-cache" {
		t.Fatalf("ETag %q, Cache-Control %q", etag, first.Header.Get("Cache-Control"))
	}
	again := get(t, web.Assets(), "GET", "/assets/dashboard.js", "If-None-Match", etag)
	if again.StatusCode != 304 || body(t, again) != "" {
		t.Errorf("with the same ETag: %d", again.StatusCode)
	}
	if other := get(t, web.Assets(), "GET", "/assets/dashboard.js", "If-None-Match", `"other"`); other.StatusCode != 200 {
		t.Errorf("with another ETag: %d", other.StatusCode)
	}
	if page := get(t, web.Dashboard(), "GET", "/"); page.Header.Get("ETag") == etag {
		t.Error("two files have one ETag")
	}
}

func TestMethods(t *testing.T) {
	head := get(t, web.Dashboard(), "HEAD", "/")
	if head.StatusCode != 200 || head.ContentLength == 0 || body(t, head) != "" {
		t.Errorf("HEAD: %d, length %d", head.StatusCode, head.ContentLength)
	}
	post := get(t, web.Assets(), "POST", "/assets/dashboard.js")
	if post.StatusCode != 405 || post.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d, Allow %q", post.StatusCode, post.Header.Get("Allow"))
	}
}
