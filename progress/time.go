package progress

import (
	"fmt"
	"time"
)

// Time is an instant that JSON carries as RFC 3339 in UTC with milliseconds. The zero Time is JSON null.
type Time struct{ time.Time }

const timeLayout = "2006-01-02T15:04:05.000Z"

// At cuts t to the millisecond, in UTC, so that what is held equals what JSON carries.
func At(t time.Time) Time { return Time{t.UTC().Truncate(time.Millisecond)} }

// AppendJSON appends the JSON form of t to b.
func (t Time) AppendJSON(b []byte) []byte {
	if t.IsZero() {
		return append(b, "null"...)
	}
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, timeLayout)
	return append(b, '"')
}

func (t Time) MarshalJSON() ([]byte, error) { return t.AppendJSON(make([]byte, 0, 26)), nil }

func (t *Time) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*t = Time{}
		return nil
	}
	parsed, err := time.Parse(`"`+time.RFC3339Nano+`"`, string(b))
	if err != nil {
		return fmt.Errorf("time %s: %w", b, err)
	}
	*t = At(parsed)
	return nil
}
