package detect

import (
	"strings"
	"unicode/utf8"
)

// maxUnit is the length of a unit in bytes; a longer word is the message's.
const maxUnit = 32

// ParseText reads one line that somebody wrote on purpose as a report, to the RUNFLOW_PROGRESS file or as the body of a
// request:
//
//	45            45.5 message      45% message
//	425/1000      425/1000 files    425/1000 files message
//
// ok is false for what does not begin with a number that ends at a blank or at the end of the line, such as a mere
// message. A number beyond 0–100 is clamped. The word after n/m is the unit, if it is one word of letters; "-" says there is none.
// The Source of the result is SourceFile.
func ParseText(line string) (u Update, ok bool) {
	line = strings.TrimSpace(line)
	s, negative := strings.CutPrefix(line, "-")
	value, rest, ok := number(s)
	if !ok {
		return Update{}, false
	}
	u.Source = SourceFile
	if after, found := strings.CutPrefix(rest, "/"); found && !negative {
		total, rest, ok := number(after)
		if !ok || !atBlank(rest) {
			return Update{}, false
		}
		u.Current = &value
		if total > 0 {
			u.Total = &total
		}
		unit, text, _ := strings.Cut(strings.TrimLeft(rest, " \t"), " ")
		switch {
		case unit == "-":
			rest = text
		case isUnit(unit):
			u.Unit, rest = unit, text
		}
		u.Message = message(rest)
		return u, true
	}
	rest = strings.TrimPrefix(rest, "%")
	if !atBlank(rest) {
		return Update{}, false
	}
	if negative {
		value = 0
	}
	u.Progress = percent(value)
	u.Message = message(rest)
	return u, true
}

func atBlank(s string) bool { return s == "" || s[0] == ' ' || s[0] == '\t' }

// isUnit accepts "files", "MiB", "req/s", "文件".
func isUnit(s string) bool {
	if s == "" || len(s) > maxUnit || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if r < utf8.RuneSelf && !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == '/') {
			return false
		}
	}
	return true
}
