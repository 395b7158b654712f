// Command runflow is the whole of RunFlow: the server, its workers, and the client for a shell.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// version is set by the linker: -ldflags "-X main.version=v1.2.3".
var version = "dev"

// Exit codes of every command; watch has more of its own.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2 // bad flags, or no server where one is needed, or a data folder that is in use
)

// exitError ends the program with a code of its own.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:]))
}

func run(ctx context.Context, args []string) int {
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	fmt.Fprintln(os.Stderr, "runflow: "+err.Error())
	var exit *exitError
	if errors.As(err, &exit) {
		return exit.code
	}
	return exitUsage // what cobra finds: unknown commands, bad flags
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "runflow",
		Short: "Real-time progress of tasks, pushed to whoever watches",
		Long: "RunFlow starts work or lets it report in, and pushes its progress live to browsers, WebSocket clients,\n" +
			"curl and terminals. `runflow serve` runs the server; the other commands are its clients.",
		SilenceUsage: true, SilenceErrors: true,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(newReport(), newBench(), newVersion())
	root.AddCommand(serverCommands()...)
	return root
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) { fmt.Fprintln(cmd.OutOrStdout(), "runflow "+version) },
	}
}
