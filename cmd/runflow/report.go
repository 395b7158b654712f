package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/runflow/runflow/api/client"
)

const reportTimeout = 30 * time.Second

func newReport() *cobra.Command {
	var s settings
	var step, state, unit, total string
	cmd := &cobra.Command{
		Use:   "report [ID] [PERCENT|CURRENT] [MESSAGE…]",
		Short: "Report a task's progress",
		Long: "Report a task's progress. Inside a step of a flow the task and the step are known, so that\n" +
			"`runflow report 45 \"half way\"` is enough; elsewhere the task's id comes first.",
		Example: "  runflow report nightly-import 45 \"half way\"\n" +
			"  runflow report nightly-import 425 --total 1000 --unit files\n" +
			"  runflow report nightly-import --state succeeded",
	}
	bind(cmd, s.clientTable())
	cmd.Flags().StringVar(&step, "step", os.Getenv("RUNFLOW_STEP"), "the step that it is about")
	cmd.Flags().StringVar(&state, "state", "", "running, succeeded, failed or canceled: the last three end the task")
	cmd.Flags().StringVar(&total, "total", "", "the number is so many of these, no percentage")
	cmd.Flags().StringVar(&unit, "unit", "", "what is counted, such as files")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		id := os.Getenv("RUNFLOW_TASK_ID")
		if id == "" {
			if len(args) == 0 {
				return fmt.Errorf("which task? outside of a step its id comes first")
			}
			id, args = args[0], args[1:]
		}
		r, err := parseReport(args, total)
		if err != nil {
			return err
		}
		r.Step, r.State, r.Unit = step, state, unit
		c, err := client.New(s.URL, s.Token)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), reportTimeout)
		defer cancel()
		_, err = c.Report(ctx, id, r)
		switch {
		case errors.As(err, new(*client.Error)):
			return &exitError{exitFailed, err}
		case err != nil:
			return &exitError{exitUsage, fmt.Errorf("no server: %w", err)}
		}
		return nil
	}
	return cmd
}

// parseReport reads [NUMBER] [MESSAGE…].
func parseReport(args []string, total string) (client.Report, error) {
	var r client.Report
	if len(args) > 0 {
		if n, err := strconv.ParseFloat(strings.TrimSuffix(args[0], "%"), 64); err == nil {
			r.Progress = &n
			args = args[1:]
		}
	}
	if total != "" {
		n, err := strconv.ParseFloat(total, 64)
		if err != nil || r.Progress == nil {
			return r, fmt.Errorf("--total %q needs to be a number, and the first argument what is done of it", total)
		}
		r.Current, r.Total, r.Progress = r.Progress, &n, nil
	}
	r.Message = strings.Join(args, " ")
	return r, nil
}
