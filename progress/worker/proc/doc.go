// Package proc runs one child command for a flow step and ends its whole tree of processes.
//
//	p, err := proc.Start(proc.Spec{Argv: []string{"make", "-j4"}, Env: env, Dir: dir, PTY: true, Output: w})
//	if err != nil {
//		var failed *proc.StartError // failed.Code is 127 or 126, as a shell would say
//	}
//	stop := context.AfterFunc(ctx, func() { p.Stop(context.Background()) })
//	exit, err := p.Wait()
//	stop()
//
// # What is promised
//
//   - The command is executed as it is given, never through a shell (TestArgvIsNotAShellLine).
//   - It has a session and a process group of its own; its standard input is at end of file (TestStdinIsAtEOF).
//   - All it wrote before it ended is in Output, in order and unchanged, before Wait returns (TestOutputIsWhole).
//   - The step ends when its main process ends. What is left of its tree is then ended as by Stop
//     (TestLeftoversAreEnded); Wait returns when that is done.
//   - Stop sends SIGTERM once to the whole tree, and SIGKILL after the grace to what is left, and returns when none is
//     left (TestStop*). A process that a SIGTERM handler starts to clean up is not sent SIGTERM.
//   - On Linux the tree is: the session and the group of the main process, every process whose environment has the
//     step's cookie, and all their descendants. Daemons that forked twice and called setsid are found by the cookie.
//     A signal never goes to a process that merely has the same id as one that is gone.
//   - When this program dies of kill -9, the kernel kills the main process of each step (Linux, PR_SET_PDEATHSIG), and
//     with a PTY the hang-up sends SIGHUP to the rest of its foreground group (TestParentKilled). What survives that is
//     ended by KillStale when the worker starts again.
//
// # What is not
//
//   - On Linux a process escapes if it gave up all three ties before Stop looked: an own session, a parent that has
//     ended, and an environment without the cookie (env -i, or a program that writes over its environment). Being the
//     child subreaper would show such orphans too, but not whose they are, and this program would then have to reap every
//     one; it is not used. A control group would hold them; that needs rights a worker seldom has.
//   - On macOS the tree is the process group and the descendants seen by then; there is no cookie, no KillStale and no
//     death signal. A daemon that left the group escapes.
//   - A process in uninterruptible sleep cannot be killed; Stop waits for it until its context ends, Wait for ever.
//   - A prompt on /dev/tty waits until the step is stopped: nobody types.
//   - Windows: Start returns an error that is errors.ErrUnsupported.
package proc
