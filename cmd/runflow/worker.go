//go:build unix

package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/folder"
)

func newWorker() *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use: "worker", Short: "Run flow tasks for servers on the same NATS cluster", Args: cobra.NoArgs,
		Long: "Run the flow tasks that servers with the same --nats have queued. Each flag can also be given by the\n" +
			"environment variable in brackets.",
		RunE: func(cmd *cobra.Command, _ []string) error { return runWorker(cmd.Context(), &s) },
	}
	bind(cmd, s.workerTable())
	return cmd
}

func runWorker(ctx context.Context, s *settings) error {
	if s.NATS == "" {
		return fmt.Errorf("a worker needs --nats: without it `runflow serve` has workers of its own")
	}
	if s.Workers < 1 {
		return fmt.Errorf("--workers %d leaves a worker nothing to do", s.Workers)
	}
	logger, err := s.logger()
	if err != nil {
		return err
	}
	if s.StepURL == "" {
		s.StepURL = "http://127.0.0.1:9009"
	}
	n := &node{}
	if err := n.connect(s, logger); err != nil {
		return err
	}
	defer n.close()
	opening, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	if err := n.openLog(opening, s, logger); err != nil {
		return &exitError{exitFailed, err}
	}
	n.service = progress.NewService(progress.Config{Log: n.log, Queue: n.log, ReportRate: s.ReportRate, Logger: logger})
	// A folder of this worker's own, as several may share a machine; one that was killed left its folder and its processes
	// for the next to clear away.
	dir, lock, err := folder.LockFree(filepath.Join(s.Data, "runflow-worker-"))
	if err != nil {
		return &exitError{exitFailed, err}
	}
	defer lock.Close()
	s.Data = dir
	logger.Info("working", "nats", n.conn.ConnectedUrlRedacted(), "workers", s.Workers, "version", version)
	if err := n.work(ctx, s, logger); err != nil {
		return &exitError{exitFailed, err}
	}
	closing, cancelClosing := context.WithTimeout(context.Background(), closeHTTP)
	defer cancelClosing()
	return n.service.Close(closing)
}
