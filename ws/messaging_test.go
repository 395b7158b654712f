package ws_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/runflow/runflow/progress/nodetest"
)

// messagingData is the data of what clients send each other.
type messagingData struct {
	Room, From string
	Data       json.RawMessage
	Delivered  *int
	Clients    []struct{ ID, Node, Transport string }
}

func (c *client) expectMessaging(event string) messagingData {
	c.t.Helper()
	m := c.expect(event)
	var d messagingData
	if err := json.Unmarshal(m.raw, &d); err != nil {
		c.t.Fatal(err)
	}
	return d
}

// pair is two nodes on one NATS, and a client of each.
func pair(t *testing.T) (a, b *fixture, ca, cb *client) {
	t.Helper()
	a = start(t)
	n := nodetest.Start(t, nodetest.Options{Server: a.Server})
	b = serve(t, n)
	ca, cb = a.dial(t, ""), b.dial(t, "")
	nodetest.Eventually(t, "the nodes know each other", func() bool {
		list, err := a.Clients.List(t.Context())
		return err == nil && len(list) == 2
	})
	return a, b, ca, cb
}

func TestRoomsAcrossNodes(t *testing.T) {
	a, _, ca, cb := pair(t)
	third := a.dial(t, "")
	for _, c := range []*client{ca, cb, third} {
		c.send(`{"event":"join","data":{"room":"team"}}`)
		if d := c.expectMessaging("joined"); d.Room != "team" {
			t.Fatalf("joined %+v", d)
		}
	}
	ca.send(`{"event":"room","id":1,"data":{"room":"team","data":{"text":"hello"}}}`)
	if d := ca.expectMessaging("sent"); *d.Delivered != 2 {
		t.Errorf("delivered to %d", *d.Delivered)
	}
	for _, c := range []*client{cb, third} {
		if d := c.expectMessaging("room"); d.Room != "team" || d.From != ca.id || string(d.Data) != `{"text":"hello"}` {
			t.Errorf("got %+v", d)
		}
	}
	cb.send(`{"event":"leave","data":{"room":"team"}}`)
	cb.expect("left")
	ca.send(`{"event":"room","data":{"room":"team","data":1}}`)
	if d := ca.expectMessaging("sent"); *d.Delivered != 1 {
		t.Errorf("delivered to %d after one left", *d.Delivered)
	}
}

func TestPrivateAcrossNodes(t *testing.T) {
	_, _, ca, cb := pair(t)
	ca.send(fmt.Sprintf(`{"event":"private","data":{"to":%q,"data":"psst"}}`, cb.id))
	if d := ca.expectMessaging("sent"); *d.Delivered != 1 {
		t.Errorf("delivered to %d", *d.Delivered)
	}
	if d := cb.expectMessaging("private"); d.From != ca.id || string(d.Data) != `"psst"` {
		t.Errorf("got %+v", d)
	}
	for _, to := range []string{"nobody", cb.id + "0", "n0000000000-0", "a.b", "*"} {
		ca.send(fmt.Sprintf(`{"event":"private","data":{"to":%q,"data":1}}`, to))
		if m := ca.expect("error"); m.Data.Code != "client_not_found" {
			t.Errorf("to %q: %+v", to, m)
		}
	}
}

func TestNotificationsAndClients(t *testing.T) {
	a, _, ca, cb := pair(t)
	if n, err := a.Clients.Notify(t.Context(), "", "", json.RawMessage(`{"text":"all"}`)); n != 2 || err != nil {
		t.Errorf("notified %d: %v", n, err)
	}
	for _, c := range []*client{ca, cb} {
		if m := c.expect("notification"); m.Data.Text != "all" {
			t.Errorf("got %+v", m)
		}
	}
	if n, err := a.Clients.Notify(t.Context(), cb.id, "", json.RawMessage(`{"text":"one"}`)); n != 1 || err != nil {
		t.Errorf("notified %d: %v", n, err)
	}
	cb.expect("notification")
	ca.send(`{"event":"clients"}`)
	d := ca.expectMessaging("clients")
	if len(d.Clients) != 2 || d.Clients[0].Node == d.Clients[1].Node || d.Clients[0].Transport != "websocket" {
		t.Errorf("clients %+v", d.Clients)
	}
}

// TestFloodOfMessagesIsBounded sends far more to a client that does not read than it is kept for.
func TestFloodOfMessagesIsBounded(t *testing.T) {
	f := start(t)
	sender, silent := f.dial(t, ""), f.dial(t, "")
	big := make([]byte, 32<<10)
	for i := range big {
		big[i] = 'x'
	}
	refused := 0
	for range 2000 {
		sender.send(fmt.Sprintf(`{"event":"private","data":{"to":%q,"data":%q}}`, silent.id, big))
		if m := sender.next(); m.Event == "error" {
			refused++
		}
	}
	if refused == 0 {
		t.Error("nothing was refused")
	}
}
