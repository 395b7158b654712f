package bench

import "sync/atomic"

// window bounds a load by what has arrived: a report is in flight until every watcher has got it or one behind it.
const window = 1024 // reports whose arrivals are counted at a time

type inFlight struct {
	watchers int64
	tokens   chan struct{} // one for each report that may be sent; pass sends, the reporter receives
	arrived  [window]atomic.Int64
}

func newInFlight(reports, watchers int) *inFlight {
	w := &inFlight{watchers: int64(watchers), tokens: make(chan struct{}, reports)}
	for range reports {
		w.tokens <- struct{}{}
	}
	return w
}

// pass notes that a watcher, which was at one report, has come to another.
func (w *inFlight) pass(from, to int) {
	for i := from + 1; i <= to; i++ {
		if n := &w.arrived[i%window]; n.Add(1) == w.watchers {
			n.Store(0)
			select {
			case w.tokens <- struct{}{}:
			default: // the load has ended
			}
		}
	}
}
