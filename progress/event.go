package progress

import "sync"

// Kind is what an event tells; it is the last token of the event's subject in the log.
type Kind string

const (
	KindSpec    Kind = "spec"    // the task was created
	KindStatus  Kind = "status"  // its status moved on
	KindLog     Kind = "log"     // lines were added to its log
	KindDeleted Kind = "deleted" // it was removed, with all its events
)

// Event is one entry of the event log, shared by everyone who reads it: nobody changes one.
type Event struct {
	Seq    uint64
	TaskID string
	Kind   Kind
	At     Time
	Task   Task // of KindSpec and KindStatus
	Log    *LogChunk

	encoded sync.Once
	frame   []byte
}

// LogChunk is a run of log lines that were stored together.
type LogChunk struct {
	From   int      `json:"from"` // the number of its first line; a task's first is 1
	Lines  []string `json:"lines"`
	Step   string   `json:"step,omitempty"`
	Stream string   `json:"stream,omitempty"` // stdout or stderr where they are known apart
}

// Next is the number of the line after the chunk.
func (c *LogChunk) Next() int { return c.From + len(c.Lines) }

// Frame is the event as every watcher gets it, {"event":…,"data":…}: encoded once, whoever asks first. The caller must
// not change it. A deleted task has none.
func (e *Event) Frame() []byte {
	e.encoded.Do(func() {
		switch e.Kind {
		case KindSpec, KindStatus:
			e.frame = ProgressFrame(e.Task, e.Kind == KindSpec, false, false)
		case KindLog:
			e.frame = logFrame(e)
		}
	})
	return e.frame
}

// Name is the event name that a client sees: progress or log.
func (e *Event) Name() string {
	if e.Kind == KindLog {
		return "log"
	}
	return "progress"
}

// Data is the data member of Frame alone, for transports that carry the name beside it.
func (e *Event) Data() []byte { return FrameData(e.Frame()) }

// Final tells whether this is the last event of its task.
func (e *Event) Final() bool { return e.Kind == KindStatus && e.Task.Status.State.Final() }

// LogSize is about how many bytes the lines of a log event take.
func (e *Event) LogSize() int { return e.Log.size() }
