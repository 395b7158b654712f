package progress_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/nodetest"
)

// BenchmarkAcknowledgedReports is reports per second that are checked, stored and answered, each as an event of its own.
// ns/op is per report over all writers.
func BenchmarkAcknowledgedReports(b *testing.B) {
	for _, writers := range []int{1, 16, 256} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			n := nodetest.Start(b, nodetest.Options{})
			for i := range writers {
				n.Task(b, nodetest.ID(i))
			}
			var next, failed atomic.Int64
			done := make(chan struct{})
			work := make(chan struct{}, writers)
			for range writers {
				id := nodetest.ID(int(next.Add(1) - 1))
				go func() {
					defer func() { done <- struct{}{} }()
					for i := 0; ; i++ {
						if _, ok := <-work; !ok {
							return
						}
						p := float64(i % 100)
						if _, err := n.Service.Apply(b.Context(), id, progress.Report{Progress: &p}); err != nil {
							failed.Add(1)
						}
					}
				}()
			}
			b.ReportAllocs()
			for b.Loop() {
				work <- struct{}{}
			}
			close(work)
			for range writers {
				<-done
			}
			b.StopTimer()
			if failed.Load() > 0 {
				b.Fatalf("%d reports failed", failed.Load())
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reports/s")
		})
	}
}

// BenchmarkFold is one report folded into a status.
func BenchmarkFold(b *testing.B) {
	sp := &progress.Spec{ID: "a", CreatedAt: progress.At(time.Now())}
	st := sp.Initial()
	p, message := 10.0, "half way"
	r := progress.Report{Progress: &p, Message: &message}
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := progress.Fold(sp, &st, r, now, 0); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFrame is one status encoded as watchers get it.
func BenchmarkFrame(b *testing.B) {
	sp := &progress.Spec{ID: "0193a1b2-0000-7000-8000-000000000000", CreatedAt: progress.At(time.Now())}
	st := sp.Initial()
	p := 42.5
	st.Progress, st.Message, st.State, st.Current, st.Total, st.Unit = &p, "half way", progress.Running, &p, &p, "files"
	task := progress.Task{Spec: sp, Status: &st, Seq: 1842}
	b.ReportAllocs()
	for b.Loop() {
		progress.ProgressFrame(task, false, false, false)
	}
}
