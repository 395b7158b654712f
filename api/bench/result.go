package bench

import (
	"fmt"

	"github.com/runflow/runflow/api/bench/judge"
)

// limit is the share of its processors from which on the generator may be what limits the figures.
const limit = 0.9

// Result is what a run measured and judged.
type Result struct {
	Scenario string         `json:"scenario"`
	Run      string         `json:"run"` // label bench of its tasks
	URL      string         `json:"url"`
	Options  map[string]any `json:"options"`

	Seconds  float64 `json:"seconds"` // that were measured
	Reports  int     `json:"reports"` // sent, and acknowledged unless there is an error
	Stored   int     `json:"stored"`  // events that they became
	Folded   int     `json:"folded"`  // reports that the server folded into a later one, as --report-rate has it
	Messages int     `json:"messages"`
	Frames   int     `json:"frames"`

	Judged              bool    `json:"judged"`     // the log could be read back; else what follows up to conflated is unknown
	Deliveries          int     `json:"deliveries"` // events that reached a watcher, first snapshots apart
	DeliveriesPerSecond float64 `json:"deliveriesPerSecond"`
	Lost                int     `json:"lost"`
	OutOfOrder          int     `json:"outOfOrder"`
	Duplicates          int     `json:"duplicates"`
	AfterFinal          int     `json:"afterFinal"`
	Unasked             int     `json:"unasked"`
	Stray               int     `json:"stray"` // delivered, and not in the log
	Gaps                int     `json:"gaps"`
	NoFinal             int     `json:"noFinal"`
	Conflated           int     `json:"conflated"` // spared a slow watcher: no fault

	CutOff  map[string]int   `json:"cutOff,omitempty"` // watchers that the server ended, by close code; they came back
	Latency *judge.Quantiles `json:"latencyMs,omitempty"`
	CatchUp *judge.Quantiles `json:"catchUpMs,omitempty"` // from reading or coming back to being up to date

	Server    *Server   `json:"server,omitempty"` // nil when it is not on this machine
	Generator Generator `json:"generator"`
	Idle      *Idle     `json:"idle,omitempty"`
	Slow      *Slow     `json:"slow,omitempty"`
	Ingest    []*Ingest `json:"ingest,omitempty"`

	Notes       []string `json:"notes,omitempty"`
	Interrupted bool     `json:"interrupted,omitempty"`
	Error       string   `json:"error,omitempty"`
}

// Server is what the server's process used.
type Server struct {
	Pid           int     `json:"pid"`
	CPUSeconds    float64 `json:"cpuSeconds"` // in the time that was measured
	CPUPerMillion float64 `json:"cpuSecondsPerMillionDeliveries,omitempty"`
	RSSBefore     int64   `json:"rssBefore"` // bytes: with the tasks, before the watchers
	RSSBegin      int64   `json:"rssBegin"`  // with the watchers, before the load
	RSSEnd        int64   `json:"rssEnd"`
}

// Generator is what this process used, and how well it kept up.
type Generator struct {
	CPUSeconds float64          `json:"cpuSeconds"`
	Of         int              `json:"processors"` // that it may use
	Lag        *judge.Quantiles `json:"lagMs,omitempty"`
	Limited    bool             `json:"limited"` // it was busy all the time: the server may be capable of more
}

// Idle is what connections cost that hear nothing.
type Idle struct {
	BytesPerConnection int64   `json:"bytesPerConnection"`
	WakeupsPerSecond   float64 `json:"wakeupsPerSecond"` // of the server's threads
}

// Slow is what watchers cost that do not read.
type Slow struct {
	Stalled         int     `json:"stalled"`
	StalledSeconds  float64 `json:"stalledSeconds"`
	RSSGrowth       int64   `json:"rssGrowth"` // of the server in that time, whatever it was for
	BytesPerStalled int64   `json:"bytesPerStalled"`
	GotFinal        int     `json:"gotFinal"`
}

// Clean tells whether every watcher got what it had to, and nothing failed. A run may have been interrupted before there
// was anything to get.
func (r *Result) Clean() bool {
	return (r.Judged || r.Interrupted) && r.Lost+r.OutOfOrder+r.Duplicates+r.AfterFinal+r.Unasked+r.Stray+r.Gaps+r.NoFinal == 0 && r.Error == ""
}

func (r *Result) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

func (r *Result) server() *Server {
	if r.Server == nil {
		r.Server = &Server{}
	}
	return r.Server
}

func (r *Result) add(v judge.Verdict) {
	r.Deliveries += v.Received
	r.Lost += v.Lost
	r.Conflated += v.Conflated
	r.NoFinal += v.NoFinal
	r.Gaps += v.Gaps
	r.Stray += v.Stray
	r.Duplicates += v.Duplicates
	r.OutOfOrder += v.OutOfOrder
	r.AfterFinal += v.AfterFinal
	r.Unasked += v.Unasked
}

// conclude computes what follows from the rest, and says what to make of it.
func (r *run) conclude() {
	res := r.result
	res.Latency, res.CatchUp, res.Generator.Lag = r.latency.Quantiles(), r.catchUp.Quantiles(), r.lag.Quantiles()
	if len(r.cuts) > 0 {
		res.CutOff = r.cuts
	}
	if r.err != nil {
		res.Error = r.err.Error()
	}
	if res.Seconds == 0 {
		return
	}
	res.DeliveriesPerSecond = float64(res.Deliveries) / res.Seconds
	if res.Server != nil && res.Deliveries > 0 {
		res.Server.CPUPerMillion = res.Server.CPUSeconds / float64(res.Deliveries) * 1e6
	}
	share := res.Generator.CPUSeconds / res.Seconds
	res.Generator.Limited = share >= limit*float64(res.Generator.Of)
	if res.Generator.Limited {
		res.note("the generator used %.2f of its %d processors: it may be what limits these figures", share, res.Generator.Of)
	} else if res.Server != nil && share+res.Server.CPUSeconds/res.Seconds >= limit*float64(res.Generator.Of) && res.Generator.Of > 1 {
		res.note("generator and server share the processors and used them up: each was slower for the other")
	}
	if res.Folded > 0 {
		res.note("the server folded %d of %d reports (serve --report-rate 0 stores every one)", res.Folded, res.Reports)
	}
	asked := r.o.Rate * (r.o.Duration + r.o.Warm + r.o.Cut).Seconds()
	if !res.Interrupted && r.o.Rate > 0 && float64(res.Reports) < 0.98*asked {
		res.note("%d reports of %.0f could be sent: the rate is beyond what was reached", res.Reports, asked)
	}
	if lag := res.Generator.Lag; lag != nil && lag.P99 > 10 {
		res.note("reports were sent up to %.1f ms late (p99 %.1f ms), which the latency includes", lag.Max, lag.P99)
	}
}
