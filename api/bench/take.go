package bench

import (
	"fmt"
	"time"

	"github.com/runflow/runflow/api/bench/judge"
)

// take judges one frame.
func (w *watcher) take(frame []byte) {
	now := w.run.now()
	for {
		var message []byte
		if message, frame = judge.Split(frame); message == nil {
			return
		}
		e, ok := w.run.scan.Parse(message)
		if !ok {
			if judge.Name(message) == "error" {
				w.run.fail(fmt.Errorf("watcher %d was answered %.300s", w.number, message))
			}
			continue
		}
		w.messages++
		w.event(e, now)
	}
}

func (w *watcher) event(e judge.Event, now int64) {
	if e.Task < 0 {
		w.judge.Take(e)
		return
	}
	var started, final bool
	var from int
	if i := e.Task - w.judge.First; i >= 0 && i < len(w.judge.Records) {
		rec := &w.judge.Records[i]
		started, final, from = rec.Started(), rec.Final(), rec.Index()
	}
	rec, fresh := w.judge.Take(e)
	if rec == nil {
		return
	}
	if !started {
		if w.unseen--; w.unseen == 0 {
			close(w.ready)
		}
	}
	if fresh {
		switch {
		case !w.behind && e.Index > 0:
			w.run.latency.Record(time.Duration(now - e.Sent))
		case w.behind && (e.Sent >= w.quiet || e.Final()):
			w.behind = false
			w.run.catchUp.Record(time.Duration(now - w.heldTill))
		}
	}
	if w.run.inFlight != nil {
		w.run.inFlight.pass(from, rec.Index())
	}
	if !final && rec.Final() {
		if w.open--; w.open == 0 {
			close(w.ended)
		}
	}
}
