//go:build unix

package proc

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// hearHangup has children begin with the default reaction to SIGHUP. A program that was started by nohup ignores that
// signal, and so would all its children: the hang-up of their terminal, when this program dies, would end none of them. A
// signal that is handled here is at its default there; what arrives here is still ignored.
var hearHangup = sync.OnceFunc(func() {
	if signal.Ignored(syscall.SIGHUP) {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
})
