package ws

import (
	"bytes"
	"errors"
	"sync"

	"github.com/runflow/runflow/progress/watch"
)

const (
	maxTake     = 64       // messages that leave in one write
	maxInFlight = 16       // frames handed to melody that it has not yet written, where there is no wire
	batchBytes  = 64 << 10 // a frame of the batch protocol ends when it is larger
)

var writeBuffers = sync.Pool{New: func() any { b := make([]byte, 0, 4<<10); return &b }}

// pump sends what waits in the outbox. It is called when something waits, from any goroutine, and never blocks: what the
// client's connection does not take at once is finished in a goroutine of its own, and gathers meanwhile.
func (s *Session) pump() {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.busy || s.conn == nil:
	case s.wire == nil:
		s.pumpMelody()
	default:
		s.pumpWire()
	}
}

// pumpWire writes without waiting. The caller holds mu.
func (s *Session) pumpWire() {
	buf := writeBuffers.Get().(*[]byte)
	*buf = s.takeLocked((*buf)[:0])
	n, locked := 0, false
	if len(*buf) > 0 {
		n, locked = s.wire.tryWrite(*buf)
	}
	if n == len(*buf) && s.outbox.Empty() {
		giveBack(buf)
		return
	}
	s.busy = true
	go s.finish(buf, n, locked)
}

// finish writes what is left, and whatever has gathered by then, until nothing waits.
func (s *Session) finish(buf *[]byte, from int, locked bool) {
	defer giveBack(buf)
	for {
		if err := s.wire.finish((*buf)[from:], locked); err != nil {
			s.cancel()         // its read loop may be waiting for room in the outbox, which nobody makes any more
			_ = s.wire.Close() // the read loop notices, and ends the session
			return             // busy for ever: nothing more can be sent
		}
		from, locked = 0, false
		s.mu.Lock()
		*buf = s.takeLocked((*buf)[:0])
		if len(*buf) == 0 {
			s.busy = false
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
	}
}

// takeLocked appends frames of the messages that wait, at most maxTake.
func (s *Session) takeLocked(b []byte) []byte {
	msgs := s.take(maxTake)
	if s.batch && len(msgs) > 1 {
		for _, frame := range batches(msgs) {
			b = appendFrame(b, frame)
		}
		return b
	}
	for i := range msgs {
		b = appendFrame(b, msgs[i].Frame())
	}
	return b
}

// take takes messages out of the outbox; it closes the connection of a client that wanted everything and is too slow.
func (s *Session) take(most int) []watch.Message {
	msgs, err := s.outbox.Take(most)
	if errors.Is(err, watch.ErrSlow) {
		go s.close(closeSlow, "fell behind; resume by since")
		return nil
	}
	for i := range msgs {
		if msgs[i].Final() {
			s.subs.ended(msgs[i].TaskID())
		}
	}
	s.told = s.told || len(msgs) > 0
	return msgs
}

// pumpMelody hands frames to melody, no more than its buffer holds, and again when all of them are written. The caller
// holds mu.
func (s *Session) pumpMelody() {
	var frames [][]byte
	if msgs := s.take(maxInFlight); s.batch && len(msgs) > 1 {
		frames = batches(msgs)
	} else {
		for i := range msgs {
			frames = append(frames, msgs[i].Frame())
		}
	}
	s.inFlight = len(frames)
	s.busy = s.inFlight > 0
	for _, frame := range frames {
		if s.conn.Write(frame) != nil {
			s.cancel() // the connection has closed
			return
		}
	}
}

// sent is called by melody after each frame that it has written.
func (s *Session) sent() {
	s.mu.Lock()
	s.inFlight--
	last := s.inFlight == 0
	if last {
		s.busy = false
	}
	s.mu.Unlock()
	if last {
		s.pump()
	}
}

// batches packs messages into JSON arrays, at most as many as there are messages.
func batches(msgs []watch.Message) [][]byte {
	var frames [][]byte
	var b bytes.Buffer
	for i := range msgs {
		frame := msgs[i].Frame()
		if b.Len() > 0 && b.Len()+len(frame) > batchBytes {
			b.WriteByte(']')
			frames = append(frames, bytes.Clone(b.Bytes()))
			b.Reset()
		}
		if b.Len() == 0 {
			b.WriteByte('[')
		} else {
			b.WriteByte(',')
		}
		b.Write(frame)
	}
	b.WriteByte(']')
	return append(frames, b.Bytes())
}

// giveBack returns a buffer, unless it has grown large.
func giveBack(buf *[]byte) {
	if cap(*buf) <= batchBytes {
		writeBuffers.Put(buf)
	}
}
