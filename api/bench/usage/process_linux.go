package usage

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const tick = time.Second / 100 // of /proc/PID/stat, on every Linux that Go runs on

// Find answers the process pid, or with pid 0 the one that listens on a local address. ErrUnknown.
func Find(pid int, listening netip.AddrPort) (*Process, error) {
	if pid != 0 {
		if _, err := os.Stat(fmt.Sprintf("/proc/%d", pid)); err != nil {
			return nil, fmt.Errorf("process %d: %w", pid, ErrUnknown)
		}
		return &Process{pid}, nil
	}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		inode := listener(table, listening)
		if inode == "" {
			continue
		}
		links, _ := filepath.Glob("/proc/[0-9]*/fd/*") // the pattern is a good one
		for _, link := range links {
			if to, err := os.Readlink(link); err == nil && to == "socket:["+inode+"]" {
				pid, err := strconv.Atoi(strings.Split(link, "/")[2])
				return &Process{pid}, err
			}
		}
	}
	return nil, ErrUnknown
}

// listener is the inode of the socket that listens on an address, or on its port on every address.
func listener(table string, at netip.AddrPort) string {
	b, err := os.ReadFile(table)
	if err != nil {
		return ""
	}
	for lines := bufio.NewScanner(bytes.NewReader(b)); lines.Scan(); {
		f := strings.Fields(lines.Text())
		if len(f) < 10 || f[3] != "0A" { // LISTEN
			continue
		}
		host, port, _ := strings.Cut(f[1], ":")
		n, err := strconv.ParseUint(port, 16, 16)
		if addr, ok := address(host); err == nil && ok && uint16(n) == at.Port() && (addr.IsUnspecified() || addr == at.Addr()) {
			return f[9]
		}
	}
	return ""
}

// address reads an address as /proc/net/tcp has it: hexadecimal, in words of the machine's byte order.
func address(text string) (netip.Addr, bool) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b)%4 != 0 {
		return netip.Addr{}, false
	}
	if littleEndian {
		for i := 0; i < len(b); i += 4 {
			b[i], b[i+1], b[i+2], b[i+3] = b[i+3], b[i+2], b[i+1], b[i]
		}
	}
	addr, ok := netip.AddrFromSlice(b)
	return addr.Unmap(), ok
}

// Sample reads what the process has used until now.
func (p *Process) Sample() (Sample, error) {
	s := Sample{At: time.Now()}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Pid))
	if err != nil {
		return s, fmt.Errorf("process %d: %w", p.Pid, ErrUnknown)
	}
	f := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	for _, i := range []int{11, 12} { // utime and stime, behind pid and name
		n, err := strconv.ParseInt(f[i], 10, 64)
		if err != nil {
			return s, fmt.Errorf("process %d: %w", p.Pid, err)
		}
		s.CPU += time.Duration(n) * tick
	}
	// smaps_rollup is exact, status is a sum of counters that lag behind.
	if s.RSS = kibibytes(fmt.Sprintf("/proc/%d/smaps_rollup", p.Pid), "Rss:"); s.RSS == 0 {
		s.RSS = kibibytes(fmt.Sprintf("/proc/%d/status", p.Pid), "VmRSS:")
	}
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", p.Pid)) // the pattern is a good one
	for _, t := range threads {
		s.Switches += field(t, "voluntary_ctxt_switches:")
	}
	return s, nil
}

func kibibytes(file, name string) int64 { return field(file, name) << 10 }

// field is the number behind a name at the beginning of a line, 0 when there is none.
func field(file, name string) int64 {
	b, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == name {
			n, err := strconv.ParseInt(f[1], 10, 64)
			if err != nil {
				return 0
			}
			return n
		}
	}
	return 0
}

var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1
