//go:build linux || darwin

package proc

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestExit(t *testing.T) {
	for _, c := range []struct {
		script string
		want   Exit
		text   string
	}{
		{"exit 0", Exit{}, "exit status 0"},
		{"exit 3", Exit{Code: 3}, "exit status 3"},
		{"exit 255", Exit{Code: 255}, "exit status 255"},
		{"kill -TERM $$", Exit{Code: 143, Signal: "SIGTERM"}, "killed by SIGTERM"},
		{"kill -KILL $$", Exit{Code: 137, Signal: "SIGKILL"}, "killed by SIGKILL"},
		{"kill -SEGV $$", Exit{Code: 139, Signal: "SIGSEGV"}, "killed by SIGSEGV"},
	} {
		both(t, func(t *testing.T, pty bool) {
			p, _ := start(t, Spec{Argv: sh(c.script), PTY: pty, Grace: patience})
			exit := wait(t, p)
			if exit != c.want || exit.String() != c.text || exit.Success() != (c.want.Code == 0) {
				t.Errorf("%s: %+v (%v), want %+v", c.script, exit, exit, c.want)
			}
		})
	}
}

func TestStartErrors(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file("plain", "echo hi", 0o644)
	path := append(os.Environ(), "PATH="+dir)
	for _, c := range []struct {
		name string
		spec Spec
		code int
		is   error
	}{
		{"empty", Spec{}, 127, nil},
		{"empty name", Spec{Argv: []string{""}}, 127, fs.ErrNotExist},
		{"not in PATH", Spec{Argv: []string{"no-such-command-here"}}, 127, fs.ErrNotExist},
		{"not in the child's PATH", Spec{Argv: []string{"sh"}, Env: path}, 127, fs.ErrNotExist},
		{"no such file", Spec{Argv: []string{"./none"}, Dir: dir}, 127, fs.ErrNotExist},
		{"below a file", Spec{Argv: []string{dir + "/plain/x"}}, 127, fs.ErrNotExist},
		{"not executable", Spec{Argv: []string{"./plain"}, Dir: dir}, 126, fs.ErrPermission},
		{"not executable in PATH", Spec{Argv: []string{"plain"}, Env: path}, 126, fs.ErrPermission},
		{"a folder", Spec{Argv: []string{dir}}, 126, nil},
		{"no interpreter", Spec{Argv: []string{file("bad", "#!/no/such/interpreter\n", 0o755)}}, 126, nil},
		{"no format", Spec{Argv: []string{file("raw", "echo hi", 0o755)}}, 126, syscall.ENOEXEC},
		{"NUL in an argument", Spec{Argv: []string{"sh", "a\x00b"}}, 126, nil},
		{"no folder", Spec{Argv: []string{"sh"}, Dir: dir + "/none"}, 126, fs.ErrNotExist},
		{"bad cookie", Spec{Argv: []string{"sh"}, Cookie: "a,b"}, 126, nil},
	} {
		for _, pty := range []bool{true, false} {
			c.spec.PTY = pty
			p, err := Start(c.spec)
			var failed *StartError
			if p != nil || !errors.As(err, &failed) || failed.Code != c.code || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("%s: %v, want a StartError with code %d", c.name, err, c.code)
			}
		}
	}
}

func TestArgvIsNotAShellLine(t *testing.T) {
	dir := t.TempDir()
	args := []string{"$(touch x)", "`touch x`", "a;touch x", "'\"\n|& \\", "", "*", "日本"}
	p, out := start(t, Spec{Argv: append([]string{"printf", "<%s>"}, args...), Dir: dir})
	wait(t, p)
	if want := "<" + strings.Join(args, "><") + ">"; out.String() != want {
		t.Errorf("got %q, want %q", out, want)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("something was executed: %v", left)
	}
}

func TestEnvironment(t *testing.T) {
	dir := t.TempDir()
	p, out := start(t, Spec{
		Argv: sh(`echo "$A $RUNFLOW_STEP_COOKIE $PWD"`), Dir: dir, Cookie: "inner.1",
		Env: []string{"PATH=" + os.Getenv("PATH"), "A=1", "A=2", CookieVar + "=outer", "PWD=/"},
	})
	wait(t, p)
	if want := "2 outer,inner.1 " + dir + "\n"; out.String() != want {
		t.Errorf("got %q, want %q", out, want)
	}
}

func TestTerminal(t *testing.T) {
	p, out := start(t, Spec{Argv: sh(`
		test -t 0 && echo stdin; test -t 1 && echo stdout; test -t 2 && echo stderr >&2; test -c /dev/tty && stty size </dev/tty`), PTY: true})
	if wait(t, p); out.String() != "stdout\nstderr\n30 120\n" {
		t.Errorf("pty: %q", out)
	}
	p, out = start(t, Spec{Argv: sh("stty size <&1"), PTY: true, Cols: 80, Rows: 24})
	if wait(t, p); out.String() != "24 80\n" {
		t.Errorf("size: %q", out)
	}
	p, out = start(t, Spec{Argv: sh("test -t 1 || echo no >&2")})
	if wait(t, p); out.String() != "no\n" {
		t.Errorf("pipe: %q", out)
	}
}

