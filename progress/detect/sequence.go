package detect

import (
	"bytes"
	"strconv"
)

const (
	esc = 0x1b
	bel = 0x07
	can = 0x18
	sub = 0x1a
)

// maxSequence is how much of the inside of a control sequence is kept; a longer one means nothing here.
const maxSequence = 256

// A state is where in a control sequence (ECMA-48) the stream is.
type state uint8

const (
	ground    state = iota // outside
	escape                 // after ESC
	csi                    // after ESC [
	osc                    // after ESC ]
	oscEscape              // after an ESC in it
	str                    // after ESC P and other strings whose inside is nothing to us
	strEscape              // after an ESC in it
)

// step takes one byte of a control sequence. It reports false if b is not part of it, and is to be taken again.
func (s *screen) step(b byte) bool {
	switch s.state {
	case escape:
		return s.stepEscape(b)
	case csi:
		switch {
		case 0x20 <= b && b <= 0x3f:
			s.keep(b)
		case 0x40 <= b && b <= 0x7e:
			s.state = ground
			if !s.overlong {
				s.obey(b)
			}
		default:
			s.state = ground
			return false
		}
	case osc, str:
		switch {
		case b == '\n' || b == '\r' || b == can || b == sub:
			s.state = ground
			return false
		case b == esc:
			s.state++
		case s.state == osc && b == bel:
			s.endOSC()
		case s.state == osc:
			s.keep(b)
		}
	case oscEscape, strEscape:
		if b != '\\' { // any other ESC ends the string unheard and begins its own sequence
			s.state = escape
			return false
		}
		if s.state == oscEscape {
			s.endOSC()
		}
		s.state = ground
	}
	return true
}

func (s *screen) stepEscape(b byte) bool {
	s.sequence, s.overlong = s.sequence[:0], false
	switch {
	case b == '[':
		s.state = csi
	case b == ']':
		s.state = osc
	case b == 'P' || b == 'X' || b == '^' || b == '_' || b == 'k': // 'k': screen's title
		s.state = str
	case b == esc, 0x20 <= b && b <= 0x2f:
	case b < 0x20 || b >= 0x7f:
		s.state = ground
		return false
	default:
		s.state = ground
	}
	return true
}

func (s *screen) keep(b byte) {
	if len(s.sequence) == maxSequence {
		s.overlong = true
		return
	}
	s.sequence = append(s.sequence, b)
}

func (s *screen) endOSC() {
	s.state = ground
	if !s.overlong {
		s.osc(string(s.sequence))
	}
}

// obey carries out a CSI sequence as far as it concerns one line.
func (s *screen) obey(final byte) {
	parameters := s.sequence
	switch final {
	case 'm': // SGR
		if isSGR(parameters) {
			s.putColour(parameters)
		}
	case 'K', 'J': // erase in the line, on the screen
		switch string(parameters) {
		case "", "0":
			s.erase(false)
		case "2", "3":
			s.erase(true)
		}
	case 'G': // to a column
		if p := string(parameters); p == "" || p == "0" || p == "1" {
			s.carriageReturn()
		}
	case 'D': // to the left
		n, err := strconv.Atoi(string(parameters))
		switch {
		case len(parameters) == 0 || n == 0:
			n = 1
		case err != nil || n < 0:
			return
		}
		s.goBack(min(n, MaxLine))
	}
}

// isSGR reports whether parameters are of digits, ";" and ":" alone: "ESC[>4m" is no colour.
func isSGR(parameters []byte) bool {
	for _, b := range parameters {
		if b < '0' || b > ';' {
			return false
		}
	}
	return true
}

// lastColour returns where the SGR sequence begins with which text ends, -1 if it ends otherwise.
func lastColour(text []byte) int {
	i := len(text) - 1
	if i < 2 || text[i] != 'm' {
		return -1
	}
	for i--; i > 0 && '0' <= text[i] && text[i] <= ';'; i-- {
	}
	if i > 0 && text[i] == '[' && text[i-1] == esc {
		return i - 1
	}
	return -1
}

// withoutColours returns text without SGR sequences; there are none if colours is false.
func withoutColours(text []byte, colours bool) []byte {
	if !colours {
		return text
	}
	out := make([]byte, 0, len(text))
	for {
		i := bytes.IndexByte(text, esc)
		if i < 0 {
			return append(out, text...)
		}
		out = append(out, text[:i]...)
		text = text[i+bytes.IndexByte(text[i:], 'm')+1:]
	}
}
