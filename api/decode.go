package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/runflow/runflow/progress"
)

// readAll reads a body of at most max bytes.
func readAll(w http.ResponseWriter, r *http.Request, max int) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(max)))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, detailed(errTooLarge, "the body is larger than %d bytes", max)
	case err != nil:
		return nil, malformed("body", "cannot be read")
	}
	return body, nil
}

// mediaType is the content type without its parameters, in lower case; empty when there is none.
func mediaType(r *http.Request) (string, error) {
	header := r.Header.Get("Content-Type")
	if header == "" {
		return "", nil
	}
	t, _, err := mime.ParseMediaType(header)
	if err != nil {
		return "", detailed(errUnsupported, "the content type cannot be read")
	}
	return t, nil
}

func isJSON(mediaType string) bool {
	return mediaType == "application/json" || strings.HasSuffix(mediaType, "+json")
}

func isNDJSON(mediaType string) bool {
	switch mediaType {
	case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines":
		return true
	}
	return false
}

// decodeDraft reads what a task shall be. A member that is not known is refused: it would be a wish not granted.
func decodeDraft(body []byte) (progress.Draft, error) {
	var d progress.Draft
	err := decodeObject(body, true, map[string]any{
		"id": &d.ID, "flow": &d.Flow, "title": &d.Title, "params": &d.Params, "labels": &d.Labels,
		"metadata": &d.Metadata, "staleAfter": &d.StaleAfter,
	})
	return d, err
}

// decodeReport reads one report. Members that are not known are passed over: reporters are older and newer than servers.
func decodeReport(body []byte) (progress.Report, error) {
	var r progress.Report
	if utf8.Valid(body) && bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) && json.Unmarshal(body, &r) == nil {
		return r, nil
	}
	r = progress.Report{} // again, now slowly, to say what is wrong
	err := decodeObject(body, false, map[string]any{
		"progress": &r.Progress, "current": &r.Current, "total": &r.Total, "unit": &r.Unit, "message": &r.Message,
		"step": &r.Step, "metadata": &r.Metadata, "state": &r.State, "result": &r.Result, "error": &r.Error, "reset": &r.Reset,
	})
	return r, err
}

// logLine is one line of a log as NDJSON.
type logLine struct {
	Text   *string
	Stream string
	Step   string
}

func decodeLogLine(body []byte) (logLine, error) {
	var l logLine
	err := decodeObject(body, false, map[string]any{"text": &l.Text, "stream": &l.Stream, "step": &l.Step})
	if err == nil && l.Text == nil {
		err = progress.Invalid("text", "is required")
	}
	return l, err
}

// decodeObject reads a JSON object into the members' targets, and says of each that does not fit why. strict refuses
// others.
func decodeObject(body []byte, strict bool, members map[string]any) error {
	if err := checkJSON(body); err != nil {
		return err
	}
	var have map[string]json.RawMessage
	if err := json.Unmarshal(body, &have); err != nil || have == nil {
		return progress.Invalid("body", "must be an object, not %s", article(jsonKind(body)))
	}
	var bad progress.InvalidError
	for _, name := range slices.Sorted(maps.Keys(have)) {
		target, ok := members[name]
		if !ok {
			if strict {
				bad.Fields = append(bad.Fields, progress.FieldError{Field: name, Detail: "is not a member of this request"})
			}
			continue
		}
		if err := json.Unmarshal(have[name], target); err != nil {
			if _, ok := target.(*map[string]string); ok {
				bad.Fields = append(bad.Fields, progress.FieldError{Field: name, Detail: "must be an object of strings"})
				continue
			}
			bad.Fields = append(bad.Fields, wrongType(name, err))
		}
	}
	if len(bad.Fields) > 0 {
		return &bad
	}
	return nil
}

// checkJSON refuses what is no JSON text in UTF-8.
func checkJSON(body []byte) error {
	if !utf8.Valid(body) {
		return malformed("body", "is not valid UTF-8")
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return malformed("body", "is empty")
	}
	var any json.RawMessage
	var syntax *json.SyntaxError
	if err := json.Unmarshal(body, &any); errors.As(err, &syntax) {
		return malformed("body", "is not valid JSON: %s at byte %d", syntax, syntax.Offset)
	} else if err != nil {
		return malformed("body", "is not valid JSON")
	}
	return nil
}

func wrongType(field string, err error) progress.FieldError {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return progress.FieldError{Field: field, Detail: "cannot be read"}
	}
	if wrong.Field != "" {
		field += "." + wrong.Field
	}
	want := map[string]string{"float64": "number", "string": "string", "bool": "boolean"}[wrong.Type.Kind().String()]
	if want == "" {
		want = "object"
	}
	got, _, _ := strings.Cut(wrong.Value, " ") // "number 1e999"
	if got == "bool" {
		got = "boolean"
	}
	if got == want {
		return progress.FieldError{Field: field, Detail: "is out of range"}
	}
	return progress.FieldError{Field: field, Detail: fmt.Sprintf("must be %s, not %s", article(want), article(got))}
}

func article(kind string) string {
	switch kind {
	case "null":
		return kind
	case "array", "object":
		return "an " + kind
	}
	return "a " + kind
}

func jsonKind(body []byte) string {
	switch bytes.TrimSpace(body)[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}
