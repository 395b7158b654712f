package api

import (
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/watch"
)

const (
	defaultLimit = 50
	maxLimit     = 500
	maxTasks     = 128 // of one stream, named one by one
)

// taskID is the task that the address names. What cannot be an id is no task's: it must not reach the log, where it would
// become a part of a subject.
func taskID(c echo.Context) (string, error) {
	id := c.Param("id")
	if !progress.ValidID(id) {
		return "", progress.ErrNotFound
	}
	return id, nil
}

// filter reads state, flow, label and q.
func filter(q url.Values) (*watch.Filter, error) {
	f := &watch.Filter{Flow: q.Get("flow"), Text: q.Get("q")}
	for _, s := range q["state"] {
		state, err := progress.ParseState(s)
		if err != nil {
			return nil, malformed("state", "%s", err)
		}
		f.States = append(f.States, state)
	}
	for _, label := range q["label"] {
		key, value, ok := strings.Cut(label, "=")
		if !ok || key == "" {
			return nil, malformed("label", "is %q, not key=value", label)
		}
		if was, twice := f.Labels[key]; twice && was != value {
			return nil, malformed("label", "asks for two values of %q, and a task has one", key)
		}
		if f.Labels == nil {
			f.Labels = map[string]string{}
		}
		f.Labels[key] = value
	}
	return f, nil
}

// whole reads an integer of at least min and at most max, or the default when it is not there.
func whole(q url.Values, name string, otherwise, min, max int) (int, error) {
	if !q.Has(name) {
		return otherwise, nil
	}
	n, err := strconv.Atoi(q.Get(name))
	if err != nil || n < min || n > max {
		return 0, malformed(name, "is not a whole number from %d to %d", min, max)
	}
	return n, nil
}

// flag reads 1, true, 0, false; a name alone (?follow) is true.
func flag(q url.Values, name string) (bool, error) {
	switch q.Get(name) {
	case "1", "true":
		return true, nil
	case "":
		return q.Has(name), nil
	case "0", "false":
		return false, nil
	}
	return false, malformed(name, "is not 1 or 0")
}

// position reads where a stream goes on: the header that a browser sends when it comes back, else last_event_id or since.
func position(r *http.Request, q url.Values) (*uint64, error) {
	// Who connects again cannot answer a refusal, so a header that says nothing is none.
	if seq, err := strconv.ParseUint(r.Header.Get("Last-Event-ID"), 10, 64); err == nil {
		return &seq, nil
	}
	for _, name := range []string{"last_event_id", "since"} {
		if !q.Has(name) {
			continue
		}
		seq, err := strconv.ParseUint(q.Get(name), 10, 64)
		if err != nil {
			return nil, malformed(name, "is not a seq")
		}
		return &seq, nil
	}
	return nil, nil
}

// seconds reads a duration of at most max.
func seconds(q url.Values, name string, max time.Duration) (time.Duration, error) {
	f, err := strconv.ParseFloat(q.Get(name), 64)
	if err != nil || !(f >= 0) {
		return 0, malformed(name, "is not a number of seconds")
	}
	return time.Duration(min(f, max.Seconds()) * float64(time.Second)), nil
}

// cursor says where the next page begins. Clients give it back as it is.
func cursor(next uint64) *string {
	if next == 0 {
		return nil
	}
	s := base64.RawURLEncoding.EncodeToString(binary.AppendUvarint(nil, next))
	return &s
}

func parseCursor(s string) (uint64, error) {
	if s == "" {
		return 0, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	next, n := binary.Uvarint(b)
	if err != nil || n != len(b) || n <= 0 || next == 0 {
		return 0, malformed("cursor", "is none that a list gave")
	}
	return next, nil
}
