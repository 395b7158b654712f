package main

import "github.com/spf13/cobra"

// serverCommands is empty: steps need process groups and terminals as Unix has them, so Windows has the clients alone.
func serverCommands() []*cobra.Command { return nil }
