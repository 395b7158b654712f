package main

import (
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// settings is everything that can be set, of all commands. The table below gives each its flag, its RUNFLOW_ variable, its
// default and its help; docs/configuration.md is printed from it.
type settings struct {
	Listen     string
	Data       string
	Flows      string
	NATS       string
	Replicas   int
	Workers    int
	Sync       string
	ReportRate float64
	Grace      time.Duration
	Drain      time.Duration
	Keep       time.Duration
	MaxKept    int
	StepURL    string
	LogLevel   string
	LogFormat  string

	URL   string
	Token string
}

// setting is one row of the table.
type setting struct {
	name  string
	value any // pointer into settings, holding the default
	help  string
}

func (s setting) env() string {
	return "RUNFLOW_" + strings.ToUpper(strings.ReplaceAll(s.name, "-", "_"))
}

// shown is the default as help and documentation show it: what depends on the machine is told in words.
func (s setting) shown() string {
	switch v := s.value.(type) {
	case *string:
		if *v == os.TempDir() {
			return "the system's folder for temporary files"
		}
		return *v
	case *time.Duration:
		return v.String()
	case *int:
		if s.name == "workers" {
			return "one per processor, at least 4"
		}
		return fmt.Sprint(*v)
	case *float64:
		return fmt.Sprint(*v)
	}
	return ""
}

// serveTable is what `runflow serve` can be told.
func (s *settings) serveTable() []setting {
	*s = settings{
		Listen: "127.0.0.1:9009", Data: "runflow-data", Replicas: 1, Workers: max(4, runtime.NumCPU()), Sync: "interval",
		ReportRate: 200, Grace: 10 * time.Second, Drain: 2 * time.Second, Keep: 7 * 24 * time.Hour, MaxKept: 100_000,
		LogLevel: "info", LogFormat: "text",
	}
	return append([]setting{
		{"listen", &s.Listen, "address to listen on"},
		{"data", &s.Data, "folder of the event log and of running steps"},
		{"flows", &s.Flows, "flow file or folder of flow files, reloaded when it changes; without it the built-in examples"},
		{"nats", &s.NATS, "URL of a NATS cluster to use instead of the embedded server"},
		{"replicas", &s.Replicas, "servers of that cluster that keep each event: 1, 3 or 5"},
		{"workers", &s.Workers, "flow tasks that this process runs at once; 0 for none"},
		{"sync", &s.Sync, "when an event reaches the disk: always (before it is acknowledged) or interval (within two minutes)"},
		{"report-rate", &s.ReportRate, "reports per second and task stored as events of their own; 0 for every one"},
		{"drain", &s.Drain, "window over which watchers are sent away when the server stops"},
		{"keep", &s.Keep, "how long ended tasks are kept; 0 for ever"},
		{"max-kept", &s.MaxKept, "how many ended tasks are kept"},
	}, s.commonTable()...)
}

// workerTable is what `runflow worker` can be told.
func (s *settings) workerTable() []setting {
	serve := s.serveTable()
	s.Data = os.TempDir()
	keep := map[string]bool{"nats": true, "workers": true, "grace": true, "step-url": true, "log-level": true, "log-format": true,
		"report-rate": true, "replicas": true}
	table := []setting{{"data", &s.Data, "folder for running steps"}}
	for _, row := range serve {
		if keep[row.name] {
			table = append(table, row)
		}
	}
	return table
}

func (s *settings) commonTable() []setting {
	return []setting{
		{"grace", &s.Grace, "time between SIGTERM and SIGKILL for a step's processes"},
		{"step-url", &s.StepURL, "where steps reach the API, as RUNFLOW_URL; without it this server"},
		{"log-level", &s.LogLevel, "debug, info, warn or error"},
		{"log-format", &s.LogFormat, "text or json"},
	}
}

// clientTable is what every client command can be told.
func (s *settings) clientTable() []setting {
	s.URL = "http://127.0.0.1:9009"
	return []setting{
		{"url", &s.URL, "the server"},
		{"token", &s.Token, "token to show it"},
	}
}

// bind makes flags of a table, whose defaults the environment overrides.
func bind(cmd *cobra.Command, table []setting) {
	flags := cmd.Flags()
	flags.SortFlags = false
	for _, row := range table {
		help := fmt.Sprintf("%s [%s]", row.help, row.env())
		switch v := row.value.(type) {
		case *string:
			flags.StringVar(v, row.name, *v, help)
		case *int:
			flags.IntVar(v, row.name, *v, help)
		case *float64:
			flags.Float64Var(v, row.name, *v, help)
		case *time.Duration:
			flags.DurationVar(v, row.name, *v, help)
		}
		flags.Lookup(row.name).DefValue = row.shown()
	}
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		for _, row := range table {
			flag := flags.Lookup(row.name)
			if text, ok := os.LookupEnv(row.env()); ok && !flag.Changed {
				if err := setFlag(flags, flag, text); err != nil {
					return fmt.Errorf("%s: %w", row.env(), err)
				}
			}
		}
		return nil
	}
}

func setFlag(flags *pflag.FlagSet, flag *pflag.Flag, text string) error {
	if err := flags.Set(flag.Name, text); err != nil {
		return fmt.Errorf("%q is not a %s", text, flag.Value.Type())
	}
	return nil
}

// logger makes the program's logger: to standard error.
func (s *settings) logger() (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.LogLevel)); err != nil {
		return nil, fmt.Errorf("--log-level %q is not debug, info, warn or error", s.LogLevel)
	}
	options := &slog.HandlerOptions{Level: level}
	switch s.LogFormat {
	case "text":
		return slog.New(slog.NewTextHandler(os.Stderr, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(os.Stderr, options)), nil
	}
	return nil, fmt.Errorf("--log-format %q is not text or json", s.LogFormat)
}
