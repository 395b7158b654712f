//go:build linux || darwin

package proc

import (
	"context"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A Process is one running step. Its methods are safe for concurrent use.
type Process struct {
	child *os.Process
	out   *output
	tree  *tree
	grace time.Duration

	stopping sync.Once
	stop     chan struct{} // closed by Stop and Kill
	killing  sync.Once
	kill     chan struct{} // closed by Kill

	exited chan struct{} // closed by begin: the main process has ended and waits to be reaped
	gone   chan struct{} // closed by supervise: nothing of the tree is left
	done   chan struct{} // closed by supervise: and the output is drained; exit and err are set

	exit Exit
	err  error

	mu     sync.Mutex
	reaped bool // the id of the main process may belong to another by now
}

// Start runs the command. The error is a *StartError where the command is at fault, and then says the exit code that a
// shell would give; any other error means that no terminal or pipe could be had. Wait must be called.
func Start(spec Spec) (*Process, error) {
	if err := spec.check(); err != nil {
		return nil, err
	}
	hearHangup()
	env, cookie := spec.environment()
	path, err := lookup(spec.Argv[0], spec.Dir, env)
	if err != nil {
		return nil, notFound(spec.Argv[0], err)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	out, err := openOutput(&spec)
	if err != nil {
		return nil, err
	}
	sys := &syscall.SysProcAttr{Setsid: true, Setctty: spec.PTY, Ctty: 1} // Ctty is the child's own descriptor
	dieWithParent(sys)
	p := &Process{
		out:    out,
		grace:  spec.Grace,
		stop:   make(chan struct{}),
		kill:   make(chan struct{}),
		exited: make(chan struct{}),
		gone:   make(chan struct{}),
		done:   make(chan struct{}),
	}
	started := make(chan error)
	go p.begin(started, path, spec.Argv, &os.ProcAttr{
		Dir: spec.Dir, Env: env, Sys: sys,
		Files: []*os.File{null, out.child, out.child},
	})
	if err := <-started; err != nil {
		out.close()
		return nil, notStarted(spec.Argv[0], err)
	}
	out.started()
	p.tree = newTree(p.child.Pid, cookie)
	go out.copy()
	go p.supervise()
	return p, nil
}

// begin starts the child and waits for its end, both on one thread: the kernel ties the death signal to the THREAD that
// forked, and would kill the child when Go retires that thread (golang/go#27505). A goroutine that waits for a child
// occupies a thread anyway, so locking it costs nothing.
func (p *Process) begin(started chan<- error, path string, argv []string, attr *os.ProcAttr) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var err error
	p.child, err = os.StartProcess(path, argv, attr)
	started <- err
	if err == nil {
		awaitExit(p.child.Pid)
		close(p.exited)
	}
}

// supervise ends the tree when the main process ends or Stop was called. The main process is reaped last: until then its
// id, and with it the ids of its group and session, cannot be given to a stranger.
func (p *Process) supervise() {
	select {
	case <-p.exited:
	case <-p.stop:
	}
	p.tree.end(context.Background(), p.grace, p.kill)
	<-p.exited
	p.mu.Lock()
	state, err := p.child.Wait()
	p.reaped = true
	p.mu.Unlock()
	close(p.gone)
	if p.err = err; err == nil {
		p.exit = exitOf(state.Sys().(syscall.WaitStatus))
	}
	if err := p.out.drain(); p.err == nil {
		p.err = err
	}
	close(p.done)
}

func exitOf(status syscall.WaitStatus) Exit {
	if status.Signaled() {
		return Exit{Code: 128 + int(status.Signal()), Signal: unix.SignalName(status.Signal())}
	}
	return Exit{Code: status.ExitStatus()}
}

// PID is the id of the main process, and of its group and session.
func (p *Process) PID() int { return p.child.Pid }

// Wait returns when the main process has ended, nothing of its tree is left, and all output has gone to Output. The Exit is
// that of the main process and is valid with an error too, which is the one of Output, or ErrOutputHeld. Any number of
// callers may wait.
func (p *Process) Wait() (Exit, error) {
	<-p.done
	return p.exit, p.err
}

// Stop asks the whole tree to end: SIGTERM, and SIGKILL after Spec.Grace. It returns nil when nothing of the tree is left
// (the output may still be on its way: see Wait), or the error of ctx, after which the ending goes on. Again or after the end
// it only waits.
func (p *Process) Stop(ctx context.Context) error {
	p.stopping.Do(func() { close(p.stop) })
	select {
	case <-p.gone:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Kill is Stop without the grace; it also cuts short the grace of a Stop under way.
func (p *Process) Kill(ctx context.Context) error {
	p.killing.Do(func() { close(p.kill) })
	return p.Stop(ctx)
}

// Signal sends sig to the process group of the main process, such as SIGINT that a user typed. It returns
// os.ErrProcessDone after the end.
func (p *Process) Signal(sig syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reaped {
		return os.ErrProcessDone
	}
	return unix.Kill(-p.child.Pid, sig)
}

// Resize changes the size of the terminal; without PTY it does nothing.
func (p *Process) Resize(cols, rows uint16) error { return p.out.resize(cols, rows) }
