package ws_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/nodetest"
	"github.com/runflow/runflow/ws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type fixture struct {
	*nodetest.Node
	server *ws.Server
	url    string
}

func start(t testing.TB) *fixture {
	t.Helper()
	n := nodetest.Start(t, nodetest.Options{})
	return serve(t, n)
}

// serve puts a WebSocket server on a node.
func serve(t testing.TB, n *nodetest.Node) *fixture {
	t.Helper()
	server := ws.NewServer(ws.Config{View: n.View, Clients: n.Clients, Version: "test", Logger: slog.New(slog.DiscardHandler)})
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Add(1)
	go func() {
		defer running.Done()
		if err := server.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { stop(); running.Wait() })
	h := httptest.NewUnstartedServer(server)
	h.Listener = ws.Listen(h.Listener)
	h.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		server.Drain(ctx, 0)
		h.Close()
	})
	return &fixture{n, server, "ws" + strings.TrimPrefix(h.URL, "http")}
}

// client is a real WebSocket client.
type client struct {
	id   string
	t    testing.TB
	conn *websocket.Conn
	rest []message // of a batch
}

type message struct {
	Event string
	ID    json.RawMessage
	Data  data
	raw   json.RawMessage // Data as it came
}

// data is the members that these tests look at; a data of another form leaves it empty.
type data struct {
	ClientID, TaskID, Code, Detail, Message, Text string
	Progress                                      *float64
	State                                         progress.State
	Seq                                           uint64
	Snapshot                                      bool
	From                                          any
	Lines                                         []string
}

func (m *message) UnmarshalJSON(b []byte) error {
	var frame struct {
		Event    string
		ID, Data json.RawMessage
	}
	if err := json.Unmarshal(b, &frame); err != nil {
		return err
	}
	m.Event, m.ID, m.raw = frame.Event, frame.ID, frame.Data
	_ = json.Unmarshal(frame.Data, &m.Data)
	return nil
}

func (f *fixture) dial(t testing.TB, path string, protocols ...string) *client {
	t.Helper()
	d := websocket.Dialer{Subprotocols: protocols}
	conn, resp, err := d.Dial(f.url+path, nil)
	if err != nil {
		t.Fatalf("dial: %v %v", err, resp)
	}
	t.Cleanup(func() { conn.Close() })
	c := &client{t: t, conn: conn}
	m := c.next()
	if c.id = m.Data.ClientID; m.Event != "connected" || c.id == "" {
		t.Fatalf("first message %+v", m)
	}
	return c
}

func (c *client) send(frame string) {
	c.t.Helper()
	if err := c.conn.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) next() message {
	c.t.Helper()
	if len(c.rest) == 0 {
		_ = c.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		_, b, err := c.conn.ReadMessage()
		if err != nil {
			c.t.Fatal(err)
		}
		if b[0] != '[' {
			b = fmt.Appendf(nil, "[%s]", b)
		}
		if err := json.Unmarshal(b, &c.rest); err != nil {
			c.t.Fatalf("frame %s: %v", b, err)
		}
	}
	m := c.rest[0]
	c.rest = c.rest[1:]
	return m
}

func (c *client) expect(event string) message {
	c.t.Helper()
	m := c.next()
	if m.Event != event {
		c.t.Fatalf("got %+v, not %s", m, event)
	}
	return m
}

func TestSnapshotLiveAndLog(t *testing.T) {
	f := start(t)
	f.Task(t, "a")
	f.Report(t, "a", 10)
	c := f.dial(t, "")
	c.send(`{"event":"subscribe","id":7,"data":{"taskId":"a","logs":true}}`)
	if m := c.expect("subscribed"); string(m.ID) != "7" {
		t.Fatalf("id %s", m.ID)
	}
	if m := c.expect("progress"); !m.Data.Snapshot || *m.Data.Progress != 10 {
		t.Fatalf("snapshot %+v", m)
	}
	f.Report(t, "a", 20)
	if m := c.expect("progress"); m.Data.Snapshot || *m.Data.Progress != 20 {
		t.Fatalf("live %+v", m)
	}
	if _, err := f.Service.SubmitLog("a", progress.LogChunk{Lines: []string{"x", "y"}}).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if m := c.expect("log"); m.Data.From != 1.0 || len(m.Data.Lines) != 2 {
		t.Fatalf("log %+v", m)
	}
	c.send(`{"event":"unsubscribe","data":{"taskId":"a"}}`)
	c.expect("unsubscribed")
	f.Report(t, "a", 30)
	c.send(`{"event":"ping","data":{"text":"1"}}`)
	c.expect("pong")
}

