package ws

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"unicode/utf8"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/watch"
)

// request is one frame of a client's.
type request struct {
	Event string          `json:"event"`
	ID    json.RawMessage `json:"id"` // a string or a number, given back with the answer
	Data  json.RawMessage `json:"data"`
}

// connected is the first message to a client.
type connected struct {
	ClientID  string `json:"clientId"`
	Heartbeat int    `json:"heartbeat"` // seconds between pings
	Server    string `json:"server"`
}

// subscribeData is the data of subscribe and unsubscribe.
type subscribeData struct {
	TaskID  string      `json:"taskId"`
	TaskIDs []string    `json:"taskIds"`
	Filter  *filterData `json:"filter"`
	All     bool        `json:"all"`
	Since   *uint64     `json:"since"`
	Logs    bool        `json:"logs"`
	Deliver string      `json:"deliver"`
	Wait    bool        `json:"wait"`
}

// filterData is a filter: a state may be one or a list, a label "k=v", a list of those, or an object.
type filterData struct {
	State oneOrMore       `json:"state"`
	Flow  string          `json:"flow"`
	Label json.RawMessage `json:"label"`
}

type oneOrMore []string

func (o *oneOrMore) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		*o = make(oneOrMore, 1)
		return json.Unmarshal(b, &(*o)[0])
	}
	return json.Unmarshal(b, (*[]string)(o))
}

// parseRequest reads a frame.
func parseRequest(frame []byte) (request, error) {
	var r request
	if !utf8.Valid(frame) { // it would be passed on to others, whose clients close the connection for it
		return r, progress.Invalid("frame", "is not UTF-8")
	}
	if err := json.Unmarshal(frame, &r); err != nil {
		return r, progress.Invalid("frame", `is not JSON of the form {"event":…,"data":…}: %v`, err)
	}
	if id := bytes.TrimSpace(r.ID); len(id) > 0 && id[0] != '"' && id[0] != '-' && (id[0] < '0' || id[0] > '9') {
		r.ID = nil
		return r, progress.Invalid("id", "is neither a string nor a number")
	}
	return r, nil
}

// target reads what a subscribe or unsubscribe names.
func (d *subscribeData) target() (*watch.Subscription, error) {
	sub := &watch.Subscription{IDs: d.TaskIDs, Since: d.Since, Logs: d.Logs, Wait: d.Wait}
	if d.TaskID != "" {
		sub.IDs = append(sub.IDs, d.TaskID)
	}
	for _, id := range sub.IDs {
		if !progress.ValidID(id) {
			return nil, progress.Invalid("taskId", "is not 1 to 64 of A-Z, a-z, 0-9, _ and -")
		}
	}
	switch d.Deliver {
	case "", "latest":
	case "all":
		sub.Deliver = watch.All
	default:
		return nil, progress.Invalid("deliver", "is %q, not latest or all", d.Deliver)
	}
	switch {
	case d.All && d.Filter != nil || (d.All || d.Filter != nil) && len(sub.IDs) > 0:
		return nil, progress.Invalid("data", "names more than one of taskId or taskIds, filter, all")
	case d.All:
		sub.Filter = &watch.Filter{}
	case d.Filter != nil:
		f, err := d.Filter.filter()
		if err != nil {
			return nil, err
		}
		sub.Filter = f
	case len(sub.IDs) == 0:
		return nil, progress.Invalid("data", "names nothing: give taskId, taskIds, filter or all")
	}
	return sub, nil
}

func (d *filterData) filter() (*watch.Filter, error) {
	f := &watch.Filter{Flow: d.Flow}
	for _, s := range d.State {
		state, err := progress.ParseState(s)
		if err != nil {
			return nil, progress.Invalid("filter.state", "%v", err)
		}
		f.States = append(f.States, state)
	}
	if len(d.Label) == 0 {
		return f, nil
	}
	if json.Unmarshal(d.Label, &f.Labels) == nil {
		return f, nil
	}
	var labels oneOrMore
	if err := json.Unmarshal(d.Label, &labels); err != nil {
		return nil, progress.Invalid("filter.label", `is not "k=v", a list of those, or an object`)
	}
	f.Labels = make(map[string]string, len(labels))
	for _, l := range labels {
		k, v, ok := bytes.Cut([]byte(l), []byte("="))
		if !ok {
			return nil, progress.Invalid("filter.label", "%q has no =", l)
		}
		f.Labels[string(k)] = string(v)
	}
	return f, nil
}

// fromAddress reads a subscription out of /ws?taskId=A&taskId=B&since=SEQ&logs=1&deliver=all&wait=1; false when there is none.
func fromAddress(q url.Values) (*subscribeData, bool, error) {
	d := &subscribeData{TaskIDs: q["taskId"], Deliver: q.Get("deliver")}
	if len(d.TaskIDs) == 0 {
		return nil, false, nil
	}
	if s := q.Get("since"); s != "" {
		since, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			return nil, false, progress.Invalid("since", "is not a seq: %q", s)
		}
		d.Since = &since
	}
	for name, to := range map[string]*bool{"logs": &d.Logs, "wait": &d.Wait} {
		if s := q.Get(name); s != "" {
			v, err := strconv.ParseBool(s)
			if err != nil {
				return nil, false, progress.Invalid(name, "is neither true nor false: %q", s)
			}
			*to = v
		}
	}
	return d, true, nil
}

// frame encodes a message of the server's own.
func frame(event string, id json.RawMessage, data any) []byte {
	b, err := json.Marshal(struct {
		Event string          `json:"event"`
		ID    json.RawMessage `json:"id,omitempty"`
		Data  any             `json:"data"`
	}{event, id, data})
	if err != nil { // data came in as JSON, or is one of our own structs
		return []byte(fmt.Sprintf(`{"event":"error","data":{"code":"internal","detail":%q}}`, event))
	}
	return b
}
