package watch

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/runflow/runflow/progress"
)

// Filter chooses tasks. The zero value chooses all.
type Filter struct {
	States []progress.State  // any of these
	Flow   string            // of this flow
	Labels map[string]string // each of these
	Text   string            // title or id contains it, whatever the case
}

// Match tells whether a task is chosen now.
func (f *Filter) Match(t progress.Task) bool {
	return (len(f.States) == 0 || slices.Contains(f.States, t.Status.State)) && f.matchSpec(t.Spec)
}

// matchSpec tells whether a task can be chosen, in whatever state.
func (f *Filter) matchSpec(sp *progress.Spec) bool {
	if f.Flow != "" && sp.Flow != f.Flow {
		return false
	}
	for k, v := range f.Labels {
		if have, ok := sp.Labels[k]; !ok || have != v {
			return false
		}
	}
	return f.Text == "" || containsFold(sp.Title, f.Text) || containsFold(sp.ID, f.Text)
}

func containsFold(s, part string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(part))
}

// Key is the same for filters that choose the same: watchers with one key are asked for once.
func (f *Filter) Key() string {
	states := slices.Clone(f.States)
	slices.Sort(states)
	labels := make([]string, 0, len(f.Labels))
	for k, v := range f.Labels {
		labels = append(labels, k+"\x00"+v)
	}
	sort.Strings(labels)
	return fmt.Sprintf("%q %q %q %q", states, f.Flow, labels, f.Text)
}
