package ws_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/runflow/runflow/progress"
)

// BenchmarkReportToFrame is the time from a report's submission to its frame at one WebSocket watcher, at 1,000 reports
// per second: checked, stored, read from the log, and sent over loopback.
func BenchmarkReportToFrame(b *testing.B) {
	f := start(b)
	f.Task(b, "a")
	c := f.dial(b, "?taskId=a&deliver=all")
	c.expect("subscribed")
	c.expect("progress")
	arrived := make(chan time.Time, 1<<16)
	go func() {
		for {
			if _, _, err := c.conn.ReadMessage(); err != nil {
				return
			}
			arrived <- time.Now()
		}
	}()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	var sent []time.Time
	for i := 0; b.Loop(); i++ {
		<-tick.C
		p := float64(i % 100)
		sent = append(sent, time.Now())
		f.Service.Submit("a", progress.Report{Progress: &p})
	}
	took := make([]time.Duration, len(sent))
	for i := range sent {
		took[i] = (<-arrived).Sub(sent[i])
	}
	slices.Sort(took)
	for _, p := range []float64{50, 99, 99.9} {
		b.ReportMetric(float64(took[int(float64(len(took)-1)*p/100)].Microseconds())/1000, fmt.Sprintf("p%g-ms", p))
	}
	b.ReportMetric(float64(len(sent))/b.Elapsed().Seconds(), "reports/s")
}
