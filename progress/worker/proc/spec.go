package proc

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// CookieVar is the environment variable by which the processes of a step are found. In a step that was itself started
// inside a step it holds the cookies of both, outer first, with a comma between them.
const CookieVar = "RUNFLOW_STEP_COOKIE"

// The size of a step's terminal when Spec gives none.
const (
	DefaultCols = 120
	DefaultRows = 30
)

// A Spec says what to run and how. It is not changed and not kept after Start.
type Spec struct {
	// Argv is the command and its arguments. A name without a slash is looked up in the PATH of Env; relative entries of
	// that PATH are left out. Required.
	Argv []string

	// Env is the whole environment, "NAME=value"; the last of two equal names counts. Nil means this program's own.
	// CookieVar is added, and PWD where Dir is set.
	Env []string

	// Dir is the working directory; "" means this program's own.
	Dir string

	// PTY gives the command a terminal as standard output, standard error and controlling terminal (without echo, and
	// with "\n" left as it is). Otherwise both are one pipe. Standard input is /dev/null either way: a step that reads
	// it sees the end of file instead of waiting for somebody to type.
	PTY bool

	// Cols and Rows are the size of the terminal; 0 means DefaultCols and DefaultRows.
	Cols, Rows uint16

	// Output receives what the command writes, from one goroutine. While it blocks, so does the command; after it
	// returned an error the rest is thrown away. Nil throws away all.
	Output io.Writer

	// Grace is the time between SIGTERM and SIGKILL. 0 or less means SIGKILL at once.
	Grace time.Duration

	// Cookie marks the processes of this step: letters, digits, and "-_.:"; unique to this run of this step, and for
	// KillStale begun with what is common to the worker's steps. "" means a random one.
	Cookie string
}

func (s *Spec) check() error {
	if len(s.Argv) == 0 {
		return &StartError{Code: codeNotFound, Err: errors.New("the command is empty")}
	}
	for _, r := range s.Cookie {
		if !strings.ContainsRune("-_.:", r) && (r > 'z' || !isAlnum(byte(r))) {
			return &StartError{Name: s.Argv[0], Code: codeNotRunnable, Err: fmt.Errorf("cookie %q: bad character %q", s.Cookie, r)}
		}
	}
	if s.Dir == "" {
		return nil
	}
	info, err := os.Stat(s.Dir)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is not a directory", s.Dir)
	}
	if err != nil {
		return &StartError{Name: s.Argv[0], Code: codeNotRunnable, Err: fmt.Errorf("working directory: %w", err)}
	}
	return nil
}

func isAlnum(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}

// environment returns the environment of the child and the cookie in it that is this step's own.
func (s *Spec) environment() (env []string, cookie string) {
	given := s.Env
	if given == nil {
		given = os.Environ()
	}
	at := make(map[string]int, len(given)+2)
	set := func(name, entry string) {
		if i, ok := at[name]; ok {
			env[i] = entry
			return
		}
		at[name] = len(env)
		env = append(env, entry)
	}
	for _, entry := range given {
		if name, _, ok := strings.Cut(entry, "="); ok {
			set(name, entry)
		}
	}
	if s.Dir != "" {
		if abs, err := filepath.Abs(s.Dir); err == nil {
			set("PWD", "PWD="+abs)
		}
	}
	if cookie = s.Cookie; cookie == "" {
		cookie = rand.Text()
	}
	chain := cookie
	if i, ok := at[CookieVar]; ok {
		if outer := env[i][len(CookieVar)+1:]; outer != "" {
			chain = outer + "," + cookie
		}
	}
	set(CookieVar, CookieVar+"="+chain)
	return env, cookie
}
