package clients

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/watch"
)

const (
	maxRoomName = 64   // characters
	listPage    = 1000 // clients in one node's answer
)

// Nodes is how the registries of all nodes talk to each other; eventlog.Nodes is it.
type Nodes interface {
	ID() string
	Handle(question string, fn func(data []byte) []byte)
	Ask(ctx context.Context, question string, data []byte) ([][]byte, error)
	AskNode(ctx context.Context, node, question string, data []byte) ([]byte, error)
}

// Registry is the clients of this node, and the way to those of the others. Safe for concurrent use.
type Registry struct {
	nodes    Nodes
	maxRooms int

	mu      sync.RWMutex
	clients map[string]*Client
	rooms   map[string]map[*Client]struct{}
	left    uint64 // events left out for clients that have gone
}

// New makes a registry whose clients may be in so many rooms each; 0 is 64. Make it before the nodes Run.
func New(nodes Nodes, maxRooms int) *Registry {
	if maxRooms == 0 {
		maxRooms = 64
	}
	r := &Registry{nodes: nodes, maxRooms: maxRooms, clients: map[string]*Client{}, rooms: map[string]map[*Client]struct{}{}}
	nodes.Handle("deliver", r.onDeliver)
	nodes.Handle("clients", r.onClients)
	return r
}

// Add takes a connection in, and gives it its ID.
func (r *Registry) Add(c *Client) {
	c.ID = newID(r.nodes.ID())
	r.mu.Lock()
	r.clients[c.ID] = c
	r.mu.Unlock()
}

// Remove forgets a connection, and takes it out of its rooms.
func (r *Registry) Remove(c *Client) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.clients[c.ID] == c {
		r.left += c.Outbox.Conflated()
	}
	delete(r.clients, c.ID)
	for room := range c.rooms {
		r.leaveLocked(c, room)
	}
}

// Count is how many clients this node has, by transport, and how many events it ever left out for newer ones because a
// client was behind.
func (r *Registry) Count() (clients map[string]int, conflated uint64) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	clients, conflated = map[string]int{}, r.left
	for _, c := range r.clients {
		clients[c.Transport]++
		conflated += c.Outbox.Conflated()
	}
	return clients, conflated
}

