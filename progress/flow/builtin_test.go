//go:build unix

package flow

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func wantDone(t *testing.T, outcomes map[string]outcome, steps ...string) {
	t.Helper()
	for _, step := range steps {
		o, ran := outcomes[step]
		if !ran || o.code != 0 || o.last() != 100 {
			t.Errorf("step %s: ran %v, exit code %d, progress %v\n%s", step, ran, o.code, o.progress, o.output)
		}
	}
}

func wantHashes(t *testing.T, output string, files map[string]string) {
	t.Helper()
	for path, text := range files {
		sum := sha256.Sum256([]byte(text))
		if line := hex.EncodeToString(sum[:]) + "  " + path + "\n"; !strings.Contains(output, line) {
			t.Errorf("the log lacks %q", line)
		}
	}
}

func TestBuiltinChecksum(t *testing.T) {
	dir := t.TempDir()
	files := make(map[string]string)
	for i := range 250 {
		path := filepath.Join(dir, fmt.Sprintf("d %d", i%7), fmt.Sprintf("f'\"%d $x", i))
		files[path] = strings.Repeat("x", i)
		mkdir(t, filepath.Dir(path))
		write(t, path, files[path])
	}
	write(t, filepath.Join(dir, "new\nline"), "n")
	outcomes, _ := runFlow(t, "checksum", fmt.Sprintf(`{"dir":%q}`, dir))
	wantDone(t, outcomes, "list", "hash")
	hash := outcomes["hash"]
	wantHashes(t, hash.output, files)
	if n := len(hash.lines); n < 80 {
		t.Errorf("progress moved %d times, want about a hundred", n)
	}
	if last := hash.lines[len(hash.lines)-1]; last != "251/251 files hashed" {
		t.Errorf("last progress line %q", last)
	}
}

func TestBuiltinChecksumEdges(t *testing.T) {
	empty := t.TempDir()
	outcomes, _ := runFlow(t, "checksum", fmt.Sprintf(`{"dir":%q}`, empty))
	wantDone(t, outcomes, "list", "hash")

	one := t.TempDir()
	write(t, filepath.Join(one, "f"), "1")
	linked := filepath.Join(t.TempDir(), "link")
	link(t, one, linked)
	outcomes, _ = runFlow(t, "checksum", fmt.Sprintf(`{"dir":%q}`, linked))
	wantDone(t, outcomes, "list", "hash")
	wantHashes(t, outcomes["hash"].output, map[string]string{filepath.Join(linked, "f"): "1"})

	outcomes, _ = runFlow(t, "checksum", `{"dir":"/no/such/folder"}`)
	if o := outcomes["list"]; o.code != 1 || !strings.Contains(o.output, "no such folder: /no/such/folder") || len(outcomes) != 1 {
		t.Errorf("missing folder: %+v", outcomes)
	}
}

// A file that vanishes between the two steps is reported, and the rest is hashed.
func TestBuiltinChecksumSkips(t *testing.T) {
	f, _ := Builtin().Lookup("checksum")
	dir, work := t.TempDir(), t.TempDir()
	write(t, filepath.Join(dir, "a"), "a")
	write(t, filepath.Join(dir, "b"), "b")
	params := fmt.Sprintf(`{"dir":%q}`, dir)
	if o := runStep(t, &f.Steps[0], work, params); o.code != 0 {
		t.Fatalf("list: %s", o.output)
	}
	if err := os.Remove(filepath.Join(dir, "b")); err != nil {
		t.Fatal(err)
	}
	o := runStep(t, &f.Steps[1], work, params)
	if o.code != 0 || o.last() != 100 || !strings.Contains(o.output, "1 files could not be read") {
		t.Errorf("code %d, progress %v\n%s", o.code, o.progress, o.output)
	}
	wantHashes(t, o.output, map[string]string{filepath.Join(dir, "a"): "a"})
}

// The Go source tree has over ten thousand files: batches keep this fast.
func TestBuiltinChecksumGoTree(t *testing.T) {
	if testing.Short() {
		t.Skip("hashes the whole Go source tree")
	}
	began := time.Now()
	outcomes, _ := runFlow(t, "checksum", fmt.Sprintf(`{"dir":%q}`, goRoot(t)))
	wantDone(t, outcomes, "list", "hash")
	t.Logf("%s in %v", outcomes["hash"].lines[len(outcomes["hash"].lines)-1], time.Since(began))
}

func goRoot(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "src")
}

