package api

import (
	"bytes"
	"io"
	"unicode/utf8"
)

// lineReader reads a body line by line as it comes. A line longer than max is cut (split), or errTooLarge.
type lineReader struct {
	src   io.Reader
	max   int
	split bool

	number  int // of the line that next answered last; the first is 1
	buf     []byte
	start   int // of what was not yet answered
	scanned int // up to here there is no line end
	err     error
}

const firstBuffer = 4 << 10 // most streams have short lines

func newLineReader(src io.Reader, max int, split bool) *lineReader {
	return &lineReader{src: src, max: max, split: split, buf: make([]byte, 0, firstBuffer)}
}

// next answers the next line without its end. It is good until the next call. io.EOF after the last; a last line needs no
// end.
func (l *lineReader) next() ([]byte, error) {
	for {
		if i := l.lineEnd(); i >= 0 {
			line := l.buf[l.start:i]
			if len(line) <= l.max {
				l.number++
				l.start, l.scanned = i+1, i+1
				return bytes.TrimSuffix(line, []byte("\r")), nil
			}
		}
		if len(l.buf)-l.start > l.max {
			if !l.split {
				l.number++
				return nil, detailed(errTooLarge, "line %d is longer than %d bytes", l.number, l.max)
			}
			return l.cut(), nil
		}
		if l.err != nil {
			if l.err == io.EOF && l.start < len(l.buf) {
				line := l.buf[l.start:]
				l.start = len(l.buf)
				l.number++
				return line, nil
			}
			return nil, l.err
		}
		l.fill()
	}
}

// ready tells whether next will answer without reading.
func (l *lineReader) ready() bool {
	return l.err != nil || l.lineEnd() >= 0 || len(l.buf)-l.start > l.max
}

// sniff answers the first byte that is no white space, of what can be read without an answer; 0 when there is none.
func (l *lineReader) sniff() byte {
	for {
		if rest := bytes.TrimLeft(l.buf[l.start:], " \t\r\n"); len(rest) > 0 {
			return rest[0]
		}
		if l.err != nil || len(l.buf)-l.start > l.max {
			return 0
		}
		l.fill()
	}
}

func (l *lineReader) lineEnd() int {
	if i := bytes.IndexByte(l.buf[l.scanned:], '\n'); i >= 0 {
		l.scanned += i // found again by the next call
		return l.scanned
	}
	l.scanned = len(l.buf)
	return -1
}

// cut answers the first max bytes of a line, less what is left of a character at their end.
func (l *lineReader) cut() []byte {
	n := l.max
	for back := 1; back < utf8.UTFMax && n > back; back++ {
		if utf8.RuneStart(l.buf[l.start+n]) {
			break
		}
		n--
	}
	line := l.buf[l.start : l.start+n]
	l.start += n
	l.number++
	return line
}

func (l *lineReader) fill() {
	if l.start > 0 {
		n := copy(l.buf, l.buf[l.start:])
		l.buf, l.scanned, l.start = l.buf[:n], l.scanned-l.start, 0
	}
	if len(l.buf) == cap(l.buf) {
		grown := make([]byte, len(l.buf), min(2*cap(l.buf), l.max+firstBuffer))
		copy(grown, l.buf)
		l.buf = grown
	}
	n, err := l.src.Read(l.buf[len(l.buf):cap(l.buf)])
	l.buf = l.buf[:len(l.buf)+n]
	l.err = err
}
