//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the built program, which these tests run as a user does.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "runflow-test-")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "runflow")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// process is a running `runflow serve`.
type process struct {
	t    testing.TB
	cmd  *exec.Cmd
	url  string
	out  *lockedBuffer
	done chan struct{} // closed when the process has ended
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// freeAddress is a loopback address that nothing listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// serveOn starts a server and waits until it is ready.
func serveOn(t testing.TB, address, data string, args ...string) *process {
	t.Helper()
	p := &process{t: t, url: "http://" + address, out: &lockedBuffer{}, done: make(chan struct{})}
	p.cmd = exec.Command(binary, append([]string{"serve", "--listen", address, "--data", data, "--drain", "100ms", "--grace", "1s"}, args...)...)
	p.cmd.Stderr, p.cmd.Stdout = p.out, p.out
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() { p.kill() })
	eventually(t, "the server is ready", func() bool {
		select {
		case <-p.done:
			t.Fatalf("the server ended: %s\n%s", p.cmd.ProcessState, p.out)
		default:
		}
		resp, err := http.Get(p.url + "/readyz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	return p
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// stop ends the server by SIGTERM and answers its exit code.
func (p *process) stop() int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.done:
	case <-time.After(20 * time.Second):
		p.t.Fatalf("still there 20 s after SIGTERM\n%s", p.out)
	}
	return p.cmd.ProcessState.ExitCode()
}

// post sends a body and answers the status, and the answer's members.
func (p *process) post(path, contentType, body string) (int, map[string]any, error) {
	resp, err := http.Post(p.url+path, contentType, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer := map[string]any{}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil && !errors.Is(err, io.EOF) {
		return resp.StatusCode, nil, err
	}
	return resp.StatusCode, answer, nil
}

func (p *process) create(body string) string {
	p.t.Helper()
	status, answer, err := p.post("/tasks", "application/json", body)
	if err != nil || status != http.StatusCreated {
		p.t.Fatalf("create: %d %v %v", status, answer, err)
	}
	return answer["id"].(string)
}

func (p *process) get(path string) string {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.url+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Accept", "application/x-ndjson, application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		p.t.Fatalf("GET %s: %d %v %s", path, resp.StatusCode, err, b)
	}
	return string(b)
}

func (p *process) task(id string) map[string]any {
	p.t.Helper()
	task := map[string]any{}
	if err := json.Unmarshal([]byte(p.get("/tasks/"+id)), &task); err != nil {
		p.t.Fatal(err)
	}
	return task
}

// eventually waits until ok holds, at most 30 seconds.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		<-tick.C
	}
}
