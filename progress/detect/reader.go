package detect

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"
)

// MaxLine is the length in bytes at which a line is cut into pieces.
const MaxLine = 8 << 10

// maxBatch is how much plain output becomes one string that its lines share. A line that is kept keeps that much.
const maxBatch = 4 << 10

// A Line is one line of the log.
type Line struct {
	Text      string // without "\n"; at most MaxLine bytes
	Continued bool   // the line before was cut, and this is its next piece
}

// Config says where a Reader delivers. The functions are called from within Write and Close, one at a time.
type Config struct {
	Line    func(Line)   // nil: lines are thrown away
	Update  func(Update) // nil: updates are thrown away
	Arbiter *Arbiter     // shared with other readers of the same step; nil: the Reader has its own
}

// A Reader reads one stream of output. Not safe for concurrent use.
type Reader struct {
	config Config
	forms  bench
	screen screen // the unfinished line
	closed bool
}

// New returns a Reader at the start of a stream.
func New(config Config) *Reader {
	if config.Line == nil {
		config.Line = func(Line) {}
	}
	if config.Update == nil {
		config.Update = func(Update) {}
	}
	if config.Arbiter == nil {
		config.Arbiter = new(Arbiter)
	}
	r := &Reader{config: config, forms: openForms(forms)}
	r.screen = screen{line: config.Line, osc: r.osc, segment: r.read}
	return r
}

// Write takes the next bytes of the stream and calls for all that they complete. It takes all of p, and keeps none of it;
// after Close the error is io.ErrClosedPipe.
func (r *Reader) Write(p []byte) (int, error) {
	if r.closed {
		return 0, io.ErrClosedPipe
	}
	for rest := p; len(rest) > 0; {
		if !r.screen.blank() {
			rest = rest[r.screen.write(rest):]
			continue
		}
		batch := rest[:min(len(rest), maxBatch)]
		end := bytes.LastIndexByte(batch, '\n') + 1
		if end == 0 {
			rest = rest[r.screen.write(rest):]
			continue
		}
		r.lines(string(batch[:end]))
		rest = rest[end:]
	}
	return len(p), nil
}

// Close delivers the last line if it had no end. Again it does nothing.
func (r *Reader) Close() error {
	if !r.closed {
		r.closed = true
		r.screen.close()
	}
	return nil
}

// lines takes whole lines that begin on a blank screen. A plain one is delivered as it is.
func (r *Reader) lines(batch string) {
	for batch != "" {
		end := strings.IndexByte(batch, '\n')
		text := batch[:end]
		has := classify(text)
		if has&hasControl != 0 || has&hasHigh != 0 && !utf8.ValidString(text) {
			for whole := []byte(batch[:end+1]); len(whole) > 0; {
				whole = whole[r.screen.write(whole):]
			}
		} else {
			r.read(text, has)
			r.config.Line(Line{Text: text})
		}
		batch = batch[end+1:]
	}
}

// read looks for progress in a line or a redrawn part of one.
func (r *Reader) read(text string, has class) {
	if u, ok := r.forms.read(text, has); ok {
		r.deliver(u)
	}
}

func (r *Reader) osc(inside string) {
	if u, ok := readOSC(inside); ok {
		r.deliver(u)
	}
}

func (r *Reader) deliver(u Update) {
	if u, ok := r.config.Arbiter.Admit(u); ok {
		r.config.Update(u)
	}
}
