package clients

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/watch"
)

// MaxWaiting is how many messages may wait in a client's outbox before further ones from other clients are dropped, and
// not counted as delivered.
const MaxWaiting = 256

// Client is one connection.
type Client struct {
	ID            string
	Transport     string // websocket, sse, ndjson or socketio
	Remote        string // its address
	Since         time.Time
	Outbox        *watch.Watcher
	Subscriptions func() int // how many tasks and filters it watches; called from any goroutine

	rooms map[string]struct{} // guarded by Registry.mu
}

// Info is what others may know of a client.
type Info struct {
	ID            string        `json:"id"`
	Transport     string        `json:"transport"`
	Node          string        `json:"node"`
	Remote        string        `json:"remote"`
	Since         progress.Time `json:"since"`
	Subscriptions int           `json:"subscriptions"`
	Rooms         []string      `json:"rooms"`
	Queued        int           `json:"queued"`    // messages that wait to be sent
	Conflated     uint64        `json:"conflated"` // events left out as the client was behind
}

// newID makes the id of a client of a node.
func newID(node string) string {
	return node + "-" + strings.ReplaceAll(uuid.NewString(), "-", "")
}

// NodeID makes the id of a node.
func NodeID() string { return "n" + strings.ReplaceAll(uuid.NewString(), "-", "")[:10] }

// nodeOf is the node of a client, as its id tells.
func nodeOf(id string) string {
	node, _, _ := strings.Cut(id, "-")
	return node
}

func (c *Client) info(node string) Info {
	rooms := make([]string, 0, len(c.rooms))
	for room := range c.rooms {
		rooms = append(rooms, room)
	}
	slices.Sort(rooms)
	return Info{
		ID: c.ID, Transport: c.Transport, Node: node, Remote: c.Remote, Since: progress.At(c.Since),
		Subscriptions: c.Subscriptions(), Rooms: rooms, Queued: c.Outbox.Depth(), Conflated: c.Outbox.Conflated(),
	}
}
