//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/nodetest"
)

// BenchmarkStart is the time from starting the program until it is ready, on a log of 100,000 ended tasks, and its memory
// then.
func BenchmarkStart(b *testing.B) {
	const tasks = 100_000
	data := b.TempDir()
	n := nodetest.Start(b, nodetest.Options{Dir: filepath.Join(data, "log")})
	var filling sync.WaitGroup
	for w := range 64 {
		filling.Add(1)
		go func() {
			defer filling.Done()
			for i := w; i < tasks; i += 64 {
				id := nodetest.ID(i)
				if _, _, err := n.Service.Create(b.Context(), progress.Draft{ID: id, Title: "An ended task"}); err != nil {
					b.Error(err)
				}
				if _, err := n.Service.Apply(b.Context(), id, progress.Report{State: progress.Succeeded}); err != nil {
					b.Error(err)
				}
			}
		}()
	}
	filling.Wait()
	n.Stop()
	address := freeAddress(b)
	var took, rss float64
	runs := 0
	for b.Loop() {
		begin := time.Now()
		p := serveOn(b, address, data)
		took += time.Since(begin).Seconds()
		rss += residentMiB(b, p.cmd.Process.Pid)
		runs++
		if code := p.stop(); code != 0 {
			b.Fatalf("exit code %d\n%s", code, p.out)
		}
	}
	b.ReportMetric(took/float64(runs), "s/start")
	b.ReportMetric(rss/float64(runs), "MiB-RSS")
}

var resident = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

func residentMiB(b *testing.B, pid int) float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skip("needs /proc")
	}
	kib, err := strconv.Atoi(string(resident.FindSubmatch(status)[1]))
	if err != nil {
		b.Fatal(err)
	}
	return float64(kib) / 1024
}
