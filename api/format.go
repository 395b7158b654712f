package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/runflow/runflow/progress/watch"
)

// format is how a stream of events looks to its client. Each method appends to b.
type format interface {
	name() string
	headers(h http.Header)
	begin(b []byte) []byte
	message(b []byte, m *watch.Message) []byte
	alive(b []byte) []byte // nothing has happened, and the server lives
	slow(b []byte) []byte  // before a client is dropped that asked for everything and fell behind
	fault(b []byte, p *problem) []byte
	farewell(b []byte, retry time.Duration) []byte
}

func formatFor(r *http.Request) format {
	if prefers(r, "application/x-ndjson", "text/event-stream") {
		return ndjson{}
	}
	return sse{}
}

// reconnect is what an SSE client waits before it comes back, unless a drain says otherwise.
const reconnect = time.Second

// sse is the event stream of the HTML standard, section 9.2.
type sse struct{}

func (sse) name() string { return "sse" }

func (sse) headers(h http.Header) {
	h.Set("Content-Type", "text/event-stream")
	streamHeaders(h)
}

// streamHeaders keep caches from storing a stream and proxies from holding it back.
func streamHeaders(h http.Header) {
	h.Set("Cache-Control", "no-cache, no-store")
	h.Set("X-Accel-Buffering", "no")
}

func (sse) begin(b []byte) []byte {
	return fmt.Appendf(b, ": runflow\nretry: %d\n\n", reconnect.Milliseconds())
}

func (sse) message(b []byte, m *watch.Message) []byte {
	if m.Seq > 0 { // a notification has none: the client's place in the log stays
		b = append(b, "id: "...)
		b = strconv.AppendUint(b, m.Seq, 10)
		b = append(b, '\n')
	}
	b = append(b, "event: "...)
	b = append(b, m.Name...)
	b = append(b, "\ndata: "...)
	b = append(b, m.Data()...) // one line: what is stored is compact JSON
	return append(b, "\n\n"...)
}

func (sse) alive(b []byte) []byte { return append(b, ":\n\n"...) }

func (sse) slow(b []byte) []byte {
	return append(b, ": too slow for everything; come back for the rest\n\n"...)
}

func (sse) fault(b []byte, p *problem) []byte {
	return fmt.Appendf(b, "event: error\ndata: %s\n\n", faultData(p))
}

func (sse) farewell(b []byte, retry time.Duration) []byte {
	return fmt.Appendf(b, ": the server is stopping\nretry: %d\n\n", retry.Milliseconds())
}

// ndjson is one frame {"event":…,"data":…} a line; an empty line is a sign of life.
type ndjson struct{}

func (ndjson) name() string { return "ndjson" }

func (ndjson) headers(h http.Header) {
	h.Set("Content-Type", "application/x-ndjson")
	streamHeaders(h)
}

func (ndjson) begin(b []byte) []byte { return b }

func (ndjson) message(b []byte, m *watch.Message) []byte {
	return append(append(b, m.Frame()...), '\n')
}

func (ndjson) alive(b []byte) []byte { return append(b, '\n') }

func (ndjson) slow(b []byte) []byte { return b }

func (ndjson) fault(b []byte, p *problem) []byte {
	return fmt.Appendf(b, "{\"event\":\"error\",\"data\":%s}\n", faultData(p))
}

func (ndjson) farewell(b []byte, _ time.Duration) []byte { return b }

// faultData is the error of contract section 4.
func faultData(p *problem) []byte {
	data, err := json.Marshal(struct {
		Code   string `json:"code"`
		Detail string `json:"detail"`
	}{p.Code, p.Detail})
	if err != nil {
		return []byte(`{"code":"internal"}`) // two strings cannot fail
	}
	return data
}
