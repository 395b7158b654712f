//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/runflow/runflow/api"
	"github.com/runflow/runflow/progress/flow"
	"github.com/runflow/runflow/progress/upkeep"
	"github.com/runflow/runflow/web"
	"github.com/runflow/runflow/ws"
)

// The deadlines of the stop order, one after the other.
const (
	closeHTTP = 5 * time.Second // requests that are under way, after the drain window
	readLimit = 10 * time.Second
	idleLimit = 2 * time.Minute
	maxHeader = 16 << 10
)

func newServe() *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use: "serve", Short: "Run the server", Args: cobra.NoArgs,
		Long: "Run the server. Each flag can also be given by the environment variable in brackets.",
		RunE: func(cmd *cobra.Command, _ []string) error { return serve(cmd.Context(), &s) },
	}
	bind(cmd, s.serveTable())
	return cmd
}

func serve(ctx context.Context, s *settings) error {
	logger, err := s.logger()
	if err != nil {
		return err
	}
	flows, err := flow.Open(s.Flows)
	if err != nil {
		return fmt.Errorf("flows: %w", err)
	}
	flows.Log = logger
	listener, err := net.Listen("tcp", s.Listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	n, err := openNode(ctx, s, flows, logger)
	if err != nil {
		return err
	}
	if s.StepURL == "" {
		s.StepURL = "http://" + reachable(listener.Addr())
	}
	sockets := ws.NewServer(ws.Config{View: n.view, Clients: n.clients, Version: version, Logger: logger})
	server := api.New(api.Config{
		Tasks: n.service, View: n.view, Log: n.log, Flows: flows, Clients: n.clients, WebSocket: sockets, Ready: n.ready,
		Pages: api.Pages{
			Dashboard: web.Dashboard(), Console: web.Console(), Task: web.TaskPage(), Assets: web.Assets(),
		},
		Version: version, Logger: logger,
	})
	listening := &http.Server{
		Handler: server, ReadHeaderTimeout: readLimit, IdleTimeout: idleLimit, MaxHeaderBytes: maxHeader,
	}
	keeper := upkeep.New(upkeep.Config{
		Index: n.view.Index, Log: n.log, Service: n.service, Keep: s.Keep, MaxKept: s.MaxKept, Logger: logger,
	})

	// What the first stop ends comes last to an end: the feed and the upkeep go on until the workers have stored their last.
	background, stopBackground := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBackground()
	group, failed := errgroup.WithContext(ctx)
	group.Go(func() error { return n.view.Feed.Run(background) })
	group.Go(func() error { return keeper.Run(background) })
	group.Go(func() error { return n.nodes.Run(background) })
	group.Go(func() error { return sockets.Run(background) })
	group.Go(func() error { return flows.Run(background) })
	group.Go(func() error { return reloadOnHangup(background, flows) })
	group.Go(func() error {
		err := listening.Serve(ws.Listen(listener))
		if errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
			return nil
		}
		return err
	})
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	worked := make(chan error, 1)
	go func() { worked <- n.work(work, s, logger) }()
	logger.Info("serving", "url", "http://"+reachable(listener.Addr()), "version", version)

	select {
	case <-failed.Done(): // told to stop, or something ended that must not
	case err := <-worked:
		worked <- err
	}
	logger.Info("stopping")
	drain, cancel := context.WithTimeout(context.Background(), s.Drain+closeHTTP)
	defer cancel()
	_ = listener.Close()
	var draining errgroup.Group
	draining.Go(func() error { sockets.Drain(drain, s.Drain); return nil })
	draining.Go(func() error { return server.Drain(drain, s.Drain) })
	// Steps may report until they are gone: the workers stop before the requests that are under way are cut off.
	stopWork()
	err = errors.Join(draining.Wait(), <-worked)
	if shut := listening.Shutdown(drain); shut != nil {
		err = errors.Join(err, listening.Close())
	}
	err = errors.Join(err, n.service.Close(drain))
	stopBackground()
	err = errors.Join(err, group.Wait())
	n.close()
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return &exitError{exitFailed, err}
	}
	return nil
}

// reloadOnHangup reads the flows again on SIGHUP.
func reloadOnHangup(ctx context.Context, flows *flow.Catalog) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case <-hangup:
			_ = flows.Reload() // it logs its outcome itself
		case <-ctx.Done():
			return nil
		}
	}
}

// reachable is the address under which a process on this machine reaches a listener.
func reachable(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return a.String()
	}
	return net.JoinHostPort("127.0.0.1", fmt.Sprint(tcp.Port))
}
