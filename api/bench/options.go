package bench

import (
	"fmt"
	"slices"
	"time"

	"github.com/runflow/runflow/api/bench/judge"
)

// Options say what to run. Of the zero value nothing is meant: start from a Scenario's Defaults.
type Options struct {
	URL   string
	Token string
	Pid   int // of the server; 0: found by its socket

	Duration    time.Duration
	Watchers    int // of one task in tasks, else in all
	Tasks       int
	Connections int
	Writers     int
	Rate        float64       // reports per second in all; 0: as many as InFlight allows
	InFlight    int           // reports that not every watcher has got yet
	Size        int           // bytes of a report's message, at least
	Stall       float64       // per cent of the watchers
	Warm        time.Duration // load before what is measured begins
	Cut         time.Duration
	Protocol    string // json or batch
	Deliver     string // latest or all
	YesReally   bool   // load a server that is not on this machine
}

// Option is one row of the table of options.
type Option struct {
	Name     string
	Value    any // pointer into Options: *int, *float64, *string or *time.Duration
	Help     string
	min, max float64 // of numbers; of durations in seconds
}

// Table is every option that a scenario may have.
func (o *Options) Table() []Option {
	return []Option{
		{"watchers", &o.Watchers, "WebSocket clients that watch (of each task, in tasks)", 1, 60_000},
		{"tasks", &o.Tasks, "tasks that are reported", 1, 50_000},
		{"connections", &o.Connections, "WebSocket clients that watch and hear nothing", 1, 500_000},
		{"writers", &o.Writers, "reporters, each with a task of its own", 1, 10_000},
		{"rate", &o.Rate, "reports per second in all", 0, 1_000_000},
		{"in-flight", &o.InFlight, "without a rate: reports that not every watcher has got yet", 1, window / 2},
		{"size", &o.Size, "bytes of a report's message, at least", 0, 1024},
		{"stall", &o.Stall, "per cent of the watchers that stop reading", 0, 90},
		{"warm", &o.Warm, "load before watchers stall or are cut", 0, 60},
		{"cut", &o.Cut, "how long the watchers are away", 0, 60},
		{"duration", &o.Duration, "how long to measure", 0.05, 600},
		{"protocol", &o.Protocol, "json (one message a frame) or batch", 0, 0},
		{"deliver", &o.Deliver, "latest (a slow watcher is spared what is outdated) or all", 0, 0},
		{"pid", &o.Pid, "the server's process, when its socket does not tell", 0, 1 << 30},
	}
}

// used is the options of these names, as a result shows them: durations in seconds.
func (o *Options) used(names []string) map[string]any {
	shown := map[string]any{}
	for _, row := range o.Table() {
		if !slices.Contains(names, row.Name) {
			continue
		}
		switch v := row.Value.(type) {
		case *int:
			if *v != 0 {
				shown[row.Name] = *v
			}
		case *float64:
			shown[row.Name] = *v
		case *string:
			shown[row.Name] = *v
		case *time.Duration:
			shown[row.Name] = v.Seconds()
		}
	}
	return shown
}

// check refuses what is out of bounds.
func (o *Options) check(used []string) error {
	for _, row := range o.Table() {
		var n float64
		switch v := row.Value.(type) {
		case *int:
			n = float64(*v)
		case *float64:
			n = *v
		case *time.Duration:
			n = v.Seconds()
		default:
			continue
		}
		if slices.Contains(used, row.Name) && (n < row.min || n > row.max || n != n) {
			return fmt.Errorf("--%s %v is not between %v and %v", row.Name, n, row.min, row.max)
		}
	}
	switch {
	case o.Protocol != "json" && o.Protocol != "batch":
		return fmt.Errorf("--protocol %q is not json or batch", o.Protocol)
	case o.Deliver != "latest" && o.Deliver != "all":
		return fmt.Errorf("--deliver %q is not latest or all", o.Deliver)
	case o.Rate == 0 && slices.Contains(used, "rate") && !slices.Contains(used, "in-flight"):
		return fmt.Errorf("--rate must be more than 0 here")
	}
	return nil
}

// report appends a report's JSON and a line end.
func report(b []byte, index int, sent int64, size int) []byte {
	b = append(b, `{"progress":`...)
	b = fmt.Appendf(b, "%.3f", min(99.9, float64(index)/1000))
	b = append(b, `,"message":"`...)
	b = judge.AppendReport(b, index, sent, size)
	return append(b, "\"}\n"...)
}

// lastReport is report for the one that ends the task.
func lastReport(b []byte, index int, sent int64) []byte {
	b = append(b, `{"state":"succeeded","message":"`...)
	b = judge.AppendReport(b, index, sent, 0)
	return append(b, "\"}\n"...)
}
