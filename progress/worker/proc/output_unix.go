//go:build linux || darwin

package proc

import (
	"errors"
	"io"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// drainQuiet is how long the output may stand still, once the tree is gone, before it is given up. On Linux the end of
// file follows at once; only what escaped the tree can hold it open.
const drainQuiet = 2 * time.Second

// output carries what the child writes to the step's Output.
type output struct {
	src   *os.File // our end: of the pipe, or the master of the terminal
	child *os.File // the child's end
	dst   io.Writer
	tty   *terminal // nil for a pipe

	finished chan struct{} // closed by copy
	err      error         // of dst; set before finished
	steps    atomic.Int64  // counts what copy does, for drain to see that it moves
	writing  atomic.Bool   // copy is in dst.Write, which may take its time
}

func openOutput(spec *Spec) (*output, error) {
	o := &output{dst: spec.Output, finished: make(chan struct{})}
	if o.dst == nil {
		o.dst = io.Discard
	}
	var err error
	if !spec.PTY {
		o.src, o.child, err = os.Pipe()
		return o, err
	}
	if o.src, o.child, err = openTerminal(spec.Cols, spec.Rows); err != nil {
		return nil, err
	}
	o.tty = &terminal{answers: o.src}
	return o, nil
}

func (o *output) close() {
	o.src.Close()
	o.child.Close()
}

// started is called when the child has its copy of its end. A terminal's is held until the tree is gone: a master with
// nobody at the other end reads as ended, and a child may close all and open /dev/tty later.
func (o *output) started() {
	if o.tty == nil {
		o.child.Close()
	}
}

// copy runs until the end of the output. When dst fails it goes on reading, so that the child does not block.
func (o *output) copy() {
	defer close(o.finished)
	buf := make([]byte, 32<<10)
	for {
		n, err := o.src.Read(buf)
		o.steps.Add(1)
		if n > 0 {
			if o.tty != nil {
				o.tty.watch(buf[:n])
			}
			if o.err == nil {
				o.writing.Store(true)
				_, o.err = o.dst.Write(buf[:n])
				o.steps.Add(1)
				o.writing.Store(false)
			}
		}
		if err != nil && !errors.Is(err, unix.EINTR) {
			return // EOF, EIO (a terminal that nobody holds), or drain gave up
		}
	}
}

// drain returns when all has gone to dst, with dst's error, or ErrOutputHeld.
func (o *output) drain() error {
	defer o.src.Close()
	if o.tty != nil {
		o.child.Close()
	}
	for seen := o.steps.Load(); ; {
		select {
		case <-o.finished:
			return o.err
		case <-time.After(drainQuiet):
		}
		if now := o.steps.Load(); now != seen || o.writing.Load() {
			seen = now
			continue
		}
		if o.src.SetReadDeadline(time.Unix(1, 0)) == nil {
			<-o.finished
		} // otherwise (a terminal on macOS) copy stays in Read until the holder ends
		return ErrOutputHeld
	}
}

func (o *output) resize(cols, rows uint16) error {
	if o.tty == nil {
		return nil
	}
	return setSize(o.src, cols, rows)
}
