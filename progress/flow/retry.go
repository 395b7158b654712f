package flow

import (
	"math"
	"slices"
	"time"
)

// Why an attempt failed, as [Retry] names it.
const (
	OnExit    = "exit"    // a step failed
	OnTimeout = "timeout" // the flow or a step took too long
	OnLost    = "lost"    // its worker went silent
)

const (
	maxAttempts  = 100
	maxRetryWait = time.Hour
)

// Retry says whether a task that failed is tried again. The zero value means one
// try. A `retry:` in the file that leaves something out gets: attempts 3, delay
// 5s, backoff 2, on [exit, timeout]. A lost task may have done its work, so it is
// tried again only if `on` says lost.
type Retry struct {
	// Attempts is the total number of tries, the first included: 1 (and 0) means no retry.
	Attempts int `json:"attempts,omitempty"`
	// Delay before the second try.
	Delay Duration `json:"delay,omitempty"`
	// Backoff multiplies the delay from each try to the next; at least 1 (0 counts as 1).
	Backoff float64 `json:"backoff,omitempty"`
	// On lists the reasons that are tried again: OnExit, OnTimeout, OnLost.
	On []string `json:"on,omitempty"`
}

// Next says whether a task whose attempt number attempt (the first is 1) failed
// for reason is tried again, and how long to wait first: at most an hour.
func (r Retry) Next(attempt int, reason string) (wait time.Duration, again bool) {
	if attempt >= r.Attempts || !slices.Contains(r.On, reason) {
		return 0, false
	}
	factor := math.Pow(max(r.Backoff, 1), float64(max(attempt, 1)-1))
	seconds := min(r.Delay.Std().Seconds()*factor, maxRetryWait.Seconds())
	if !(seconds > 0) { // also 0 × +Inf
		return 0, true
	}
	return time.Duration(seconds * float64(time.Second)), true
}
