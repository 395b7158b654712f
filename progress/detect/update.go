package detect

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxMessage is the length of a message in characters; the rest is cut off.
const MaxMessage = 1024

// An Update is what one sequence, command or line said. What it did not say is nil, "" or false.
type Update struct {
	Progress *float64 // 0 to 100; what is beyond has been clamped

	// Current and Total count Units. Total is nil while not known, and never 0.
	Current, Total *float64
	Unit           string

	Message string // one line of valid UTF-8 without control characters, at most MaxMessage characters

	Indeterminate bool // at work, and nobody knows how far
	Paused        bool // waiting, or a warning (OSC 9;4;4)
	Error         bool // the bar was turned red; the task may go on (OSC 9;4;2)
	Cleared       bool // the bar was taken away (OSC 9;4;0): neither an end nor a fall to 0

	Source Source
}

func (u *Update) hasValue() bool {
	return u.Progress != nil || u.Current != nil || u.Indeterminate || u.Paused || u.Error || u.Cleared
}

func percent(v float64) *float64 {
	v = min(max(v, 0), 100)
	return &v
}

// number reads a decimal number without sign and exponent at the start of s. It has at most 15 digits before the point, so
// that a float64 holds them exactly.
func number(s string) (v float64, rest string, ok bool) {
	i := digits(s)
	if i == 0 || i > 15 {
		return 0, s, false
	}
	if i < len(s) && s[i] == '.' {
		if n := digits(s[i+1:]); n > 0 {
			i += 1 + n
		}
	}
	v, err := strconv.ParseFloat(s[:i], 64)
	return v, s[i:], err == nil
}

func digits(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// message makes any text fit for Update.Message.
func message(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r // what is not UTF-8 comes as U+FFFD
	}, s)
	s = strings.TrimSpace(s)
	if len(s) > MaxMessage && utf8.RuneCountInString(s) > MaxMessage {
		n := 0
		for i := range s {
			if n++; n > MaxMessage {
				return strings.TrimSpace(s[:i])
			}
		}
	}
	return s
}