// Whatever a parameter holds, nothing in it runs.
func TestBuiltinHostileParam(t *testing.T) {
	for _, name := range []string{"$(touch x)", "`touch x`", "; touch x;", "'\"\n touch x #", "-delete", "a\\b*?[", "{{params.dir}}"} {
		dir := filepath.Join(t.TempDir(), name)
		mkdir(t, dir)
		write(t, filepath.Join(dir, "f"), "1")
		given, _ := json.Marshal(map[string]string{"dir": dir})
		outcomes, work := runFlow(t, "checksum", string(given))
		wantDone(t, outcomes, "list", "hash")
		for _, at := range []string{filepath.Join(work, "x"), filepath.Join(dir, "x")} {
			if _, err := os.Stat(at); err == nil {
				t.Errorf("dir %q: a command in it ran", name)
			}
		}
		if _, err := os.Stat(filepath.Join(dir, "f")); err != nil {
			t.Errorf("dir %q: %v", name, err)
		}
	}
	checksum, _ := Builtin().Lookup("checksum")
	gobuild, _ := Builtin().Lookup("gobuild")
	for given, f := range map[string]*Flow{
		`{"dir":"-delete"}`:                           checksum,
		`{"dir":"usr/lib"}`:                           checksum,
		`{"dir":"/x","packages":"-toolexec=touch"}`:   gobuild,
		`{"dir":"/x","packages":"./... -exec=touch"}`: gobuild,
		`{"packages":"./..."}`:                        gobuild,
	} {
		if got, err := f.Check(json.RawMessage(given)); err == nil {
			t.Errorf("Check(%s) of %s = %s, want an error", given, f.Name, got)
		}
	}
}

func goModule(t *testing.T, test string) string {
	t.Helper()
	dir := t.TempDir()
	mkdir(t, filepath.Join(dir, "cmd", "hello"))
	mkdir(t, filepath.Join(dir, "plain"))
	write(t, filepath.Join(dir, "go.mod"), "module example.com/m\n\ngo 1.21\n")
	write(t, filepath.Join(dir, "m.go"), "package m\n\nfunc Two() int { return 2 }\n")
	write(t, filepath.Join(dir, "m_test.go"), "package m\n\nimport \"testing\"\n\nfunc TestTwo(t *testing.T) {\n"+test+"\n}\n")
	write(t, filepath.Join(dir, "plain", "p.go"), "package plain\n")
	write(t, filepath.Join(dir, "cmd", "hello", "main.go"), "package main\n\nfunc main() {}\n")
	return dir
}

func TestBuiltinGobuild(t *testing.T) {
	dir := goModule(t, "if Two() != 2 { t.Fatal() }")
	outcomes, _ := runFlow(t, "gobuild", fmt.Sprintf(`{"dir":%q}`, dir))
	wantDone(t, outcomes, "list", "build", "test")
	if got := outcomes["build"].lines; !slices.Equal(got, []string{"0/3 packages building", "1/3 packages built", "2/3 packages built", "3/3 packages built"}) {
		t.Errorf("build's progress: %q", got)
	}
	if got := len(outcomes["test"].lines); got < 4 {
		t.Errorf("test's progress: %q", outcomes["test"].lines)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 5 {
		t.Errorf("the module's folder now has %v", left)
	}

	outcomes, _ = runFlow(t, "gobuild", fmt.Sprintf(`{"dir":%q}`, goModule(t, `t.Error("it is wrong")`)))
	wantDone(t, outcomes, "list", "build")
	if o := outcomes["test"]; o.code != 1 || !strings.Contains(o.output, "it is wrong") {
		t.Errorf("a failing test: code %d\n%s", o.code, o.output)
	}

	outcomes, _ = runFlow(t, "gobuild", fmt.Sprintf(`{"dir":%q}`, goModule(t, "}; func broken() int {")))
	wantDone(t, outcomes, "list", "build")
	outcomes, _ = runFlow(t, "gobuild", fmt.Sprintf(`{"dir":%q,"packages":"example.com/none/..."}`, dir))
	if o := outcomes["list"]; o.code == 0 || !strings.Contains(o.output, "no packages match") {
		t.Errorf("no packages: code %d\n%s", o.code, o.output)
	}

	broken := goModule(t, "")
	write(t, filepath.Join(broken, "plain", "p.go"), "package plain\n\nvar x int = \"s\"\n")
	outcomes, _ = runFlow(t, "gobuild", fmt.Sprintf(`{"dir":%q}`, broken))
	if o := outcomes["build"]; o.code == 0 || !strings.Contains(o.output, "p.go:3") || len(outcomes) != 2 {
		t.Errorf("a package that does not build: code %d\n%s", o.code, o.output)
	}
}

func TestBuiltinDemo(t *testing.T) {
	outcomes, work := runFlow(t, "demo", `{"seconds":0}`)
	wantDone(t, outcomes, "write", "pack", "verify")
	for name, o := range outcomes {
		if len(o.progress) < 20 || !strings.Contains(o.output, "\x1b[") {
			t.Errorf("step %s: %d times progress\n%s", name, len(o.progress), o.output)
		}
	}
	if packed, _ := filepath.Glob(filepath.Join(work, "packed", "*.gz")); len(packed) != 20 {
		t.Errorf("packed %v", packed)
	}
	outcomes, _ = runFlow(t, "demo", `{"seconds":0,"fail":true}`)
	wantDone(t, outcomes, "write", "pack")
	if o := outcomes["verify"]; o.code != 1 || o.last() != 50 {
		t.Errorf("asked to fail: code %d, progress %v", o.code, o.progress)
	}
}

func TestBuiltinDemoPace(t *testing.T) {
	began := time.Now()
	outcomes, _ := runFlow(t, "demo", `{"seconds":2}`)
	wantDone(t, outcomes, "write", "pack", "verify")
	if took := time.Since(began); took < 1900*time.Millisecond {
		t.Errorf("asked for 2 s, took %v on %s", took, runtime.GOOS)
	}
}
