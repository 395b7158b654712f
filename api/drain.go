package api

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// streams knows the requests that live long, so that they end when the server stops.
type streams struct {
	ctx  context.Context // ends when the drain begins
	stop context.CancelFunc

	mu     sync.Mutex
	window time.Duration // over which those who come back shall spread
	open   int
	empty  chan struct{} // closed by the last one that leaves a drain; nil while nobody waits
}

func (st *streams) init() { st.ctx, st.stop = context.WithCancel(context.Background()) }

// enter counts a stream in, until leave is called. errDraining once the drain has begun.
func (st *streams) enter() (leave func(), err error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.ctx.Err() != nil {
		return nil, errDraining
	}
	st.open++
	return func() {
		st.mu.Lock()
		defer st.mu.Unlock()
		if st.open--; st.open == 0 && st.empty != nil {
			close(st.empty)
			st.empty = nil
		}
	}, nil
}

// draining is closed when the drain begins.
func (st *streams) draining() <-chan struct{} { return st.ctx.Done() }

// retry is after how long one client shall come back.
func (st *streams) retry() time.Duration {
	st.mu.Lock()
	defer st.mu.Unlock()
	return minRetry + rand.N(max(st.window, 1))
}

// minRetry is how long a client that was sent away leaves the server alone.
const minRetry = 500 * time.Millisecond

// Drain ends all streams and refuses new ones: readyz answers 503, an SSE client is told to come back at a moment spread
// over the window, a long poll is answered with what is, an upload with what was stored of it. Drain returns when the last
// one has ended, or ctx has. Other requests are answered as before. Call it once.
func (s *Server) Drain(ctx context.Context, window time.Duration) error {
	st := &s.streams
	st.mu.Lock()
	st.window = window
	st.stop()
	if st.open == 0 {
		st.mu.Unlock()
		return nil
	}
	empty := make(chan struct{})
	st.empty = empty
	st.mu.Unlock()
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
