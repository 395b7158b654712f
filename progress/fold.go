package progress

import (
	"errors"
	"math"
	"time"
)

// errNoChange is a change's word that the status stands as it is: nothing is stored.
var errNoChange = errors.New("no change")

// Fold answers the status that follows from one change. The given status stays as it is. typical is how long this flow's
// past runs took, 0 when unknown: the ETA while this run cannot tell yet.
//
// Errors: ErrEnded once the state is final, ErrStale for a worker's word on another attempt, *InvalidError.
func Fold(sp *Spec, st *Status, c Change, now time.Time, typical time.Duration) (Status, error) {
	if st.State.Final() {
		return *st, ErrEnded
	}
	at := At(now)
	if at.Before(st.UpdatedAt.Time) { // another node's clock is ahead
		at = st.UpdatedAt
	}
	next := st.clone()
	if err := c.apply(sp, &next, at); err != nil {
		return *st, err
	}
	if _, stall := c.(Stall); !stall { // anything else is a sign of life
		next.Stalled = false
	}
	next.UpdatedAt = at
	next.pace(at, typical)
	return next, nil
}

// Pace is what rate and ETA are smoothed from: the last point that was measured, and the speeds up to it.
type Pace struct {
	At       Time    `json:"at"`
	Current  float64 `json:"current,omitempty"`
	Progress float64 `json:"progress,omitempty"`
	Speed    float64 `json:"speed,omitempty"` // percent per second
	Rate     float64 `json:"rate,omitempty"`  // units per second
}

const (
	paceWindow  = 8 * time.Second        // a speed this old counts for a third
	paceMinimum = 200 * time.Millisecond // points closer together say nothing of speed
)

// pace moves Rate and ETA along with what the status counts.
func (s *Status) pace(now Time, typical time.Duration) {
	if s.State != Running {
		s.Rate, s.ETA = nil, Time{}
		return
	}
	p := &s.Pace
	current, percent := value(s.Current), value(s.Progress)
	dt := now.Sub(p.At.Time).Seconds()
	switch {
	case s.Progress == nil && s.Current == nil:
	case p.At.IsZero() || current < p.Current || percent < p.Progress: // begins, or counts again from zero
		*p = Pace{At: now, Current: current, Progress: percent, Speed: p.Speed, Rate: p.Rate}
	case dt >= paceMinimum.Seconds() && (current != p.Current || percent != p.Progress):
		weight := 1 - math.Exp(-dt/paceWindow.Seconds())
		p.Speed = smooth(p.Speed, (percent-p.Progress)/dt, weight)
		p.Rate = smooth(p.Rate, (current-p.Current)/dt, weight)
		p.At, p.Current, p.Progress = now, current, percent
	}
	s.Rate, s.ETA = nil, Time{}
	if p.Rate > 0 {
		s.Rate = number(significant(p.Rate))
	}
	switch {
	case p.Rate > 0 && s.Total != nil && *s.Total >= current && len(s.Steps) == 0:
		s.ETA = after(now, (*s.Total-current)/p.Rate)
	case p.Speed > 0:
		s.ETA = after(now, (100-percent)/p.Speed)
	case typical > 0 && !s.StartedAt.IsZero():
		if eta := At(s.StartedAt.Add(typical)); eta.After(now.Time) {
			s.ETA = eta
		}
	}
}

func smooth(old, measured, weight float64) float64 {
	if old == 0 {
		return measured
	}
	return old + weight*(measured-old)
}

// after is now and some seconds more; what is more than a year away is not known.
func after(now Time, seconds float64) Time {
	const year = 365 * 24 * 3600
	if seconds > year {
		return Time{}
	}
	return At(now.Add(time.Duration(seconds * float64(time.Second))))
}

// significant keeps four digits of a rate.
func significant(f float64) float64 {
	scale := math.Pow(10, 3-math.Floor(math.Log10(f)))
	return math.Round(f*scale) / scale
}

func value(f *float64) float64 {
	if f == nil {
		return 0
	}
	return *f
}
