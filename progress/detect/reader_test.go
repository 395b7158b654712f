package detect

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

// replay returns what a Reader calls for input, one call a string, when it comes in pieces of the given size.
func replay(input string, size int) (calls []string) {
	r := New(Config{
		Line: func(l Line) {
			if len(l.Text) > MaxLine || !utf8.ValidString(l.Text) || strings.ContainsAny(l.Text, "\n\r\b\a\x00") {
				panic(fmt.Sprintf("bad line %q", l.Text))
			}
			mark := "|"
			if l.Continued {
				mark = "+"
			}
			calls = append(calls, mark+l.Text)
		},
		Update: func(u Update) { calls = append(calls, describe(u)) },
	})
	for len(input) > 0 {
		n := min(size, len(input))
		if got, err := r.Write([]byte(input[:n])); got != n || err != nil {
			panic(fmt.Sprint(got, err))
		}
		input = input[n:]
	}
	r.Close()
	return calls
}

// describe is an update on one line: "osc 45", "command 45 'message'", "file 3/10 files".
func describe(u Update) string {
	s := u.Source.String()
	if u.Progress != nil {
		s += fmt.Sprintf(" %v", *u.Progress)
	}
	if u.Current != nil {
		s += fmt.Sprintf(" %v", *u.Current)
		if u.Total != nil {
			s += fmt.Sprintf("/%v", *u.Total)
		}
	}
	if u.Unit != "" {
		s += " " + u.Unit
	}
	for _, f := range []struct {
		on   bool
		name string
	}{{u.Indeterminate, "indeterminate"}, {u.Paused, "paused"}, {u.Error, "error"}, {u.Cleared, "cleared"}} {
		if f.on {
			s += " " + f.name
		}
	}
	if u.Message != "" {
		s += " '" + u.Message + "'"
	}
	return s
}

func TestLines(t *testing.T) {
	for _, c := range []struct{ name, input, want string }{
		{"empty", "", ""},
		{"plain", "a\nb\n", "|a |b"},
		{"unterminated", "a\nb", "|a |b"},
		{"empty lines", "\n\na\n\n", "| | |a |"},
		{"crlf", "a\r\nb\r\r\n\r\n", "|a |b |"},
		{"tab stays", "a\tb\n", "|a\tb"},
		{"return", "one\rtwo\n", "|two"},
		{"return, shorter", "three\rtwo\n", "|two"},
		{"return at the end", "one\rtwo\r\n", "|two"},
		{"return, unterminated", "one\rtwo\r", "|two"},
		{"erased after a return", "bar\r\x1b[Ktext\nbar\r\x1b[K\n", "|text |"},
		{"erased whole", "bar\x1b[2K\rtext\nbar\x1b[2K\n", "|text |"},
		{"erased right of the text", "text\x1b[K\nlong\rtext\x1b[0K\n", "|text |text"},
		{"to column 1", "one\x1b[Gtwo\x1b[1Gthree\nx\x1b[40Gy\n", "|three |xy"},
		{"backspaces", "a 1\b2\b3\nNN\bAA\n", "|a 3 |NAA"},
		{"backspaces at the end", "abc\b\b\n", "|abc"},
		{"too many backspaces", "ab\b\b\b\b\bc\n", "|c"},
		{"backspaces over runes and colours", "日\x1b[31m本\x1b[0m\b\bx\n", "|x"},
		{"cursor to the left", "50%\x1b[3D51%\n50%\x1b[1000D52%\nab\x1b[Dc\n", "generic 50 generic 51 |51% generic 50 generic 52 |52% |ac"},
		{"colours stay", "\x1b[1;31mred\x1b[0m\n\x1b[mx\n\x1b[38:5:9my\n", "|\x1b[1;31mred\x1b[0m |\x1b[mx |\x1b[38:5:9my"},
		{"only a colour", "x\r\x1b[0m\n\x1b[0m\n\x1b[0m", "|x |\x1b[0m"},
		{"no colour", "\x1b[>4;2ma\x1b[?25lb\x1b[10;20Hc\x1b[?1049h\n", "|abc"},
		{"title", "a\x1b]0;title\ab\x1b]2;title\x1b\\c\x1bktitle\x1b\\d\n", "|abcd"},
		{"hyperlink", "\x1b]8;;https://a/b\x1b\\text\x1b]8;;\x1b\\\n", "|text"},
		{"other escapes", "\x1b7a\x1b(Bb\x1b=c\x1bPq#0\x1b\\d\x1b_x\x1b\\e\n", "|abcde"},
		{"control characters", "a\x00b\x07c\x7fd\x0be\x0ef\n", "|abcdef"},
		{"controls of ISO 6429", "a\u0085b\u009bc\n", "|abc"},
		{"unterminated sequences", "a\x1b]0;tit\nb\x1b[1;\nc\x1bPx\rd\ne\x1b\nf\x1b]9;4;1;5\x18g\n", "|a |b |d |e |fg"},
		{"a sequence in a sequence", "\x1b]0;x\x1b[1my\x1b\x1b[0mz\n", "|\x1b[1my\x1b[0mz"},
		{"runes", "日本é\u00a0😀\n", "|日本é\u00a0😀"},
		{"bad bytes", "a\xffb\xe6\x97\nc\xe6\x97x\xc3\x1b[1md\n\xf0\x9f", "|a\ufffdb\ufffd\ufffd |c\ufffd\ufffdx\ufffd\x1b[1md |\ufffd\ufffd"},
	} {
		t.Run(c.name, func(t *testing.T) { check(t, c.input, c.want) })
	}
}

