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
	if at, ok := parseOurs(b); ok {
		t.Time = at
		return nil
	}
	parsed, err := time.Parse(`"`+time.RFC3339Nano+`"`, string(b))
	if err != nil {
		return fmt.Errorf("time %s: %w", b, err)
	}
	*t = At(parsed)
	return nil
}

// parseOurs reads the one form that AppendJSON writes: a start reads hundreds of thousands of them.
func parseOurs(b []byte) (time.Time, bool) {
	const form = `"0000-00-00T00:00:00.000Z"`
	if len(b) != len(form) {
		return time.Time{}, false
	}
	var n [7]int // year, month, day, hour, minute, second, millisecond
	part := 0
	for i, want := range []byte(form) {
		digit := b[i] - '0'
		switch {
		case want != '0' && b[i] != want || want == '0' && digit > 9:
			return time.Time{}, false
		case want == '0':
			n[part] = n[part]*10 + int(digit)
		case i > 0 && part < len(n)-1:
			part++
		}
	}
	if n[1] < 1 || n[1] > 12 || n[2] < 1 || n[2] > 28 || n[3] > 23 || n[4] > 59 || n[5] > 59 {
		return time.Time{}, false // or the end of a month: the library knows which
	}
	return time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], n[6]*int(time.Millisecond), time.UTC), true
}
