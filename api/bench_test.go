package api_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

const (
	writers = 16
	each    = 200 // reports of a writer in one round
)

// BenchmarkReports measures acknowledged reports from 16 writers over HTTP, client and server in one process: one request
// each, and lines of streams that are acknowledged at their end. One op is a round of 16 × 200 reports.
func BenchmarkReports(b *testing.B) {
	const report = `{"progress":45.5,"message":"half way"}` + "\n"
	post := func(b *testing.B, h *harness, path, contentType, body string) {
		r, err := h.client.Post(h.url+path, contentType, strings.NewReader(body))
		if err != nil || r.StatusCode != http.StatusOK {
			b.Error(r, err)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		r.Body.Close()
	}
	for name, write := range map[string]func(b *testing.B, h *harness, path string){
		"requests": func(b *testing.B, h *harness, path string) {
			for range each {
				post(b, h, path, jsonType, report)
			}
		},
		"streams": func(b *testing.B, h *harness, path string) {
			post(b, h, path, ndjsonType, strings.Repeat(report, each))
		},
	} {
		b.Run(name, func(b *testing.B) {
			h := start(b)
			for i := range writers {
				h.task(fmt.Sprint("t", i))
			}
			b.ReportAllocs()
			for b.Loop() {
				var group sync.WaitGroup
				for i := range writers {
					group.Go(func() { write(b, h, fmt.Sprintf("/tasks/t%d/progress", i)) })
				}
				group.Wait()
			}
			b.ReportMetric(float64(b.N)*writers*each/b.Elapsed().Seconds(), "reports/s")
		})
	}
}
