package detect

import (
	"unicode/utf8"
)

// maxReread is the length of a text that is read for progress before backspaces change it. Each of them may be followed
// by one character: a long line would be read again for every two bytes.
const maxReread = 256

// A screen is the one line of a terminal that is being written. It knows columns only as "the start of the line" and
// "some characters back", which is what bars need.
type screen struct {
	line    func(Line)          // takes each finished line
	segment func(string, class) // takes each text without colours that was shown, before it is redrawn or finished
	osc     func(string)        // takes the inside of each OSC sequence

	text    []byte // since the start of the line or the last "\r", with colours
	visible bool   // text has more than colours
	colours bool   // text has colours
	fresh   bool   // text has changed since segment had it
	back    int    // characters that the next text overwrites
	shown   []byte // visible text before the last "\r", which stays until something is written over it
	cut     bool   // a piece of this line has been delivered
	long    bool   // text is not all that was written since the start of the line

	partial  []byte // the beginning of a rune
	state    state  // in a control sequence
	sequence []byte // its inside, at most maxSequence bytes
	overlong bool   // sequence is not all of it
}

// blank reports whether a new line begins.
func (s *screen) blank() bool {
	return len(s.text) == 0 && len(s.shown) == 0 && len(s.partial) == 0 && s.state == ground && !s.cut
}

// write takes p up to the first end of a line and returns how much that was.
func (s *screen) write(p []byte) int {
	for i := 0; i < len(p); {
		b := p[i]
		switch {
		case s.state != ground:
			if s.step(b) {
				i++
			}
		case len(s.partial) > 0:
			i++
			if s.complete(b) {
				return i
			}
		case classes[b]&(hasControl|hasHigh|hasNewline) == 0:
			start := i
			for i++; i < len(p) && classes[p[i]]&(hasControl|hasHigh|hasNewline) == 0; i++ {
			}
			s.put(p[start:i])
		case b < utf8.RuneSelf:
			i++
			if s.control(b) {
				return i
			}
		case utf8.FullRune(p[i:]):
			r, size := utf8.DecodeRune(p[i:])
			s.putRune(r)
			i += size
		default:
			s.partial = append(s.partial, p[i:]...)
			i = len(p)
		}
	}
	return len(p)
}

// complete adds b to the beginning of a rune; it reports whether b ended the line.
func (s *screen) complete(b byte) bool {
	s.partial = append(s.partial, b)
	for len(s.partial) > 0 && utf8.FullRune(s.partial) {
		if b := s.partial[0]; b < utf8.RuneSelf { // always the last one
			s.partial = s.partial[:0]
			if b == 0x7f || b < ' ' && b != '\t' {
				return s.control(b)
			}
			s.put([]byte{b})
			return false
		}
		r, size := utf8.DecodeRune(s.partial)
		s.putRune(r)
		s.partial = s.partial[:copy(s.partial, s.partial[size:])]
	}
	return false
}

// control takes a control character; it reports whether it ended the line.
func (s *screen) control(b byte) bool {
	switch b {
	case '\n':
		s.newline()
		return true
	case '\r':
		s.carriageReturn()
	case '\b':
		s.goBack(1)
	case esc:
		s.state = escape
	}
	return false
}

func (s *screen) carriageReturn() {
	s.read()
	if s.visible {
		s.text, s.shown = s.shown, s.text
	}
	s.clearText()
}

func (s *screen) goBack(n int) {
	if s.fresh && len(s.text) <= maxReread {
		s.read()
	}
	s.back = min(s.back+n, len(s.text))
}

// erase takes away what was shown: all of it, or what is right of the cursor.
func (s *screen) erase(all bool) {
	switch {
	case all:
		s.read()
		s.clearText()
		s.shown = s.shown[:0]
	case !s.visible:
		s.shown = s.shown[:0]
	default:
		s.chop()
	}
}

func (s *screen) newline() {
	if s.visible || len(s.shown) == 0 {
		s.back = 0
		text := string(s.text)
		if s.fresh && !s.long && !s.colours {
			s.fresh = false
			s.segment(text, classify(text))
		}
		s.read()
		if text != "" || !s.cut {
			s.line(Line{Text: text, Continued: s.cut})
		}
	} else {
		s.read()
		s.line(Line{Text: string(s.shown), Continued: s.cut})
	}
	s.clearText()
	s.shown = s.shown[:0]
	s.cut = false
}

// close ends the stream: an unfinished line is finished, if there is anything to see in it.
func (s *screen) close() {
	for range s.partial {
		s.putRune(utf8.RuneError)
	}
	s.partial = nil
	if s.state = ground; s.visible || len(s.shown) > 0 {
		s.newline()
	}
}

// read hands text to segment, if it is new and whole.
func (s *screen) read() {
	if !s.fresh {
		return
	}
	s.fresh = false
	if !s.long {
		text := string(withoutColours(s.text, s.colours))
		s.segment(text, classify(text))
	}
}

func (s *screen) clearText() {
	s.text = s.text[:0]
	s.visible, s.colours, s.fresh, s.long, s.back = false, false, false, false, 0
}

// put writes printable ASCII.
func (s *screen) put(p []byte) {
	s.chop()
	for len(p) > 0 {
		n := min(len(p), s.room(1))
		s.text = append(s.text, p[:n]...)
		s.visible, s.fresh = true, true
		p = p[n:]
	}
}

// putRune writes r, unless it is a control character (C1).
func (s *screen) putRune(r rune) {
	if 0x80 <= r && r <= 0x9f {
		return
	}
	s.chop()
	s.room(utf8.RuneLen(r))
	s.text = utf8.AppendRune(s.text, r)
	s.visible, s.fresh = true, true
}

// putColour keeps an SGR sequence.
func (s *screen) putColour(parameters []byte) {
	s.room(len(parameters) + 3)
	s.text = append(append(append(s.text, esc, '['), parameters...), 'm')
	s.colours = true
}

// room makes sure that n bytes fit and returns how many do: a line that is full is delivered as a piece.
func (s *screen) room(n int) int {
	if len(s.text)+n > MaxLine {
		s.line(Line{Text: string(s.text), Continued: s.cut})
		s.clearText()
		s.shown = s.shown[:0]
		s.cut, s.long = true, true
	}
	return MaxLine - len(s.text)
}

// chop takes away the characters that the cursor has gone back over, with the colours between them.
func (s *screen) chop() {
	for ; s.back > 0 && len(s.text) > 0; s.back-- {
		for {
			start := lastColour(s.text)
			if start < 0 {
				break
			}
			s.text = s.text[:start]
		}
		_, size := utf8.DecodeLastRune(s.text)
		s.text = s.text[:len(s.text)-size]
	}
	s.back = 0
	s.visible = s.visible && len(s.text) > 0
}