func TestAddressSubscribes(t *testing.T) {
	f := start(t)
	f.Task(t, "a")
	f.Task(t, "b")
	for _, protocol := range []string{"", "runflow.v1.json", "runflow.v1.batch"} {
		c := f.dial(t, "?taskId=a&taskId=b&since=0", protocol)
		c.expect("subscribed")
		if m := c.expect("progress"); m.Data.TaskID != "a" || m.Data.Snapshot || m.Data.Progress != nil {
			t.Fatalf("replay %+v", m)
		}
		c.expect("progress")
	}
}

// TestFullSpeed has watchers of each protocol see every event of a task that reports as fast as it can.
func TestFullSpeed(t *testing.T) {
	f := start(t)
	f.Task(t, "a")
	const reports = 2000
	var clients sync.WaitGroup
	for _, path := range []string{"?taskId=a&since=0", "?taskId=a&since=0&deliver=all"} {
		for _, protocol := range []string{"runflow.v1.json", "runflow.v1.batch"} {
			c := f.dial(t, path, protocol)
			clients.Add(1)
			go func() {
				defer clients.Done()
				c.expect("subscribed")
				seen, last := 0, uint64(0)
				for {
					m := c.expect("progress")
					if m.Data.Seq <= last {
						t.Errorf("seq %d after %d", m.Data.Seq, last)
					}
					last = m.Data.Seq
					seen++
					if m.Data.State.Final() {
						break
					}
				}
				if strings.Contains(path, "all") && seen != reports+2 {
					t.Errorf("%s %s saw %d events", path, protocol, seen)
				}
			}()
		}
	}
	for i := range reports {
		f.Report(t, "a", float64(i)/reports*100)
	}
	if _, err := f.Service.Apply(t.Context(), "a", progress.Report{State: progress.Succeeded}); err != nil {
		t.Fatal(err)
	}
	clients.Wait()
}

func TestBadFramesAreAnswered(t *testing.T) {
	f := start(t)
	c := f.dial(t, "")
	for frame, code := range map[string]string{
		`nonsense`:                        "invalid_request",
		`{}`:                              "invalid_request",
		`[]`:                              "invalid_request",
		`{"event":"subscribe"}`:           "invalid_request",
		`{"event":"subscribe","data":{}}`: "invalid_request",
		`{"event":"subscribe","data":{"taskId":5}}`:                            "invalid_request",
		`{"event":"subscribe","data":{"taskId":"a b"}}`:                        "invalid_request",
		`{"event":"subscribe","data":{"taskId":"a","deliver":"some"}}`:         "invalid_request",
		`{"event":"subscribe","data":{"all":true,"taskId":"a"}}`:               "invalid_request",
		`{"event":"subscribe","data":{"filter":{"state":"odd"}}}`:              "invalid_request",
		`{"event":"subscribe","data":{"taskId":"missing"}}`:                    "task_not_found",
		`{"event":"subscribe","data":{"taskId":"missing","since":3}}`:          "task_not_found",
		`{"event":"dance","id":{"a":1},"data":null}`:                           "invalid_request",
		`{"event":"subscribe","data":{"taskIds":[` + ids(129) + `]}}`:          "invalid_request",
		`{"event":"subscribe","data":{"filter":{"label":["no equals sign"]}}}`: "invalid_request",
	} {
		c.send(frame)
		if m := c.expect("error"); m.Data.Code != code || m.Data.Detail == "" {
			t.Errorf("%s: got %+v", frame, m.Data)
		}
	}
	c.send(`{"event":"message","id":"x","data":{"text":"hello"}}`)
	if m := c.expect("message"); m.Data.Text != "hello" || string(m.ID) != `"x"` {
		t.Errorf("echo %+v", m)
	}
}

func ids(n int) string {
	s := make([]string, n)
	for i := range s {
		s[i] = fmt.Sprintf(`"id-%d"`, i)
	}
	return strings.Join(s, ",")
}

func TestOtherOriginIsRefused(t *testing.T) {
	f := start(t)
	_, resp, err := websocket.DefaultDialer.Dial(f.url, http.Header{"Origin": {"https://elsewhere.example"}})
	if err == nil || resp.StatusCode != http.StatusForbidden {
		t.Fatalf("got %v, %v", resp, err)
	}
}

func TestTooLargeFrameCloses(t *testing.T) {
	f := start(t)
	c := f.dial(t, "")
	c.send(`{"event":"message","data":"` + strings.Repeat("x", 65<<10) + `"}`)
	_, _, err := c.conn.ReadMessage()
	if !websocket.IsCloseError(err, websocket.CloseMessageTooBig) {
		t.Fatalf("got %v", err)
	}
}

func TestDrainSaysGoingAway(t *testing.T) {
	f := start(t)
	c := f.dial(t, "")
	f.server.Drain(t.Context(), 10*time.Millisecond)
	_, _, err := c.conn.ReadMessage()
	if !websocket.IsCloseError(err, websocket.CloseGoingAway) {
		t.Fatalf("got %v", err)
	}
	if f.server.Len() != 0 {
		t.Fatalf("%d sessions left", f.server.Len())
	}
}