func TestUpdates(t *testing.T) {
	for _, c := range []struct{ name, input, want string }{
		{"osc: bell", "a\x1b]9;4;1;45\ab\n", "osc 45 |ab"},
		{"osc: string terminator", "a\x1b]9;4;1;45\x1b\\b\n", "osc 45 |ab"},
		{"osc: no text", "\x1b]9;4;1;45\a", "osc 45"},
		{"osc: removed", "\x1b]9;4;0\a\x1b]9;4;0;\a\x1b]9;4;0;0\a", "osc cleared osc cleared osc cleared"},
		{"osc: normal", "\x1b]9;4;1\a\x1b]9;4;1;\a\x1b]9;4;1;100\a\x1b]9;4;1;101\a\x1b]9;4;1;99999999\a", "osc 0 osc 0 osc 100 osc 100 osc 100"},
		{"osc: error", "\x1b]9;4;2\a\x1b]9;4;2;0\a\x1b]9;4;2;55\a\x1b]9;4;2;100\a", "osc error osc error osc 55 error osc error"},
		{"osc: indeterminate", "\x1b]9;4;3\a\x1b]9;4;3;\a\x1b]9;4;3;0\a", "osc indeterminate osc indeterminate osc indeterminate"},
		{"osc: paused", "\x1b]9;4;4\a\x1b]9;4;4;30\a", "osc paused osc 30 paused"},
		{"osc: something else", "\x1b]9;4\a\x1b]9;4;\a\x1b]9;4;5;1\a\x1b]9;4;1;x\a\x1b]9;4;1;-5\a\x1b]9;45;1\a\x1b]9;done 45%\a\x1b]99;4;1;5\a", ""},
		{"osc: through tmux", "\x1bPtmux;\x1b\x1b]9;4;1;45\a\x1b\\x\n", "osc 45 |x"},
		{"osc: between the dots", "..\x1b]9;4;1;10\a..\x1b]9;4;1;20\a\n", "osc 10 osc 20 |...."},
		{"osc: too long", "\x1b]9;4;1;" + strings.Repeat("1", 300) + "\a", ""},
		{"osc silences text", "45%\n\x1b]9;4;1;50\a46%\n::progress value=47::still read\n", "generic 45 |45% osc 50 |46% command 'still read' |::progress value=47::still read"},
		{"command silences text", "1%\n::progress value=45::\n2%\n", "generic 1 |1% command 45 |::progress value=45:: |2%"},
		{"bare", "45%\n 45%\n\t45% \n45.5%\n45 %\n100%\n0%\n", "generic 45 |45% generic 45 | 45% generic 45 |\t45%  generic 45.5 |45.5% generic 45 |45 % generic 100 |100% generic 0 |0%"},
		{"bare: redrawn", "1%\r2%\r\n3%\b\b4%\n", "generic 1 generic 2 |2% generic 3 generic 4 |4%"},
		{"bare: unterminated", "1%\r2%", "generic 1 generic 2 |2%"},
		{"bare: coloured", "\x1b[32m45%\x1b[0m\n", "generic 45 |\x1b[32m45%\x1b[0m"},
		{"command", "::progress value=45::half way\n  ::PROGRESS Value=45.5::\n::progress value=150::x\n", "command 45 'half way' |::progress value=45::half way command 45.5 |  ::PROGRESS Value=45.5:: command 100 'x' |::progress value=150::x"},
		{"command: escapes", "::progress value=45,step=x::100%25 of%0Aa%3Ab::c\n", "command 45 '100% of a%3Ab::c' |::progress value=45,step=x::100%25 of%0Aa%3Ab::c"},
		{"command: bad", "::progress value=::x\n::progress value=abc::x\n::progress::x\n::progress value=45\nx ::progress value=45::\n", "|::progress value=::x |::progress value=abc::x |::progress::x |::progress value=45 |x ::progress value=45::"},
		{"azure", "##vso[task.setprogress value=45;]half way\n##vso[task.setProgress value=46]x\n", "command 45 'half way' |##vso[task.setprogress value=45;]half way command 46 'x' |##vso[task.setProgress value=46]x"},
		{"azure: bad", "##vso[task.setprogress value=;]x\n##vso[task.setvariable variable=value;]45\n##vso[task.setprogress value=45\n", "|##vso[task.setprogress value=;]x |##vso[task.setvariable variable=value;]45 |##vso[task.setprogress value=45"},
	} {
		t.Run(c.name, func(t *testing.T) { check(t, c.input, c.want) })
	}
}