func TestResize(t *testing.T) {
	p, out := start(t, Spec{Argv: sh(`trap 'stty size <&1; exit' WINCH; echo ready; while :; do sleep 0.01; done`), PTY: true})
	out.waitFor(t, "ready\n")
	if err := p.Resize(99, 33); err != nil {
		t.Fatal(err)
	}
	if wait(t, p); out.String() != "ready\n33 99\n" {
		t.Errorf("%q", out)
	}
}

func TestStdinIsAtEOF(t *testing.T) {
	both(t, func(t *testing.T, pty bool) {
		p, out := start(t, Spec{Argv: sh("cat; read x; echo end $?"), PTY: pty})
		if wait(t, p); out.String() != "end 1\n" {
			t.Errorf("%q", out)
		}
	})
}

// What `pv -c` does: ask for the cursor and wait for the answer.
func TestCursorIsAnswered(t *testing.T) {
	p, out := start(t, Spec{PTY: true, Argv: sh(`
		stty -icanon </dev/tty; printf '\033[6'; printf 'n'; head -c 6 </dev/tty | od -An -c | tr -d ' '; echo`)})
	if wait(t, p); !strings.Contains(out.String(), `033[1;1R`) {
		t.Errorf("%q", out)
	}
}

func TestUnreadAnswersDoNotBlock(t *testing.T) {
	p, out := start(t, Spec{PTY: true, Argv: sh(`i=0; while [ $i -lt 5000 ]; do printf '\033[6n'; i=$((i+1)); done; echo end`)})
	if wait(t, p); !strings.HasSuffix(out.String(), "end\n") {
		t.Errorf("%q", out)
	}
}

func TestOutputIsWhole(t *testing.T) {
	const lines = 2_500_000 // 20 MB
	both(t, func(t *testing.T, pty bool) {
		p, out := start(t, Spec{Argv: sh("seq 1000000 $((1000000+$1))", "2500000"), PTY: pty})
		if exit := wait(t, p); !exit.Success() {
			t.Fatal(exit)
		}
		got := []byte(out.String())
		if len(got) != 8*(lines+1) {
			t.Fatalf("%d bytes", len(got))
		}
		for i := range lines + 1 {
			n := 1_000_000 + i
			want := []byte{'0', '0', '0', '0', '0', '0', '0', '\n'}
			for j := 6; j >= 0; j, n = j-1, n/10 {
				want[j] = byte('0' + n%10)
			}
			if !bytes.Equal(got[8*i:8*i+8], want) {
				t.Fatalf("line %d: %q, want %q", i, got[8*i:8*i+8], want)
			}
		}
	})
}

// A child that writes its last bytes and ends at once, while nobody reads, loses none of them.
func TestTailIsNotLost(t *testing.T) {
	both(t, func(t *testing.T, pty bool) {
		for range 30 {
			release := make(chan struct{})
			out := new(recorder)
			p, _ := start(t, Spec{Argv: sh("echo first; head -c 9000 /dev/zero; echo last"), PTY: pty, Output: writerFunc(func(b []byte) (int, error) {
				<-release
				return out.Write(b)
			})})
			<-p.exited
			close(release)
			wait(t, p)
			if got := out.String(); len(got) != 9011 || !strings.HasSuffix(got, "last\n") {
				t.Fatalf("%d bytes", len(got))
			}
		}
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestOutputError(t *testing.T) {
	full := errors.New("no space")
	both(t, func(t *testing.T, pty bool) {
		p, _ := start(t, Spec{Argv: sh("seq 100000; exit 4"), PTY: pty, Output: writerFunc(func([]byte) (int, error) { return 0, full })})
		if exit, err := p.Wait(); exit.Code != 4 || !errors.Is(err, full) {
			t.Errorf("%v, %v", exit, err)
		}
	})
}

func TestSignal(t *testing.T) {
	p, out := start(t, Spec{Argv: sh(`trap 'exit 7' INT; echo ready; while :; do sleep 0.01; done`), PTY: true})
	out.waitFor(t, "ready\n")
	if err := p.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if exit := wait(t, p); exit.Code != 7 {
		t.Error(exit)
	}
	if err := p.Signal(syscall.SIGINT); !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
}

func TestManyAtOnce(t *testing.T) {
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			p, err := Start(Spec{Argv: sh("echo hello; exit $1", string(rune('0'+i%10))), PTY: i%2 == 0, Grace: time.Second})
			if err != nil {
				t.Error(err)
				return
			}
			if exit, err := p.Wait(); exit.Code != i%10 || err != nil {
				t.Errorf("%d: %v, %v", i, exit, err)
			}
		})
	}
	all.Wait()
}
