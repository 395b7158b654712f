package bench

import (
	"context"
	"time"

	"github.com/runflow/runflow/api/bench/judge"
)

// finest is the shortest time between two bursts of reports: a machine that is loaded wakes nobody more exactly.
const finest = time.Millisecond

// pace calls send for the reports of each moment: rate of them a second, for a duration or until ctx ends. What it tells
// send is when they were due, so that a report which had to wait because the server did not take the one before is late,
// not unsent. lag is how late the bursts were.
func pace(ctx context.Context, rate float64, duration time.Duration, lag *judge.Histogram, send func(due time.Time, n int) error) error {
	begin := time.Now()
	step := max(finest, time.Duration(float64(time.Second)/rate))
	timer := time.NewTimer(0)
	defer timer.Stop()
	sent := 0
	for at := step; at <= duration; at += step {
		due := begin.Add(at)
		timer.Reset(time.Until(due))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return nil
		}
		n := int(rate*at.Seconds()) - sent
		if n == 0 {
			continue
		}
		lag.Record(time.Since(due))
		if err := send(due, n); err != nil {
			return err
		}
		sent += n
	}
	return nil
}
