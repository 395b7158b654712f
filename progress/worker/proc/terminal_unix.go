//go:build linux || darwin

package proc

import (
	"bytes"
	"fmt"
	"os"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// maxAnswers bounds the answers to one step's terminal, which nobody may read: together they fit in any terminal's input
// queue, so that writing one never blocks.
const maxAnswers = 64

// openTerminal returns the master and the slave of a new terminal.
func openTerminal(cols, rows uint16) (master, slave *os.File, err error) {
	if cols == 0 {
		cols = DefaultCols
	}
	if rows == 0 {
		rows = DefaultRows
	}
	if master, slave, err = pty.Open(); err != nil {
		return nil, nil, fmt.Errorf("open a terminal: %w", err)
	}
	if err = setSize(master, cols, rows); err == nil {
		err = setModes(slave)
	}
	if err == nil {
		master, err = pollable(master)
	}
	if err != nil {
		master.Close()
		slave.Close()
		return nil, nil, fmt.Errorf("set up the terminal: %w", err)
	}
	return master, slave, nil
}

// setModes turns off the echo of our own answers, and the "\r" before each "\n".
func setModes(slave *os.File) error {
	return control(slave, func(fd int) error {
		modes, err := unix.IoctlGetTermios(fd, getTermios)
		if err != nil {
			return err
		}
		modes.Lflag &^= unix.ECHO | unix.ECHONL
		modes.Oflag &^= unix.ONLCR
		return unix.IoctlSetTermios(fd, setTermios, modes)
	})
}

func setSize(master *os.File, cols, rows uint16) error {
	return control(master, func(fd int) error {
		return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Col: cols, Row: rows})
	})
}

// control calls f with f's descriptor; unlike File.Fd it does not make the file block.
func control(file *os.File, f func(fd int) error) error {
	conn, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := conn.Control(func(fd uintptr) { inner = f(int(fd)) }); err != nil {
		return err
	}
	return inner
}

// A terminal answers what programs ask of it and then wait for: `pv -c` asks where the cursor is.
type terminal struct {
	answers *os.File
	given   int
	seq     []byte // the control sequence so far, from ESC on; empty outside one
}

// watch looks for questions in output, which may be cut anywhere.
func (t *terminal) watch(output []byte) {
	for len(output) > 0 {
		if len(t.seq) == 0 {
			i := bytes.IndexByte(output, 0x1b)
			if i < 0 {
				return
			}
			t.seq = append(t.seq, 0x1b)
			output = output[i+1:]
			continue
		}
		b := output[0]
		output = output[1:]
		switch {
		case b == 0x1b:
			t.seq = append(t.seq[:0], b)
		case len(t.seq) == 1 && b != '[', len(t.seq) > 4:
			t.seq = t.seq[:0]
		case len(t.seq) == 1, b >= '0' && b <= '9':
			t.seq = append(t.seq, b)
		default:
			t.answer(string(append(t.seq, b)))
			t.seq = t.seq[:0]
		}
	}
}

func (t *terminal) answer(question string) {
	var answer string
	switch question {
	case "\x1b[6n": // cursor position: the first row and column
		answer = "\x1b[1;1R"
	case "\x1b[5n": // status: fine
		answer = "\x1b[0n"
	case "\x1b[c", "\x1b[0c": // device attributes: a VT102
		answer = "\x1b[?6c"
	}
	if answer == "" || t.given == maxAnswers {
		return
	}
	t.given++
	_, _ = t.answers.WriteString(answer) // who asked may be gone
}
