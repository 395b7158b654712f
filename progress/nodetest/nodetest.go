// Package nodetest runs the real parts of a RunFlow node for tests: an embedded NATS server on a temporary folder, the
// event log, the Service and the View. Nothing in it is a mock.
package nodetest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/clients"
	"github.com/runflow/runflow/progress/eventlog"
	"github.com/runflow/runflow/progress/natsd"
	"github.com/runflow/runflow/progress/watch"
)

// Options change how a node is made. The zero value is a node of its own in a temporary folder.
type Options struct {
	Dir        string        // the data folder; "" makes one
	Server     *natsd.Server // another node's: both are nodes of one cluster
	Flows      progress.Flows
	ReportRate float64
}

// Node is a running node.
type Node struct {
	Server  *natsd.Server
	Conn    *nats.Conn
	Log     *eventlog.Log
	View    *watch.View
	Service *progress.Service
	Clients *clients.Registry

	stop func()
}

// Start runs a node until the test ends or Stop is called.
func Start(t testing.TB, o Options) *Node {
	t.Helper()
	own := o.Server == nil
	if own {
		if o.Dir == "" {
			o.Dir = t.TempDir()
		}
		var err error
		if o.Server, err = natsd.Start(natsd.Config{Dir: o.Dir}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	nc, err := o.Server.Connect()
	if err != nil {
		t.Fatal(err)
	}
	log, err := eventlog.Open(ctx, nc, 1)
	if err != nil {
		t.Fatal(err)
	}
	view := watch.NewView(log, slog.New(slog.DiscardHandler))
	n := &Node{Server: o.Server, Conn: nc, Log: log, View: view}
	n.Service = progress.NewService(progress.Config{
		Log: log, Queue: log, Flows: o.Flows, Stored: view.Stored, Typical: view.Index.Typical, ReportRate: o.ReportRate,
	})
	if err := view.Feed.Load(ctx); err != nil {
		t.Fatal(err)
	}
	nodes := log.Nodes(clients.NodeID())
	n.Clients = clients.New(nodes, 0)
	done := make(chan error, 2)
	go func() { done <- view.Feed.Run(ctx) }()
	go func() { done <- nodes.Run(ctx) }()
	stopped := false
	n.stop = func() {
		if stopped {
			return
		}
		stopped = true
		closing, cancelClosing := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancelClosing()
		if err := n.Service.Close(closing); err != nil {
			t.Errorf("close service: %v", err)
		}
		cancel()
		if err := errors.Join(<-done, <-done); err != nil {
			t.Errorf("feed and nodes: %v", err)
		}
		nc.Close()
		if own {
			if err := o.Server.Close(); err != nil {
				t.Errorf("close server: %v", err)
			}
		}
	}
	t.Cleanup(n.stop)
	return n
}

// Stop ends the node in order, as at the end of the test.
func (n *Node) Stop() { n.stop() }

// Task creates a reporter's task.
func (n *Node) Task(t testing.TB, id string) {
	t.Helper()
	if _, _, err := n.Service.Create(t.Context(), progress.Draft{ID: id, Title: "Task " + id}); err != nil {
		t.Fatal(err)
	}
}

// Report applies a report with this progress.
func (n *Node) Report(t testing.TB, id string, percent float64) uint64 {
	t.Helper()
	seq, err := n.Service.Apply(t.Context(), id, progress.Report{Progress: &percent})
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

// Eventually waits until ok holds, at most ten seconds.
func Eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		<-tick.C
	}
}

// ID makes the id of the n-th task of a test.
func ID(n int) string { return fmt.Sprintf("task-%d", n) }
