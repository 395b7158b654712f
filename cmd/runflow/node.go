//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/clients"
	"github.com/runflow/runflow/progress/eventlog"
	"github.com/runflow/runflow/progress/folder"
	"github.com/runflow/runflow/progress/natsd"
	"github.com/runflow/runflow/progress/watch"
	"github.com/runflow/runflow/progress/worker"
)

const (
	openTimeout  = 2 * time.Minute // to reach a NATS cluster and its streams
	openTry      = 4 * time.Second // a question that was asked before the cluster had a leader is never answered
	readyTimeout = 3 * time.Second

	loadMemory  = 160 << 20 // bytes, of the program while it reads the log
	loadPerTask = 1 << 10   // and for each task that may be kept
)

// node is the part of a process that works with the event log.
type node struct {
	embedded *natsd.Server // nil with an external cluster
	conn     *nats.Conn
	log      *eventlog.Log
	view     *watch.View
	service  *progress.Service
	nodes    *eventlog.Nodes
	clients  *clients.Registry
}

// openNode opens the log, embedded or external, and reads the index.
func openNode(ctx context.Context, s *settings, flows progress.Flows, logger *slog.Logger) (*node, error) {
	if s.Sync != "always" && s.Sync != "interval" {
		return nil, fmt.Errorf("--sync %q is not always or interval", s.Sync)
	}
	n := &node{}
	if err := n.connect(s, logger); err != nil {
		return nil, err
	}
	opening, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	err := n.open(opening, s, flows, logger)
	if err != nil {
		n.close()
		return nil, &exitError{exitFailed, err}
	}
	return n, nil
}

func (n *node) connect(s *settings, logger *slog.Logger) (err error) {
	options := []nats.Option{
		nats.Name("runflow"), nats.MaxReconnects(-1), nats.ReconnectWait(250 * time.Millisecond),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				logger.Warn("lost the NATS server", "err", err)
			}
		}),
		nats.ReconnectHandler(func(c *nats.Conn) { logger.Info("found a NATS server again", "url", c.ConnectedUrlRedacted()) }),
	}
	if s.NATS != "" {
		if n.conn, err = nats.Connect(s.NATS, append(options, nats.RetryOnFailedConnect(true))...); err != nil {
			return fmt.Errorf("connect to NATS: %w", err)
		}
		return nil
	}
	n.embedded, err = natsd.Start(natsd.Config{Dir: filepath.Join(s.Data, "log"), SyncAlways: s.Sync == "always", Logger: logger})
	if errors.Is(err, folder.ErrLocked) {
		return &exitError{exitUsage, err}
	} else if err != nil {
		return &exitError{exitFailed, err}
	}
	if n.conn, err = n.embedded.Connect(options...); err != nil {
		return &exitError{exitFailed, errors.Join(err, n.embedded.Close())}
	}
	return nil
}

// open opens the log and reads the index.
func (n *node) open(ctx context.Context, s *settings, flows progress.Flows, logger *slog.Logger) error {
	if err := n.openLog(ctx, s, logger); err != nil {
		return err
	}
	if n.embedded != nil { // its workers were in this process's predecessor, and are gone
		if err := n.log.ResetQueues(ctx); err != nil {
			return err
		}
	}
	n.view = watch.NewView(n.log, logger)
	n.service = progress.NewService(progress.Config{
		Log: n.log, Queue: n.log, Flows: flows, Stored: n.view.Stored, Typical: n.view.Index.Typical,
		Beat:       func(id string) { _ = n.log.Beat(id) }, // at most once, as every beat
		ReportRate: s.ReportRate, Logger: logger,
	})
	n.nodes = n.log.Nodes(clients.NodeID())
	n.clients = clients.New(n.nodes, 0)
	return n.load(ctx, s.MaxKept)
}

// openLog opens the streams; those of a cluster that is just starting, as soon as they can be had.
func (n *node) openLog(ctx context.Context, s *settings, logger *slog.Logger) (err error) {
	for {
		try, cancel := context.WithTimeout(ctx, openTry)
		n.log, err = eventlog.Open(try, n.conn, s.Replicas)
		cancel()
		if err == nil || n.embedded != nil || ctx.Err() != nil {
			return err
		}
		logger.Info("waiting for the NATS cluster", "err", err)
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
}

// load fills the index. Little of what that allocates is garbage before its end, so the collector is kept out of the way
// until there is about as much as the kept tasks can need; then it works as ever, and gives back what is left over.
func (n *node) load(ctx context.Context, kept int) error {
	limit := debug.SetMemoryLimit(loadMemory + int64(kept)*loadPerTask)
	percent := debug.SetGCPercent(800)
	defer func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
		go debug.FreeOSMemory()
	}()
	return n.view.Feed.Load(ctx)
}

// work runs flow tasks until ctx ends.
func (n *node) work(ctx context.Context, s *settings, logger *slog.Logger) error {
	if s.Workers <= 0 {
		<-ctx.Done()
		return nil
	}
	dir, err := filepath.Abs(filepath.Join(s.Data, "work"))
	if err != nil {
		return err
	}
	return worker.New(worker.Config{
		Queue: n.log, Tasks: n.service, Slots: s.Workers, Dir: dir, URL: s.StepURL, Grace: s.Grace, Logger: logger,
	}).Run(ctx)
}

// ready tells whether an event can be stored and delivered.
func (n *node) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	if err := n.log.Probe(ctx); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	_, last, err := n.log.Bounds(ctx)
	if err != nil {
		return err
	}
	if !n.view.Feed.Reached(ctx, last) {
		return fmt.Errorf("deliver: the feed is at %d, the log at %d: %w", n.view.Feed.Seq(), last, progress.ErrUnavailable)
	}
	return nil
}

// close ends the connection, then the embedded server. What was acknowledged is stored.
func (n *node) close() {
	n.conn.Close()
	if n.embedded != nil {
		_ = n.embedded.Close() // the lock goes with the process in any case
	}
}
