package flow

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"
)

const maxDuration = 366 * 24 * time.Hour

// Duration is a length of time. In JSON it is a number of seconds (1.5), in YAML
// text such as 90s, 10m, 1h30m, or a number of seconds. Its resolution is one
// millisecond.
type Duration time.Duration

// Std is d as the standard library's type.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String is the text that YAML takes, such as 1h30m0s.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalJSON writes seconds.
func (d Duration) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, time.Duration(d).Seconds(), 'f', -1, 64), nil
}

// UnmarshalJSON reads seconds, rounded to a millisecond.
func (d *Duration) UnmarshalJSON(data []byte) error {
	var seconds float64
	if err := json.Unmarshal(data, &seconds); err != nil {
		return fmt.Errorf("duration %s is not a number of seconds", data)
	}
	std, err := fromSeconds(seconds)
	*d = Duration(std)
	return err
}

func fromSeconds(s float64) (time.Duration, error) {
	if math.IsNaN(s) || math.Abs(s) > maxDuration.Seconds() {
		return 0, fmt.Errorf("a duration of %v seconds is longer than a year", s)
	}
	return time.Duration(math.Round(s*1000)) * time.Millisecond, nil
}
