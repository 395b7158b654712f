package watch

import "github.com/runflow/runflow/progress"

// Message is one thing to be sent to one client: an event that it watches, a snapshot, or an answer of the transport's.
type Message struct {
	Event *progress.Event // nil for a snapshot and for an answer
	Name  string          // progress, log, or the answer's
	Seq   uint64          // 0 for an answer
	frame []byte          // of an answer
	now   progress.Task   // of a snapshot
	gap   bool            // events before the snapshot are lost
	task  string
	state progress.State
	tries int
}

// Frame is the message as JSON, {"event":…,"data":…}. It is shared by all who get the event: nobody changes it.
func (m *Message) Frame() []byte {
	switch {
	case m.frame != nil:
		return m.frame
	case m.Event != nil:
		return m.Event.Frame()
	}
	return progress.ProgressFrame(m.now, true, true, m.gap)
}

// Data is the data member of the frame.
func (m *Message) Data() []byte { return progress.FrameData(m.Frame()) }

// Final tells whether nothing follows for the message's task.
func (m *Message) Final() bool { return m.state.Final() }

// TaskID is the task that the message tells of, empty for an answer.
func (m *Message) TaskID() string { return m.task }

// Answer makes a message of a frame that a transport encoded itself.
func Answer(name string, frame []byte) Message { return Message{Name: name, frame: frame} }

func eventMessage(e *progress.Event) Message {
	m := Message{Event: e, Name: e.Name(), Seq: e.Seq, task: e.TaskID}
	if e.Task.Status != nil {
		m.state, m.tries = e.Task.Status.State, e.Task.Status.Attempt
	}
	return m
}

func snapshotMessage(t progress.Task, gap bool) Message {
	return Message{
		Name: "progress", Seq: t.Seq, now: t, gap: gap, task: t.Spec.ID, state: t.Status.State, tries: t.Status.Attempt,
	}
}

// replaces tells whether a slow watcher may get m alone in place of old: the same task, and no change of state between.
func (m *Message) replaces(old *Message) bool {
	return m.task == old.task && m.Name == old.Name && m.state == old.state && m.tries == old.tries
}
