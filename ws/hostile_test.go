package ws_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/runflow/runflow/progress/nodetest"
)

// stuff sends echoes and reads none, until neither side takes any more.
func stuff(t *testing.T, c *client) {
	t.Helper()
	frame := `{"event":"message","data":"` + strings.Repeat("x", 60<<10) + `"}`
	raw := c.conn.UnderlyingConn().(*net.TCPConn)
	_ = raw.SetReadBuffer(4 << 10)
	for range 2000 {
		_ = c.conn.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
		if c.conn.WriteMessage(websocket.TextMessage, []byte(frame)) != nil {
			return
		}
	}
	t.Fatal("the server reads on from a client that takes nothing")
}

func TestDrainOfAClientThatNeverReads(t *testing.T) {
	f := start(t)
	stuff(t, f.dial(t, ""))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	f.server.Drain(ctx, 0)
	if ctx.Err() != nil {
		t.Error("the drain did not end by itself")
	}
	nodetest.Eventually(t, "the session is gone", func() bool { return f.server.Len() == 0 })
}

func TestDisconnectOfAClientThatNeverReads(t *testing.T) {
	f := start(t)
	c := f.dial(t, "")
	stuff(t, c)
	_ = c.conn.UnderlyingConn().(*net.TCPConn).SetLinger(0) // a reset, as of a machine that is gone
	c.conn.Close()
	nodetest.Eventually(t, "the session is gone", func() bool { return f.server.Len() == 0 })
}

func TestBytesThatAreNoTextGoNowhere(t *testing.T) {
	f := start(t)
	a, b := f.dial(t, ""), f.dial(t, "")
	for _, c := range []*client{a, b} {
		c.send(`{"event":"join","data":{"room":"r"}}`)
		c.expect("joined")
	}
	a.send("{\"event\":\"room\",\"data\":{\"room\":\"r\",\"data\":\"\xff\"}}")
	if m := a.expect("error"); m.Data.Code != "invalid_request" {
		t.Errorf("got %+v", m)
	}
	a.send(`{"event":"room","data":{"room":"r","data":{"text":"next"}}}`)
	if m := b.expect("room"); !strings.Contains(string(m.raw), "next") {
		t.Errorf("got %s", m.raw)
	}
}

// TestUnsubscribeOvertakesAReplay: nothing live follows, although the unsubscribe came before the replay was over.
func TestUnsubscribeOvertakesAReplay(t *testing.T) {
	f := start(t)
	f.Task(t, "a")
	for range 3000 {
		f.Report(t, "a", 1)
	}
	c := f.dial(t, "")
	c.send(`{"event":"subscribe","data":{"all":true,"since":0}}`)
	c.send(`{"event":"unsubscribe","data":{"all":true}}`)
	for c.next().Event != "unsubscribed" {
	}
	c.send(`{"event":"ping","id":1}`)
	for c.next().Event != "pong" { // what was on its way
	}
	nodetest.Eventually(t, "the subscription is gone", func() bool {
		list, err := f.Clients.List(t.Context())
		return err == nil && list[0].Subscriptions == 0 && list[0].Queued == 0
	})
	f.Report(t, "a", 2)
	f.View.Sync(t.Context())
	c.send(`{"event":"ping","id":2}`)
	for m := c.next(); string(m.ID) != "2"; m = c.next() {
		if m.Data.Progress != nil && *m.Data.Progress == 2 {
			t.Fatalf("a live event after the unsubscribe: %+v", m)
		}
	}
}
