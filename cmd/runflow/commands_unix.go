//go:build unix

package main

import "github.com/spf13/cobra"

func serverCommands() []*cobra.Command { return []*cobra.Command{newServe(), newWorker()} }
