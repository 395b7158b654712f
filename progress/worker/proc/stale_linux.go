package proc

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"
)

// KillStale ends what earlier runs have left behind: every process whose environment has a cookie that begins with prefix,
// and its descendants, as Process.Stop does. A worker calls it when it starts, before its first step: it would find its own
// steps too. This process and its ancestors are spared. It returns how many processes were found, and the error of
// ctx if that ended first. Linux only: elsewhere the error is errors.ErrUnsupported.
func KillStale(ctx context.Context, prefix string, grace time.Duration) (int, error) {
	if prefix == "" {
		return 0, errors.New("kill stale processes: the prefix is empty")
	}
	t := &tree{
		cookie: func(c string) bool { return strings.HasPrefix(c, prefix) },
		known:  make(map[member]struct{}),
		spared: make(map[int]bool),
	}
	for pid := os.Getpid(); pid > 0 && !t.spared[pid]; {
		t.spared[pid] = true
		p, err := readProcess(pid)
		if err != nil {
			break
		}
		pid = p.parent
	}
	err := t.end(ctx, grace, nil)
	return len(t.known), err
}
