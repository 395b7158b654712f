package ws

import (
	"reflect"
	"slices"
	"sync"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/watch"
)

// subscriptions is what one session watches. Safe for concurrent use.
type subscriptions struct {
	mu      sync.Mutex
	ids     map[string]struct{}
	filters []*watch.Filter
}

// add takes a subscription over, unless the session would watch more than max tasks and filters.
func (s *subscriptions) add(sub *watch.Subscription, max int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.ids) + len(s.filters)
	if sub.Filter != nil {
		n++
	}
	for _, id := range sub.IDs {
		if _, there := s.ids[id]; !there {
			n++
		}
	}
	if n > max {
		return progress.Invalid("data", "would be more than %d subscriptions on this connection", max)
	}
	if sub.Filter != nil {
		s.filters = append(s.filters, sub.Filter)
		return nil
	}
	if s.ids == nil {
		s.ids = make(map[string]struct{})
	}
	for _, id := range sub.IDs {
		s.ids[id] = struct{}{}
	}
	return nil
}

func (s *subscriptions) remove(sub *watch.Subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range sub.IDs {
		delete(s.ids, id)
	}
	if sub.Filter != nil {
		s.filters = slices.DeleteFunc(s.filters, func(f *watch.Filter) bool { return reflect.DeepEqual(f, sub.Filter) })
	}
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