// Join puts a client into a room. An *progress.InvalidError for a bad name or one room too many.
func (r *Registry) Join(c *Client, room string) error {
	if n := utf8.RuneCountInString(room); n == 0 || n > maxRoomName {
		return progress.Invalid("room", "is not a name of 1 to %d characters", maxRoomName)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, in := c.rooms[room]; !in && len(c.rooms) >= r.maxRooms {
		return progress.Invalid("room", "would be more than %d rooms of this connection", r.maxRooms)
	}
	if c.rooms == nil {
		c.rooms = map[string]struct{}{}
	}
	c.rooms[room] = struct{}{}
	if r.rooms[room] == nil {
		r.rooms[room] = map[*Client]struct{}{}
	}
	r.rooms[room][c] = struct{}{}
	return nil
}

// Leave takes a client out of a room, if it is in it.
func (r *Registry) Leave(c *Client, room string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leaveLocked(c, room)
}

func (r *Registry) leaveLocked(c *Client, room string) {
	delete(c.rooms, room)
	delete(r.rooms[room], c)
	if len(r.rooms[room]) == 0 {
		delete(r.rooms, room)
	}
}

// delivery is a message on its way to clients: to one, to a room, or to all.
type delivery struct {
	To    string          `json:"to,omitempty"`
	Room  string          `json:"room,omitempty"`
	From  string          `json:"from,omitempty"` // gets none itself
	Name  string          `json:"name"`
	Frame json.RawMessage `json:"frame"`
}

// Room sends data to every other member of a room, and answers how many got it.
func (r *Registry) Room(ctx context.Context, from, room string, data json.RawMessage) (int, error) {
	frame := encode("room", map[string]any{"room": room, "from": from, "data": data})
	return r.broadcast(ctx, delivery{Room: room, From: from, Name: "room", Frame: frame})
}

// Private sends data to one client. progress.ErrClientNotFound when it is not connected, or takes no more.
func (r *Registry) Private(ctx context.Context, from, to string, data json.RawMessage) error {
	return r.direct(ctx, delivery{To: to, Name: "private", Frame: encode("private", map[string]any{"from": from, "data": data})})
}

// Notify sends a notification to one client, to the members of a room, or, where both are empty, to everyone, and answers
// how many got it. progress.ErrClientNotFound as Private.
func (r *Registry) Notify(ctx context.Context, to, room string, data json.RawMessage) (int, error) {
	d := delivery{To: to, Room: room, Name: "notification", Frame: encode("notification", data)}
	if to != "" {
		return 1, r.direct(ctx, d)
	}
	return r.broadcast(ctx, d)
}

func encode(event string, data any) []byte {
	frame, err := json.Marshal(struct {
		Event string `json:"event"` // first, as progress.FrameData wants it
		Data  any    `json:"data"`
	}{event, data})
	if err != nil { // data came in as JSON
		return []byte(`{"event":"error","data":{"code":"internal","detail":"a message could not be encoded"}}`)
	}
	return frame
}

func (r *Registry) broadcast(ctx context.Context, d delivery) (int, error) {
	question, err := json.Marshal(d)
	if err != nil {
		return 0, err
	}
	answers, err := r.nodes.Ask(ctx, "deliver", question)
	if err != nil {
		return 0, err
	}
	total := 0
	for _, a := range answers {
		var n int
		if json.Unmarshal(a, &n) == nil {
			total += n
		}
	}
	return total, nil
}

func (r *Registry) direct(ctx context.Context, d delivery) error {
	question, err := json.Marshal(d)
	if err != nil {
		return err
	}
	answer, err := r.nodes.AskNode(ctx, nodeOf(d.To), "deliver", question)
	if err == nil && string(answer) != "1" {
		err = progress.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("client %s: %w", d.To, clientError(err))
	}
	return nil
}

// onDeliver gives a message to this node's clients and answers how many took it.
func (r *Registry) onDeliver(data []byte) []byte {
	var d delivery
	if err := json.Unmarshal(data, &d); err != nil {
		return []byte("0")
	}
	m := watch.Answer(d.Name, d.Frame)
	n := 0
	for _, c := range r.receivers(&d) {
		if c.Outbox.TrySend(m, MaxWaiting) {
			n++
		}
	}
	return fmt.Append(nil, n)
}

func (r *Registry) receivers(d *delivery) []*Client {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var to []*Client
	switch {
	case d.To != "":
		if c := r.clients[d.To]; c != nil {
			to = append(to, c)
		}
	case d.Room != "":
		for c := range r.rooms[d.Room] {
			if c.ID != d.From {
				to = append(to, c)
			}
		}
	default:
		for _, c := range r.clients {
			to = append(to, c)
		}
	}
	return to
}

// page is one node's answer to the question who is there.
type page struct {
	Clients []Info `json:"clients"`
	More    bool   `json:"more"`
}

// List answers who is connected, on every node, by id.
func (r *Registry) List(ctx context.Context) ([]Info, error) {
	all := []Info{}
	for offset, more := 0, true; more; offset += listPage {
		answers, err := r.nodes.Ask(ctx, "clients", fmt.Append(nil, offset))
		if err != nil {
			return nil, err
		}
		more = false
		for _, a := range answers {
			var p page
			if err := json.Unmarshal(a, &p); err != nil {
				return nil, fmt.Errorf("decode a node's clients: %w", err)
			}
			all = append(all, p.Clients...)
			more = more || p.More
		}
	}
	slices.SortFunc(all, func(a, b Info) int { return strings.Compare(a.ID, b.ID) })
	return all, nil
}

func (r *Registry) onClients(data []byte) []byte {
	var offset int
	_ = json.Unmarshal(data, &offset) // what is no number begins at the first
	r.mu.RLock()
	ids := make([]string, 0, len(r.clients))
	for id := range r.clients {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	p := page{Clients: []Info{}, More: len(ids) > offset+listPage}
	for _, id := range ids[min(offset, len(ids)):min(offset+listPage, len(ids))] {
		p.Clients = append(p.Clients, r.clients[id].info(r.nodes.ID()))
	}
	r.mu.RUnlock()
	answer, err := json.Marshal(p)
	if err != nil {
		return []byte(`{"clients":[]}`)
	}
	return answer
}

func clientError(err error) error {
	if errors.Is(err, progress.ErrNotFound) {
		return progress.ErrClientNotFound
	}
	return err
}
