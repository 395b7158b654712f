package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/detect"
)

// stored is the answer to reports.
type stored struct {
	Seq uint64 `json:"seq"`
}

// report answers POST /tasks/{id}/progress. Its body is one report, many in an array, or many in lines, each of which is
// JSON or text.
func (s *Server) report(c echo.Context) error {
	id, err := taskID(c)
	if err != nil {
		return err
	}
	r := c.Request()
	t, err := mediaType(r)
	switch {
	case err != nil:
		return err
	case isJSON(t):
		return s.reportJSON(c, id)
	case isNDJSON(t):
		return s.reportLines(c, id, s.reportReader(r), decodeReport)
	case strings.HasPrefix(t, "multipart/"):
		return detailed(errUnsupported, "a report is JSON or text, not %s", t)
	case t == "" || t == "application/x-www-form-urlencoded":
		return s.reportUntold(c, id)
	}
	return s.reportLines(c, id, s.reportReader(r), textReport)
}

func (s *Server) reportReader(r *http.Request) *lineReader {
	return newLineReader(r.Body, s.cfg.MaxReport, false)
}

// reportUntold takes a body of which nobody said what it is, as curl -d sends it: JSON if it looks like it, else text.
func (s *Server) reportUntold(c echo.Context, id string) error {
	r := c.Request()
	lines := s.reportReader(r)
	first := lines.sniff()
	if r.ContentLength >= 0 && (first == '{' || first == '[') {
		rest, err := readAll(c.Response(), r, s.cfg.MaxBody)
		if err != nil {
			return err
		}
		body := append(bytes.Clone(lines.buf), rest...)
		if json.Valid(body) {
			return s.reportDocument(c, id, body)
		}
		lines = newLineReader(bytes.NewReader(body), s.cfg.MaxReport, false)
	}
	if first == '{' {
		return s.reportLines(c, id, lines, decodeReport)
	}
	return s.reportLines(c, id, lines, textReport) // "[45%] linking" is text too
}

func (s *Server) reportJSON(c echo.Context, id string) error {
	body, err := readAll(c.Response(), c.Request(), s.cfg.MaxBody)
	if err != nil {
		return err
	}
	return s.reportDocument(c, id, body)
}

// reportDocument takes one report or an array of them. Of an array all are checked before any is stored.
func (s *Server) reportDocument(c echo.Context, id string, body []byte) error {
	var items []json.RawMessage
	if bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("[")) {
		if err := checkJSON(body); err != nil {
			return err
		}
		if err := json.Unmarshal(body, &items); err != nil {
			return malformed("body", "is not valid JSON")
		}
	} else if len(body) > s.cfg.MaxReport {
		return detailed(errTooLarge, "a report is at most %d bytes", s.cfg.MaxReport)
	} else {
		report, err := decodeReport(body)
		if err != nil {
			return err
		}
		return s.answerReport(c, id, report)
	}
	reports := make([]progress.Report, len(items))
	for i, item := range items {
		var err error
		if len(item) > s.cfg.MaxReport {
			err = detailed(errTooLarge, "a report is at most %d bytes", s.cfg.MaxReport)
		} else if reports[i], err = decodeReport(item); err == nil {
			err = reports[i].Validate()
		}
		if err != nil {
			return atIndex(err, i)
		}
	}
	if len(reports) == 0 {
		return s.answerReport(c, id, progress.Report{})
	}
	receipts := make([]*progress.Receipt, len(reports))
	for i := range reports {
		receipts[i] = s.cfg.Tasks.Submit(id, reports[i])
	}
	var answer stored
	for i, receipt := range receipts {
		seq, err := receipt.Wait(c.Request().Context())
		if err != nil {
			return atIndex(err, i)
		}
		answer.Seq = max(answer.Seq, seq)
	}
	return reply(c, http.StatusOK, answer)
}

// atIndex says in which report of an array an error is.
func atIndex(err error, i int) error {
	p := explain(err)
	f := &fault{is: err, detail: fmt.Sprintf("report %d: %s", i+1, p.Detail)}
	for _, field := range p.Errors {
		f.fields = append(f.fields, progress.FieldError{Field: fmt.Sprintf("[%d].%s", i, field.Field), Detail: field.Detail})
	}
	return f
}

func (s *Server) answerReport(c echo.Context, id string, report progress.Report) error {
	seq, err := s.cfg.Tasks.Apply(c.Request().Context(), id, report)
	if err != nil {
		return err
	}
	return reply(c, http.StatusOK, stored{seq})
}

// reportLines takes a report per line, each as it comes. An empty line is a beat.
func (s *Server) reportLines(c echo.Context, id string, lines *lineReader, parse func([]byte) (progress.Report, error)) error {
	stream(c)
	w, r := c.Response(), c.Request()
	u, err := s.upload(w, r, lines)
	if err != nil {
		return err
	}
	var line []byte
	for line, err = lines.next(); err == nil; line, err = lines.next() {
		var report progress.Report
		if len(bytes.TrimSpace(line)) > 0 {
			if report, err = parse(line); err != nil {
				err = atLine(err, lines.number)
				break
			}
		}
		if !u.store(entry{receipt: s.cfg.Tasks.Submit(id, report), from: lines.number, lines: 1}) {
			break
		}
	}
	if err := u.finish(s, err); err != nil {
		closeAfter(w, r)
		return err
	}
	if lines.number == 0 {
		return s.answerReport(c, id, progress.Report{})
	}
	return reply(c, http.StatusOK, stored{u.seq})
}

// textReport reads a line of text: what a program would print. One that tells no progress is a message.
func textReport(line []byte) (progress.Report, error) {
	if !utf8.Valid(line) {
		return progress.Report{}, malformed("body", "is not valid UTF-8")
	}
	text := strings.TrimSpace(string(line))
	u, ok := detect.ParseText(text)
	if !ok {
		text = firstRunes(text, progress.MaxMessage)
		return progress.Report{Message: &text}, nil
	}
	r := progress.Report{Progress: u.Progress, Current: u.Current, Total: u.Total}
	if u.Unit != "" {
		r.Unit = &u.Unit
	}
	if u.Message != "" {
		r.Message = &u.Message
	}
	return r, nil
}

// firstRunes is the beginning of s, of at most n characters.
func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
