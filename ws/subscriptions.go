package ws

import (
	"context"
	"slices"
	"sync"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/watch"
)

// subscriptions is what one session watches. Safe for concurrent use.
type subscriptions struct {
	mu      sync.Mutex
	ids     map[string]struct{}
	filters map[string]*watch.Filter // by key
	replays map[*watch.Subscription]context.CancelFunc
}

// add takes a subscription over, unless the session would watch more than max tasks and filters. It answers what of it is
// new: remove that if the subscription is refused after all.
func (s *subscriptions) add(sub *watch.Subscription, max int) (*watch.Subscription, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	added := &watch.Subscription{}
	if sub.Filter != nil {
		if s.filters[sub.Filter.Key()] == nil {
			added.Filter = sub.Filter
		}
	} else {
		for _, id := range sub.IDs {
			if _, there := s.ids[id]; !there && !slices.Contains(added.IDs, id) {
				added.IDs = append(added.IDs, id)
			}
		}
	}
	more := len(added.IDs)
	if added.Filter != nil {
		more++
	}
	if len(s.ids)+len(s.filters)+more > max {
		return nil, progress.Invalid("data", "would be more than %d subscriptions on this connection", max)
	}
	if s.ids == nil {
		s.ids, s.filters = map[string]struct{}{}, map[string]*watch.Filter{}
	}
	for _, id := range added.IDs {
		s.ids[id] = struct{}{}
	}
	if added.Filter != nil {
		s.filters[added.Filter.Key()] = added.Filter
	}
	return added, nil
}

// remove forgets a subscription, and ends the replay that is under way for just that.
func (s *subscriptions) remove(sub *watch.Subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range sub.IDs {
		delete(s.ids, id)
	}
	if sub.Filter != nil {
		delete(s.filters, sub.Filter.Key())
	}
	for replay, cancel := range s.replays {
		same := sub.Filter != nil && replay.Filter != nil && replay.Filter.Key() == sub.Filter.Key()
		if same || sub.Filter == nil && replay.Filter == nil && slices.Equal(replay.IDs, sub.IDs) {
			cancel()
		}
	}
}

// replaying notes a replay while it is under way: call the answer when it is over.
func (s *subscriptions) replaying(sub *watch.Subscription, cancel context.CancelFunc) (over func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.replays == nil {
		s.replays = map[*watch.Subscription]context.CancelFunc{}
	}
	s.replays[sub] = cancel
	return func() {
		s.mu.Lock()
		delete(s.replays, sub)
		s.mu.Unlock()
		cancel()
	}
}

// missing is what of a subscription the session no longer watches.
func (s *subscriptions) missing(sub *watch.Subscription) *watch.Subscription {
	s.mu.Lock()
	defer s.mu.Unlock()
	gone := &watch.Subscription{}
	if sub.Filter != nil {
		if s.filters[sub.Filter.Key()] == nil {
			gone.Filter = sub.Filter
		}
		return gone
	}
	for _, id := range sub.IDs {
		if _, there := s.ids[id]; !there {
			gone.IDs = append(gone.IDs, id)
		}
	}
	return gone
}

// ended forgets a task that nothing will come of any more.
func (s *subscriptions) ended(id string) {
	s.mu.Lock()
	delete(s.ids, id)
	s.mu.Unlock()
}

// len is how many tasks and filters the session watches.
func (s *subscriptions) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ids) + len(s.filters)
}

// all is everything the session watches.
func (s *subscriptions) all() []*watch.Subscription {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := &watch.Subscription{}
	for id := range s.ids {
		ids.IDs = append(ids.IDs, id)
	}
	subs := []*watch.Subscription{ids}
	for _, f := range s.filters {
		subs = append(subs, &watch.Subscription{Filter: f})
	}
	return subs
}
