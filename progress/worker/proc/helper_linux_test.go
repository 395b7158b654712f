package proc

import (
	"os"
	"strconv"
	"strings"
)

func isZombie(pid int) bool {
	p, err := readProcess(pid)
	return err == nil && p.zombie
}

func isStopped(pid int) bool {
	data, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	_, rest, _ := strings.Cut(string(data), ") ")
	return strings.HasPrefix(rest, "T")
}
