package worker

import (
	"bytes"
	"context"
	"io"
	"os"
	"sync"
	"time"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/detect"
	"github.com/runflow/runflow/progress/flow"
)

const (
	handOn     = 100 * time.Millisecond // so often output and progress go to the server, and the progress file is looked at
	chunkBytes = 16 << 10               // or when so many bytes of lines have gathered
	chunkLines = 500
	unstored   = 32       // chunks that may be on their way; then the command's output waits
	fileTail   = 16 << 10 // of the progress file is read
)

// output is what one step says: it takes the bytes of its terminal and its progress file, and hands lines and progress
// on, ten times a second.
type output struct {
	a    *attempt
	step *flow.Step
	file string
	stop chan struct{} // closed by close
	done chan struct{} // closed by follow

	mu      sync.Mutex
	reader  *detect.Reader
	lines   []string
	size    int
	chunks  []*progress.Receipt
	update  *detect.Update // what was said since the last that was handed on
	fromEnd []byte         // the progress file's newest line
	arbiter detect.Arbiter // between terminal and file
	last    *progress.Receipt
}

func newOutput(a *attempt, step *flow.Step, file string) *output {
	o := &output{a: a, step: step, file: file, stop: make(chan struct{}), done: make(chan struct{})}
	o.reader = detect.New(detect.Config{
		Line: func(l detect.Line) { o.addLine(l.Text) }, Update: o.setUpdate, Arbiter: &o.arbiter,
	})
	go o.follow()
	return o
}

var _ io.Writer = (*output)(nil)

// Write takes what the command wrote. It waits while too much of it is not yet stored.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := o.reader.Write(p)
	if len(o.chunks) > unstored {
		for _, r := range o.chunks {
			_, _ = r.Wait(context.Background()) // a refused line is lost with its task
		}
		o.chunks = nil
	}
	return n, err
}

// line adds a line of the worker's own to the log.
func (o *output) line(text string) {
	o.mu.Lock()
	o.addLine(text)
	o.mu.Unlock()
}

func (o *output) addLine(text string) {
	o.lines = append(o.lines, text)
	if o.size += len(text) + 1; o.size >= chunkBytes || len(o.lines) >= chunkLines {
		o.handOnLines()
	}
}

// setUpdate takes over an update; a message stays until the next one.
func (o *output) setUpdate(u detect.Update) {
	if u.Message == "" && o.update != nil {
		u.Message = o.update.Message
	}
	if u.Progress == nil && u.Total == nil && o.update != nil {
		u.Progress, u.Current, u.Total, u.Unit = o.update.Progress, o.update.Current, o.update.Total, o.update.Unit
	}
	o.update = &u
}

// follow hands on what has gathered, until close.
func (o *output) follow() {
	defer close(o.done)
	tick := time.NewTicker(handOn)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			o.handOn()
		case <-o.stop:
			return
		}
	}
}

func (o *output) handOn() {
	o.readFile()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.handOnLines()
	if o.update == nil {
		return
	}
	if o.last != nil { // the server is slower than we are
		select {
		case <-o.last.Done():
		default:
			return
		}
	}
	o.handOnUpdate()
}

func (o *output) handOnLines() {
	if len(o.lines) == 0 {
		return
	}
	r := o.a.w.cfg.Tasks.SubmitLog(o.a.work.ID, progress.LogChunk{Lines: o.lines, Step: o.step.Name})
	o.chunks = append(o.chunks, r)
	o.lines, o.size = nil, 0
	for len(o.chunks) > 0 {
		select {
		case <-o.chunks[0].Done():
			o.chunks = o.chunks[1:]
			continue
		default:
		}
		break
	}
}

func (o *output) handOnUpdate() {
	if o.update == nil {
		return
	}
	u := o.update
	o.update = nil
	if u.Progress == nil && u.Current == nil && u.Total == nil && u.Message == "" {
		return // paused, cleared or unknown: nothing that a status holds
	}
	r := progress.Report{Progress: u.Progress, Current: u.Current, Total: u.Total}
	if u.Unit != "" {
		unit := cut(u.Unit, progress.MaxName)
		r.Unit = &unit
	}
	if u.Message != "" {
		message := cut(u.Message, progress.MaxMessage)
		r.Message = &message
	}
	o.last = o.a.submit(o.step, progress.StepChange{Report: r})
}

// readFile looks for a new line at the end of the progress file, whether it was appended or written over.
func (o *output) readFile() {
	f, err := os.Open(o.file)
	if err != nil {
		return // the step removed it
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return
	}
	if _, err := f.Seek(max(0, info.Size()-fileTail), io.SeekStart); err != nil {
		return
	}
	tail, err := io.ReadAll(io.LimitReader(f, fileTail))
	if err != nil {
		return
	}
	tail = bytes.TrimRight(tail, "\r\n \x00")
	line := tail[bytes.LastIndexByte(tail, '\n')+1:]
	o.mu.Lock()
	defer o.mu.Unlock()
	if bytes.Equal(line, o.fromEnd) {
		return
	}
	o.fromEnd = bytes.Clone(line)
	u, ok := detect.ParseText(string(line))
	if ok {
		u, ok = o.arbiter.Admit(u)
	}
	if ok {
		o.setUpdate(u)
	}
}

// close hands on the rest. Nothing is written after it.
func (o *output) close() {
	close(o.stop)
	<-o.done
	o.readFile()
	o.mu.Lock()
	defer o.mu.Unlock()
	_ = o.reader.Close()
	o.handOnLines()
	o.handOnUpdate()
	for _, r := range o.chunks {
		_, _ = r.Wait(context.Background())
	}
}

// cut shortens a text to some characters.
func cut(s string, most int) string {
	for i := range s {
		if most == 0 {
			return s[:i]
		}
		most--
	}
	return s
}
