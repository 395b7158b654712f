package bench

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/runflow/runflow/api/bench/judge"
)

// Print writes the result for people.
func (r *Result) Print(out io.Writer) error {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-11s "+format+"\n", append([]any{name}, args...)...)
	}
	line(r.Scenario, "%s, %.1f s, run %s", r.URL, r.Seconds, r.Run)
	line("options", "%s", options(r.Options))
	line("reports", "%d sent, %d stored, %.0f/s", r.Reports, r.Stored, per(r.Reports, r.Seconds))
	if r.Ingest == nil {
		line("messages", "%d in %d frames", r.Messages, r.Frames)
	}
	switch {
	case !r.Judged:
		line("faults", "not known: the log could not be read back")
	case r.Ingest == nil:
		line("deliveries", "%d, %.0f/s", r.Deliveries, r.DeliveriesPerSecond)
		line("faults", "lost %d, out of order %d, duplicates %d, no final %d, after final %d, unasked %d, stray %d, gaps %d",
			r.Lost, r.OutOfOrder, r.Duplicates, r.NoFinal, r.AfterFinal, r.Unasked, r.Stray, r.Gaps)
		line("conflated", "%d", r.Conflated)
	}
	for code, n := range r.CutOff {
		line("cut off", "%d watchers (%s)", n, code)
	}
	quantiles := func(name string, q *judge.Quantiles) {
		if q != nil {
			line(name, "p50 %.2f, p90 %.2f, p99 %.2f, p99.9 %.2f, max %.2f ms", q.P50, q.P90, q.P99, q.P999, q.Max)
		}
	}
	quantiles("latency", r.Latency)
	quantiles("catch-up", r.CatchUp)
	for _, in := range r.Ingest {
		line(in.Mode, "%.0f/s acknowledged, %d sent, %d stored, %d lost; server %.2f CPU s, generator %.2f, in %.2f s",
			in.PerSecond, in.Reports, in.Stored, in.Lost, in.ServerCPUSeconds, in.GeneratorCPUSeconds, in.Seconds)
		quantiles("", in.Acknowledged)
	}
	if i := r.Idle; i != nil {
		line("idle", "%d bytes per connection, %.0f wake-ups/s", i.BytesPerConnection, i.WakeupsPerSecond)
	}
	if s := r.Slow; s != nil {
		line("stalled", "%d for %.1f s: %d got the final status; RSS %+.1f MB, %.1f KB each", s.Stalled, s.StalledSeconds,
			s.GotFinal, float64(s.RSSGrowth)/1e6, float64(s.BytesPerStalled)/1e3)
	}
	if s := r.Server; s != nil {
		line("server", "pid %d, %.2f CPU s (%.2f processors, %.2f s per million deliveries), RSS %.1f, %.1f, %.1f MB", s.Pid,
			s.CPUSeconds, s.CPUSeconds/max(r.Seconds, 1e-9), s.CPUPerMillion, mb(s.RSSBefore), mb(s.RSSBegin), mb(s.RSSEnd))
	}
	line("generator", "%.2f CPU s (%.2f of %d processors)", r.Generator.CPUSeconds, r.Generator.CPUSeconds/max(r.Seconds, 1e-9),
		r.Generator.Of)
	quantiles("send lag", r.Generator.Lag)
	for _, n := range r.Notes {
		line("note", "%s", n)
	}
	if r.Interrupted {
		line("note", "interrupted: this is what there was")
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func per(n int, seconds float64) float64 { return float64(n) / max(seconds, 1e-9) }

func mb(bytes int64) float64 { return float64(bytes) / 1e6 }

func options(o map[string]any) string {
	var shown []string
	for name, v := range o {
		shown = append(shown, fmt.Sprintf("%s=%v", name, v))
	}
	slices.Sort(shown)
	return strings.Join(shown, " ")
}
