package judge

import (
	"bytes"
	"strconv"
)

// Event is one progress event, as far as the judge needs it.
type Event struct {
	Task     int    // number of the task; -1 for one of somebody else
	Seq      uint64 // 0: the message is no progress event
	Index    int    // of the report that it tells of, the first is 1; 0 when it tells of none
	Sent     int64  // when that report was sent, as it says itself
	State    byte   // first letter of the state
	Snapshot bool
	Gap      bool
}

// Final tells whether nothing may follow for the task.
func (e *Event) Final() bool { return e.State == 's' || e.State == 'f' || e.State == 'c' }

const (
	messageStart  = `{"event":"`
	progressStart = `{"event":"progress"`
)

// Split cuts the next message off a frame, which holds one or an array of them. No message is left when it answers nil.
// The mark cannot stand inside a string: its quotes would be escaped there.
func Split(frame []byte) (message, rest []byte) {
	i := bytes.Index(frame, []byte(messageStart))
	if i < 0 {
		return nil, nil
	}
	frame = frame[i:]
	if j := bytes.Index(frame[1:], []byte(messageStart)); j >= 0 {
		return frame[:j+1], frame[j+1:]
	}
	return frame, nil
}

// Name is the event name of a message.
func Name(message []byte) string {
	name := message[len(messageStart):]
	if i := bytes.IndexByte(name, '"'); i >= 0 {
		return string(name[:i])
	}
	return ""
}

// Scanner reads the messages of one run, whose tasks are named PREFIX0, PREFIX1, … Safe for concurrent use.
type Scanner struct{ task []byte }

// NewScanner makes a scanner for tasks whose ids are prefix and a number.
func NewScanner(prefix string) Scanner { return Scanner{[]byte(prefix)} }

// Parse reads a message. ok is false when it is no progress event.
func (s Scanner) Parse(message []byte) (e Event, ok bool) {
	if !bytes.HasPrefix(message, []byte(progressStart)) {
		return e, false
	}
	id := value(message, `"taskId":"`)
	e.Task = -1
	if rest, mine := bytes.CutPrefix(id, s.task); mine {
		e.Task = int(number(rest))
	}
	e.Seq = number(value(message, `"seq":`))
	if state := value(message, `"state":"`); len(state) > 1 {
		e.State = state[0]
		if bytes.HasPrefix(state, []byte("canceling")) {
			e.State = 'C'
		}
	}
	e.Snapshot = bytes.Contains(message, []byte(`"snapshot":true`))
	e.Gap = e.Snapshot && bytes.Contains(message, []byte(`"gap":true`))
	if e.Task >= 0 {
		text := value(message, `"message":"`+mark)
		e.Index = int(number(text))
		if i := bytes.IndexByte(text, ' '); i >= 0 {
			e.Sent = int64(number(text[i+1:]))
		}
	}
	return e, e.Seq > 0
}

// mark begins the message of a report of ours: "b INDEX NANOSECONDS".
const mark = "b "

// AppendReport appends the message that Parse reads: a report's index, when it was sent, and x until it is size bytes long.
func AppendReport(b []byte, index int, sent int64, size int) []byte {
	start := len(b)
	b = append(b, mark...)
	b = strconv.AppendInt(b, int64(index), 10)
	b = append(b, ' ')
	b = strconv.AppendInt(b, sent, 10)
	if len(b)-start < size {
		b = append(b, ' ')
	}
	for len(b)-start < size {
		b = append(b, 'x')
	}
	return b
}

// value is what stands behind a key.
func value(message []byte, key string) []byte {
	i := bytes.Index(message, []byte(key))
	if i < 0 {
		return nil
	}
	return message[i+len(key):]
}

// number reads the digits at the head of b, 0 when there are none.
func number(b []byte) (n uint64) {
	for _, c := range b {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + uint64(c-'0')
	}
	return n
}
