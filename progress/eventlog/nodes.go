package eventlog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/runflow/runflow/progress"
)

const (
	helloEvery = 2 * time.Second
	nodeGone   = 3 * helloEvery  // a node that was not heard of for so long is not waited for
	askTimeout = 2 * time.Second // for all nodes to answer

	fromHeader = "Runflow-From" // the node that asks
)

// Nodes is this node's place among the others on one NATS: who is there, and questions to one or all of them. Nothing of
// it is stored. Safe for concurrent use.
type Nodes struct {
	nc *nats.Conn
	id string

	mu       sync.Mutex
	seen     map[string]time.Time // other nodes, when they were last heard of
	handlers map[string]func(data []byte) []byte
}

// Nodes makes this node known under an id, which must be a subject token. Register what it answers by Handle, then Run it.
func (l *Log) Nodes(id string) *Nodes {
	return &Nodes{nc: l.nc, id: id, seen: map[string]time.Time{}, handlers: map[string]func([]byte) []byte{}}
}

// ID is this node's id.
func (n *Nodes) ID() string { return n.id }

// Handle answers questions by fn, which must not block. Call it before Run.
func (n *Nodes) Handle(question string, fn func(data []byte) []byte) { n.handlers[question] = fn }

// Run takes part until ctx ends, and says goodbye.
func (n *Nodes) Run(ctx context.Context) error {
	var subs []*nats.Subscription
	defer func() {
		for _, sub := range subs {
			_ = sub.Unsubscribe()
		}
	}()
	on := func(subj string, fn nats.MsgHandler) error {
		sub, err := n.nc.Subscribe(subj, fn)
		if err != nil {
			return fmt.Errorf("subscribe to %s: %w", subj, err)
		}
		subs = append(subs, sub)
		return nil
	}
	err := errors.Join(on("runflow.bus.hello", n.hello), on("runflow.bus.bye", func(m *nats.Msg) { n.forget(string(m.Data)) }))
	for question, fn := range n.handlers {
		answer := func(m *nats.Msg) {
			if m.Header.Get(fromHeader) != n.id { // our own question: Ask has answered it
				_ = m.Respond(fn(m.Data)) // the asker may be gone
			}
		}
		err = errors.Join(err, on("runflow.bus.all."+question, answer), on("runflow.bus.node."+n.id+"."+question, answer))
	}
	if err != nil {
		return err
	}
	_ = n.nc.PublishRequest("runflow.bus.hello", "new", []byte(n.id))
	tick := time.NewTicker(helloEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = n.nc.Publish("runflow.bus.hello", []byte(n.id)) // a lost connection comes back; until then nobody is there
		case <-ctx.Done():
			_ = n.nc.Publish("runflow.bus.bye", []byte(n.id))
			return nil
		}
	}
}

// hello notes another node; one that is new is greeted at once.
func (n *Nodes) hello(m *nats.Msg) {
	id := string(m.Data)
	if id == n.id {
		return
	}
	n.mu.Lock()
	n.seen[id] = time.Now()
	n.mu.Unlock()
	if m.Reply != "" {
		_ = n.nc.Publish("runflow.bus.hello", []byte(n.id))
	}
}

func (n *Nodes) forget(id string) {
	n.mu.Lock()
	delete(n.seen, id)
	n.mu.Unlock()
}

// others is how many other nodes are there.
func (n *Nodes) others() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	for id, at := range n.seen {
		if time.Since(at) > nodeGone {
			delete(n.seen, id)
		}
	}
	return len(n.seen)
}

// Ask asks every node, this one too, and answers what they said: when all that are known have, or after two seconds
// those that had by then.
func (n *Nodes) Ask(ctx context.Context, question string, data []byte) ([][]byte, error) {
	own := n.handlers[question](data)
	answers := [][]byte{own}
	others := n.others()
	if others == 0 {
		return answers, nil
	}
	inbox := n.nc.NewRespInbox()
	sub, err := n.nc.SubscribeSync(inbox)
	if err != nil {
		return nil, fmt.Errorf("ask all nodes: %w: %w", progress.ErrUnavailable, err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	msg := &nats.Msg{Subject: "runflow.bus.all." + question, Reply: inbox, Data: data, Header: nats.Header{fromHeader: {n.id}}}
	if err := n.nc.PublishMsg(msg); err != nil {
		return nil, fmt.Errorf("ask all nodes: %w: %w", progress.ErrUnavailable, err)
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	for range others {
		m, err := sub.NextMsgWithContext(ctx)
		if err != nil {
			break
		}
		answers = append(answers, m.Data)
	}
	return answers, nil
}

// AskNode asks one node. progress.ErrNotFound when it is not there.
func (n *Nodes) AskNode(ctx context.Context, node, question string, data []byte) ([]byte, error) {
	if node == n.id {
		return n.handlers[question](data), nil
	}
	if !progress.ValidID(node) {
		return nil, progress.ErrNotFound
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	m, err := n.nc.RequestWithContext(ctx, "runflow.bus.node."+node+"."+question, data)
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return nil, progress.ErrNotFound
	case err != nil:
		return nil, fmt.Errorf("ask node %s: %w: %w", node, progress.ErrUnavailable, err)
	}
	return m.Data, nil
}
