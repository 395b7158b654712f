package api

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/runflow/runflow/progress"
)

const (
	logBatch    = 16 << 10 // bytes of lines that are stored together while more wait to be read
	maxTextLine = 64 << 10 // bytes of one line of NDJSON
)

// appended is the answer to log lines.
type appended struct {
	Seq   uint64 `json:"seq"`
	Lines int    `json:"lines"` // as the log counts them: a line that was split is several
}

// appendLog answers POST /tasks/{id}/logs: lines of text, or of NDJSON, are stored as they come.
func (s *Server) appendLog(c echo.Context) error {
	stream(c)
	w, r := c.Response(), c.Request()
	id, err := taskID(c)
	if err != nil {
		return err
	}
	b := &logBatcher{tasks: s.cfg.Tasks, id: id, maxLine: s.cfg.MaxLine}
	var lines *lineReader
	take := b.text
	switch t, err := mediaType(r); {
	case err != nil:
		return err
	case isNDJSON(t):
		lines, take = newLineReader(r.Body, max(maxTextLine, s.cfg.MaxLine), false), b.json
	case t == "" || strings.HasPrefix(t, "text/") || t == "application/x-www-form-urlencoded" || t == "application/octet-stream":
		lines = newLineReader(r.Body, s.cfg.MaxLine, true)
		if b.untold, err = logPlace(r.URL.Query()); err != nil {
			return err
		}
	default:
		return detailed(errUnsupported, "a log is text/plain or application/x-ndjson, not %s", t)
	}
	u, err := s.upload(w, r, lines)
	if err != nil {
		return err
	}
	b.upload = u
	var line []byte
	for line, err = lines.next(); err == nil; line, err = lines.next() {
		if err = take(line, lines.number); err != nil {
			err = atLine(err, lines.number)
			break
		}
		if (b.size >= logBatch || !lines.ready()) && !b.flush() {
			break
		}
	}
	b.flush() // what came before an error is stored too
	if err := u.finish(s, err); err != nil {
		closeAfter(w, r)
		return err
	}
	if u.stored == 0 {
		task, err := s.cfg.View.Get(r.Context(), id)
		if err != nil {
			return err
		}
		u.seq = task.Seq
	}
	return reply(c, http.StatusOK, appended{u.seq, u.stored})
}

// logPlace reads what step and stream lines of text are from.
func logPlace(q url.Values) (progress.LogChunk, error) {
	place := progress.LogChunk{Step: q.Get("step"), Stream: q.Get("stream")}
	if bad := checkPlace(&place); bad != nil {
		return place, malformed(bad.Fields[0].Field, "%s", bad.Fields[0].Detail)
	}
	return place, nil
}

func checkPlace(c *progress.LogChunk) *progress.InvalidError {
	switch {
	case c.Stream != "" && c.Stream != "stdout" && c.Stream != "stderr":
		return progress.Invalid("stream", "must be stdout or stderr")
	case utf8.RuneCountInString(c.Step) > progress.MaxName:
		return progress.Invalid("step", "is longer than %d characters", progress.MaxName)
	}
	return nil
}

// logBatcher gathers lines that came together, so that they become one event.
type logBatcher struct {
	tasks   Tasks
	upload  *upload
	id      string
	maxLine int
	untold  progress.LogChunk // the place of lines that do not tell theirs

	chunk progress.LogChunk
	size  int
	from  int // number in the body of the chunk's first line
}

func (b *logBatcher) text(line []byte, number int) error {
	b.add(string(line), b.untold, number)
	return nil
}

func (b *logBatcher) json(line []byte, number int) error {
	if len(line) == 0 {
		return nil
	}
	l, err := decodeLogLine(line)
	if err != nil {
		return err
	}
	place := progress.LogChunk{Step: l.Step, Stream: l.Stream}
	if bad := checkPlace(&place); bad != nil {
		return bad
	}
	for text := range strings.SplitSeq(strings.TrimSuffix(*l.Text, "\n"), "\n") {
		for len(text) > b.maxLine {
			n := b.maxLine
			for n > 0 && n > b.maxLine-utf8.UTFMax && !utf8.RuneStart(text[n]) {
				n--
			}
			b.add(text[:n], place, number)
			text = text[n:]
		}
		b.add(text, place, number)
	}
	return nil
}

// add puts a line into the chunk. Bytes that are no UTF-8 are replaced: a program prints what it likes.
func (b *logBatcher) add(line string, place progress.LogChunk, number int) {
	if len(b.chunk.Lines) > 0 && (place.Step != b.chunk.Step || place.Stream != b.chunk.Stream || b.size >= 2*logBatch) {
		b.flush() // a refusal shows with the next one
	}
	if len(b.chunk.Lines) == 0 {
		b.chunk.Step, b.chunk.Stream, b.from = place.Step, place.Stream, number
	}
	line = strings.ToValidUTF8(line, "\uFFFD")
	b.chunk.Lines = append(b.chunk.Lines, line)
	b.size += len(line) + 3
}

// flush submits what was gathered; false when something before it was refused.
func (b *logBatcher) flush() bool {
	if len(b.chunk.Lines) == 0 {
		return true
	}
	e := entry{receipt: b.tasks.SubmitLog(b.id, b.chunk), from: b.from, lines: len(b.chunk.Lines)}
	b.chunk, b.size = progress.LogChunk{}, 0
	return b.upload.store(e)
}
