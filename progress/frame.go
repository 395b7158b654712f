package progress

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// ProgressFrame encodes a task's whole status as the message that watchers get. whole adds what does not change in the
// task's life (title, flow, labels, parent, createdAt) and the metadata, which has a size of its own: a snapshot and a task's first event carry it. gap says that
// events before this one are no longer kept.
func ProgressFrame(t Task, whole, snapshot, gap bool) []byte {
	st := t.Status
	b := make([]byte, 0, 320)
	b = append(b, `{"event":"progress","data":{"taskId":"`...) // ids need no escaping
	b = append(b, t.Spec.ID...)
	b = append(b, `","progress":`...)
	b = appendNumber(b, st.Progress)
	b = append(b, `,"message":`...)
	b = appendString(b, st.Message)
	b = append(b, `,"state":"`...)
	b = append(b, st.State...)
	b = append(b, `","seq":`...)
	b = strconv.AppendUint(b, t.Seq, 10)
	b = append(b, `,"at":`...)
	b = st.UpdatedAt.AppendJSON(b)
	b = append(b, `,"attempt":`...)
	b = strconv.AppendInt(b, int64(st.Attempt), 10)
	b = appendMember(b, "step", st.Step)
	b = appendMember(b, "unit", st.Unit)
	b = appendMember(b, "reason", string(st.Reason))
	b = appendMember(b, "error", st.Error)
	b = appendNumberMember(b, "current", st.Current)
	b = appendNumberMember(b, "total", st.Total)
	b = appendNumberMember(b, "rate", st.Rate)
	b = appendTimeMember(b, "eta", st.ETA)
	b = appendTimeMember(b, "startedAt", st.StartedAt)
	b = appendTimeMember(b, "endedAt", st.EndedAt)
	if st.Stalled {
		b = append(b, `,"stalled":true`...)
	}
	if len(st.Result) > 0 {
		b = append(append(b, `,"result":`...), st.Result...)
	}
	if len(st.Steps) > 0 {
		b = appendSteps(b, st.Steps)
	}
	if whole {
		b = appendSpec(b, t.Spec)
		if len(st.Metadata) > 0 {
			b = append(append(b, `,"metadata":`...), st.Metadata...)
		}
	}
	if snapshot {
		b = append(b, `,"snapshot":true`...)
	}
	if gap {
		b = append(b, `,"gap":true`...)
	}
	return append(b, "}}"...)
}

func appendSpec(b []byte, sp *Spec) []byte {
	b = appendMember(b, "title", sp.Title)
	b = appendMember(b, "flow", sp.Flow)
	b = appendMember(b, "parent", sp.Parent)
	b = appendTimeMember(b, "createdAt", sp.CreatedAt)
	if len(sp.Labels) > 0 {
		b = append(b, `,"labels":`...)
		b = appendJSON(b, sp.Labels)
	}
	return b
}

func appendSteps(b []byte, steps []Step) []byte {
	b = append(b, `,"steps":[`...)
	for i := range steps {
		s := &steps[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"name":`...)
		b = appendString(b, s.Name)
		b = append(b, `,"state":"`...)
		b = append(b, s.State...)
		b = append(b, `","progress":`...)
		b = appendNumber(b, s.Progress)
		b = appendMember(b, "message", s.Message)
		if s.Weight != 0 {
			b = appendNumberMember(b, "weight", &s.Weight)
		}
		if len(s.Needs) > 0 {
			b = append(b, `,"needs":`...)
			b = appendJSON(b, s.Needs)
		}
		b = append(b, `,"startedAt":`...)
		b = s.StartedAt.AppendJSON(b)
		b = append(b, `,"endedAt":`...)
		b = s.EndedAt.AppendJSON(b)
		if s.ExitCode != nil {
			b = append(b, `,"exitCode":`...)
			b = strconv.AppendInt(b, int64(*s.ExitCode), 10)
		}
		b = append(b, '}')
	}
	return append(b, ']')
}

func logFrame(e *Event) []byte {
	b := make([]byte, 0, 128)
	b = append(b, `{"event":"log","data":{"taskId":"`...)
	b = append(b, e.TaskID...)
	b = append(b, `","seq":`...)
	b = strconv.AppendUint(b, e.Seq, 10)
	b = append(b, `,"at":`...)
	b = e.At.AppendJSON(b)
	b = appendMember(b, "step", e.Log.Step)
	b = appendMember(b, "stream", e.Log.Stream)
	b = append(b, `,"from":`...)
	b = strconv.AppendInt(b, int64(e.Log.From), 10)
	b = append(b, `,"lines":[`...)
	for i, line := range e.Log.Lines {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, line)
	}
	return append(b, "]}}"...)
}

// FrameData is the data member of a frame {"event":NAME,"data":DATA}.
func FrameData(frame []byte) []byte {
	const mark = `,"data":`
	i := bytes.Index(frame, []byte(mark))
	return frame[i+len(mark) : len(frame)-1]
}

func appendMember(b []byte, name, s string) []byte {
	if s == "" {
		return b
	}
	return appendString(appendName(b, name), s)
}

func appendNumberMember(b []byte, name string, f *float64) []byte {
	if f == nil {
		return b
	}
	return appendNumber(appendName(b, name), f)
}

func appendTimeMember(b []byte, name string, t Time) []byte {
	if t.IsZero() {
		return b
	}
	return t.AppendJSON(appendName(b, name))
}

func appendName(b []byte, name string) []byte {
	b = append(b, `,"`...)
	b = append(b, name...)
	return append(b, `":`...)
}

func appendNumber(b []byte, f *float64) []byte {
	switch {
	case f == nil:
		return append(b, "null"...)
	case *f == float64(int64(*f)) && *f < 1e15 && *f > -1e15:
		return strconv.AppendInt(b, int64(*f), 10)
	}
	return appendJSON(b, *f)
}

// appendString is json.Marshal's string, with a short cut for what needs no escaping.
func appendString(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' || c == 0xE2 {
			return appendJSON(b, s)
		}
	}
	if !utf8.ValidString(s) {
		return appendJSON(b, s)
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// appendJSON marshals what cannot fail: strings, finite numbers, and maps and slices of strings.
func appendJSON(b []byte, v any) []byte {
	j, err := json.Marshal(v)
	if err != nil {
		return append(b, "null"...)
	}
	return append(b, j...)
}
