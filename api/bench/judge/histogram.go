package judge

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// Buckets of a histogram: 64 to each power of two, so that a value is known to 1.6 %.
const (
	subBits = 6
	sub     = 1 << subBits
	buckets = (64 - subBits) * sub
)

// Histogram counts durations. The zero value is empty; all goroutines of a run share one, so it is safe for concurrent
// use. HdrHistogram's Go library is for one goroutine and needs merging; these sixty lines are less than that merging.
type Histogram struct {
	counts [buckets]atomic.Uint64
	n      atomic.Uint64
	max    atomic.Int64
}

// Record counts one duration; a negative one counts as 0.
func (h *Histogram) Record(d time.Duration) {
	d = max(d, 0)
	h.counts[bucket(uint64(d))].Add(1)
	h.n.Add(1)
	for {
		most := h.max.Load()
		if int64(d) <= most || h.max.CompareAndSwap(most, int64(d)) {
			return
		}
	}
}

// bucket is where a value is counted: values below 2·sub have one each.
func bucket(v uint64) int {
	shift := max(0, bits.Len64(v)-subBits-1)
	return shift*sub + int(v>>shift)
}

// highest is the highest value that a bucket counts.
func highest(b int) uint64 {
	if b < 2*sub {
		return uint64(b)
	}
	shift := b/sub - 1
	return (uint64(b-shift*sub)+1)<<shift - 1
}

// Count is how many were recorded.
func (h *Histogram) Count() int { return int(h.n.Load()) }

// Max is the longest, exactly.
func (h *Histogram) Max() time.Duration { return time.Duration(h.max.Load()) }

// Quantile is the duration below which the share q, 0 to 1, of the recorded ones lies; 0 when there are none.
func (h *Histogram) Quantile(q float64) time.Duration {
	rank := uint64(q*float64(h.n.Load()) + 0.5)
	var seen uint64
	for b := range h.counts {
		n := h.counts[b].Load()
		if seen += n; n > 0 && seen >= rank {
			return min(time.Duration(highest(b)), h.Max())
		}
	}
	return h.Max()
}

// Quantiles are what is told of a histogram, in milliseconds.
type Quantiles struct {
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p99.9"`
	Max  float64 `json:"max"`
}

// Quantiles answers nil when nothing was recorded.
func (h *Histogram) Quantiles() *Quantiles {
	if h.Count() == 0 {
		return nil
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return &Quantiles{ms(h.Quantile(.5)), ms(h.Quantile(.9)), ms(h.Quantile(.99)), ms(h.Quantile(.999)), ms(h.Max())}
}
