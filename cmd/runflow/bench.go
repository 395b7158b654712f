package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/runflow/runflow/api/bench"
)

func newBench() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bench SCENARIO",
		Short: "Load a server and print figures",
		Long: "Load a server with watchers and reports, judge what every watcher gets, and print the figures. The load ends by\n" +
			"itself; Ctrl-C ends it early and prints what there is. Exit code 1 when an event was lost, doubled or out of order.",
		Example: "  runflow bench fanout --watchers 1000\n  runflow bench idle --connections 10000 --json",
	}
	for _, s := range bench.Scenarios() {
		cmd.AddCommand(newScenario(s))
	}
	return cmd
}

func newScenario(scenario bench.Scenario) *cobra.Command {
	var s settings
	o := scenario.Defaults
	var asJSON bool
	cmd := &cobra.Command{Use: scenario.Name, Short: scenario.About, Args: cobra.NoArgs}
	bind(cmd, s.clientTable())
	flags := cmd.Flags()
	for _, row := range o.Table() {
		if !slices.Contains(scenario.Uses, row.Name) {
			continue
		}
		switch v := row.Value.(type) {
		case *int:
			flags.IntVar(v, row.Name, *v, row.Help)
		case *float64:
			flags.Float64Var(v, row.Name, *v, row.Help)
		case *string:
			flags.StringVar(v, row.Name, *v, row.Help)
		case *time.Duration:
			flags.DurationVar(v, row.Name, *v, row.Help)
		}
	}
	flags.BoolVar(&o.YesReally, "yes-really", false, "load a server that is not on this machine")
	flags.BoolVar(&asJSON, "json", false, "print one JSON object")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		debug.SetGCPercent(400) // the generator's memory matters less than its time
		o.URL, o.Token = s.URL, s.Token
		result, err := bench.Run(cmd.Context(), scenario, o)
		if result == nil {
			return &exitError{exitUsage, err}
		}
		if asJSON {
			err = errors.Join(err, json.NewEncoder(cmd.OutOrStdout()).Encode(result))
		} else {
			err = errors.Join(err, result.Print(cmd.OutOrStdout()))
		}
		if err == nil && !result.Clean() {
			err = fmt.Errorf("watchers did not get what they had to")
		}
		if err != nil {
			return &exitError{exitFailed, err}
		}
		return nil
	}
	return cmd
}
