package proc

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"strings"
)

// kernelThread is PF_KTHREAD in the flags of /proc/PID/stat.
const kernelThread = 0x00200000

var errKernelThread = errors.New("kernel thread")

// readProcess reads /proc/PID/stat (proc_pid_stat(5)). The name in it may hold blanks and parentheses.
func readProcess(pid int) (process, error) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return process{}, err
	}
	i := bytes.LastIndexByte(data, ')')
	fields := strings.Fields(string(data[i+1:]))
	if i < 0 || len(fields) < 20 {
		return process{}, errors.New("stat is too short")
	}
	if flags, _ := strconv.ParseUint(fields[6], 10, 64); flags&kernelThread != 0 {
		return process{}, errKernelThread
	}
	p := process{member: member{pid: pid}}
	p.parent, _ = strconv.Atoi(fields[1])
	p.group, _ = strconv.Atoi(fields[2])
	p.session, _ = strconv.Atoi(fields[3])
	threads, _ := strconv.Atoi(fields[17])
	p.start, err = strconv.ParseUint(fields[19], 10, 64)
	// A process whose main thread alone has ended reads as a zombie too.
	p.zombie = (fields[0] == "Z" || fields[0] == "X") && threads <= 1
	return p, err
}

// cookiesOf reads the cookies in the environment of a process; ok is false if that is empty, as in the middle of an exec. A
// process that may not be read has none.
func cookiesOf(pid int) (cookies []string, ok bool) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return nil, true
	}
	for entry := range bytes.SplitSeq(data, []byte{0}) {
		if value, found := bytes.CutPrefix(entry, []byte(CookieVar+"=")); found {
			return strings.Split(string(value), ","), true
		}
	}
	return nil, len(data) > 0
}
