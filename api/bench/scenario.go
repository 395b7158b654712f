package bench

import "time"

// Scenario is one way to load a server.
type Scenario struct {
	Name     string
	About    string
	Defaults Options
	Uses     []string // names of the options that mean something to it
	run      func(*run) error
}

// Scenarios are all there are.
func Scenarios() []Scenario {
	common := Options{Duration: 10 * time.Second, Protocol: "json", Deliver: "latest"}
	with := func(change func(*Options)) Options {
		o := common
		change(&o)
		return o
	}
	return []Scenario{
		{
			"fanout", "One task, many watchers: deliveries per second, and the latency from report to frame",
			with(func(o *Options) { o.Watchers, o.Tasks, o.InFlight = 1000, 1, 8 }),
			[]string{"watchers", "in-flight", "rate", "size", "duration", "protocol", "deliver", "pid"}, (*run).fanout,
		}, {
			"tasks", "Many tasks with a few watchers each, at a total rate",
			with(func(o *Options) { o.Tasks, o.Watchers, o.Rate = 2000, 2, 10_000 }),
			[]string{"tasks", "watchers", "rate", "size", "duration", "protocol", "deliver", "pid"}, (*run).perTask,
		}, {
			"dashboards", "A few watchers of all tasks, at a total rate",
			with(func(o *Options) { o.Watchers, o.Tasks, o.Rate = 50, 200, 5000 }),
			[]string{"watchers", "tasks", "rate", "size", "duration", "protocol", "deliver", "pid"}, (*run).dashboards,
		}, {
			"idle", "Many connections that hear nothing: memory of each, and the CPU they take",
			with(func(o *Options) { o.Connections, o.Tasks = 10_000, 1000 }),
			[]string{"connections", "tasks", "duration", "protocol", "deliver", "pid"}, (*run).idle,
		}, {
			"slow", "Some watchers stop reading: what the others feel, what it costs, and whether all get the final status",
			with(func(o *Options) {
				o.Watchers, o.Tasks, o.Rate, o.Stall, o.Size = 1000, 1, 50, 5, 1000
				o.Warm, o.Duration = 4*time.Second, 16*time.Second
			}),
			[]string{"watchers", "stall", "rate", "size", "warm", "duration", "protocol", "deliver", "pid"}, (*run).slow,
		}, {
			"resume", "Watchers are cut off while reports go on, and resume by since",
			with(func(o *Options) {
				o.Watchers, o.Tasks, o.Rate, o.Deliver = 100, 1, 500, "all"
				o.Warm, o.Cut, o.Duration = time.Second, 2*time.Second, 3*time.Second
			}),
			[]string{"watchers", "rate", "size", "warm", "cut", "duration", "protocol", "deliver", "pid"}, (*run).resume,
		}, {
			"ingest", "Reports that are stored and acknowledged per second, in single requests and in streams",
			with(func(o *Options) { o.Writers = 16 }),
			[]string{"writers", "size", "duration", "pid"}, (*run).ingest,
		},
	}
}
