package bench_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/runflow/runflow/api/bench"
	"github.com/runflow/runflow/progress/nodetest"
)

// doctor stands between the real server and its WebSocket clients, and makes a mistake with the third report of each.
func doctor(t *testing.T, mistake func(send func([]byte), third []byte, fourth []byte)) func(http.Handler) http.Handler {
	return func(real http.Handler) http.Handler {
		behind := httptest.NewServer(real)
		var open sync.WaitGroup
		t.Cleanup(func() { open.Wait(); behind.Close() })
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			open.Add(1)
			defer open.Done()
			var up websocket.Upgrader
			client, err := up.Upgrade(w, r, nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer client.Close()
			server, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(behind.URL, "http"), nil)
			if err != nil {
				t.Error(err)
				return
			}
			open.Go(func() { // what the client says, until it leaves
				defer server.Close()
				for {
					_, b, err := client.ReadMessage()
					if err != nil || server.WriteMessage(websocket.TextMessage, b) != nil {
						return
					}
				}
			})
			relay(server, client, mistake)
		})
	}
}

func relay(server, client *websocket.Conn, mistake func(send func([]byte), third, fourth []byte)) {
	send := func(b []byte) { _ = client.WriteMessage(websocket.TextMessage, b) } // the client may be gone
	var third []byte
	for {
		_, b, err := server.ReadMessage()
		switch {
		case err != nil:
			return
		case bytes.Contains(b, []byte(`"message":"b 3 `)):
			third = b
		case bytes.Contains(b, []byte(`"message":"b 4 `)):
			mistake(send, third, b)
		default:
			send(b)
		}
	}
}

// TestDoctoredServer has the bench find what a broken server does to its watchers.
func TestDoctoredServer(t *testing.T) {
	const watchers = 5
	for _, c := range []struct {
		name    string
		deliver string
		mistake func(send func([]byte), third, fourth []byte)
		count   func(r *bench.Result) int
	}{
		{"duplicate", "all", func(send func([]byte), third, fourth []byte) { send(third); send(third); send(fourth) },
			func(r *bench.Result) int { return r.Duplicates }},
		{"wrong order", "all", func(send func([]byte), third, fourth []byte) { send(fourth); send(third) },
			func(r *bench.Result) int { return r.OutOfOrder }},
		{"lost", "all", func(send func([]byte), _, fourth []byte) { send(fourth) },
			func(r *bench.Result) int { return r.Lost }},
		{"conflated", "latest", func(send func([]byte), _, fourth []byte) { send(fourth) },
			func(r *bench.Result) int { return r.Conflated }},
		{"another's event", "all", func(send func([]byte), third, fourth []byte) {
			send(third)
			send(fourth)
			send(bytes.Replace(fourth, []byte(`-0","progress"`), []byte(`-1","progress"`), 1))
		}, func(r *bench.Result) int { return r.Unasked }},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := start(t, nodetest.Options{}, doctor(t, c.mistake))
			r, err := f.run(t, t.Context(), "fanout", func(o *bench.Options) {
				o.Watchers, o.Rate, o.Deliver = watchers, 100, c.deliver
			})
			if err != nil || c.count(r) != watchers {
				t.Errorf("%d found: %v: %+v", c.count(r), err, r)
			}
			if r.Clean() != (c.name == "conflated") {
				t.Errorf("clean is %v", r.Clean())
			}
		})
	}
}