func check(t *testing.T, input, want string) {
	t.Helper()
	for size := 1; size <= max(1, len(input)); size++ {
		if got := strings.Join(replay(input, size), " "); got != want {
			t.Fatalf("%q in pieces of %d:\n got %q\nwant %q", input, size, got, want)
		}
	}
}

// What only looks like progress gives nothing.
func TestLookAlikes(t *testing.T) {
	for line := range strings.Lines(`/dev/vda        252G   13G   79G  14% /
tmpfs            1.6G  1.2M  1.6G   1% /run
2026/11/22 20:31:07 started
11/22/2026
50% faster than before
150%
127 %
1,5%
%
%%
-45%
+45%
45%%
45 % 3
.5%
1e1%
99999999999999999999%
100% tests passed, 0 tests failed out of 12
local:4/2/100%/0.0s
  adding: a.txt (deflated 84%)
a.zst : 31.20%   (  1000 =>    312 bytes, a.zst)
test_x.py::test_case[45%]
127.0.0.1 - - [22/Nov/2026:20:31:07 +0000] "GET /a%20b HTTP/1.1" 200 45
45
45 message
12/345
std::progress value
::notice::45%
::group::45%
`) {
		for _, call := range replay(line, len(line)) {
			if call[0] != '|' {
				t.Errorf("%q gives %q", line, call)
			}
		}
	}
}

func TestLongLine(t *testing.T) {
	line := strings.Repeat("x", 2*MaxLine+100)
	pieces := func(lengths ...int) (want string) {
		mark := "|"
		for _, n := range lengths {
			want += mark + strings.Repeat("x", n) + " "
			mark = "+"
		}
		return want
	}
	for _, size := range []int{1, 1000, MaxLine, MaxLine + 1, 1 << 20} {
		for _, c := range []struct{ input, want string }{
			{line + "\nnext\n", pieces(MaxLine, MaxLine, 100) + "|next"},
			{line, strings.TrimSpace(pieces(MaxLine, MaxLine, 100))},
			{line[:MaxLine] + "\n", strings.TrimSpace(pieces(MaxLine))},
			{line[:MaxLine+1] + "\n", strings.TrimSpace(pieces(MaxLine, 1))},
			{line[:MaxLine-1] + "日\n", pieces(MaxLine-1) + "+日"},
			{line[:MaxLine-3] + "\x1b[1mx\n", pieces(MaxLine-3) + "+\x1b[1mx"},
			{line[:MaxLine+1] + "\r45%\n", pieces(MaxLine) + "generic 45 +45%"},
			{line[:MaxLine] + "45%\n", pieces(MaxLine) + "+45%"}, // the end of a line is not a line
		} {
			if got := strings.Join(replay(c.input, size), " "); got != c.want {
				t.Errorf("%d bytes in pieces of %d: %d bytes, want %d", len(c.input), size, len(got), len(c.want))
			}
		}
	}
}

// 100 MB without a newline cost no more memory than the pieces.
func TestLongLineIsBounded(t *testing.T) {
	for _, unit := range []string{"x", "\r", "x\r", "日", "x\b", "%\b", "\x1b[1m", "\x1b", "\x1b]", "\x1bP", "\x1b[1", "\xe6"} {
		total := 1 << 20
		if unit == "x" {
			total = 100 << 20
		}
		piece := []byte(strings.Repeat(unit, (64<<10)/len(unit)))
		var got, lines int
		r := New(Config{Line: func(l Line) { got += len(l.Text); lines++ }})
		for range total / len(piece) {
			if _, err := r.Write(piece); err != nil {
				t.Fatal(err)
			}
		}
		if held := cap(r.screen.text) + cap(r.screen.shown) + cap(r.screen.sequence) + cap(r.screen.partial); held > 4*MaxLine {
			t.Errorf("%q: %d bytes are held", unit, held)
		}
		r.Close()
		if unit == "x" && (got != total || lines != total/MaxLine) {
			t.Errorf("%d bytes in %d lines", got, lines)
		}
	}
}

func TestClose(t *testing.T) {
	lines := 0
	r := New(Config{Line: func(Line) { lines++ }})
	fmt.Fprint(r, "45%")
	for range 2 {
		if err := r.Close(); err != nil || lines != 1 {
			t.Errorf("%v, %d lines", err, lines)
		}
	}
	if _, err := r.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
	New(Config{}).Close()
}

func TestArbiterIsShared(t *testing.T) {
	var (
		arbiter Arbiter
		got     []string
	)
	r := New(Config{Arbiter: &arbiter, Update: func(u Update) { got = append(got, describe(u)) }})
	fmt.Fprint(r, "1%\n")
	u, _ := ParseText("50 from the file")
	if _, ok := arbiter.Admit(u); !ok || arbiter.Best() != SourceFile {
		t.Error("the file was refused")
	}
	fmt.Fprint(r, "2%\n::progress value=3::said\n\x1b]9;4;1;4\a")
	if u, ok := arbiter.Admit(u); !ok || describe(u) != "file 'from the file'" {
		t.Errorf("after OSC 9;4 the file says %q", describe(u))
	}
	if want := "generic 1, command 'said', osc 4"; strings.Join(got, ", ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
