package watch

import (
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/runflow/runflow/progress"
)

const (
	pastRuns   = 15      // of each flow, for its typical length
	keepInline = 2 << 10 // bytes of params, metadata and result of an ended task; more stays in the log
)

// Index holds the newest status of every task. Safe for concurrent use.
type Index struct {
	mu     sync.RWMutex
	tasks  map[string]*entry
	order  []*entry // by creation, oldest first
	dead   int      // entries of order that were removed
	active map[string]*entry
	past   map[string][]time.Duration // of each flow, newest last
}

type entry struct {
	task    progress.Task
	created uint64 // seq of the spec
	removed bool
	trimmed bool // task lacks its documents
}

// NewIndex makes an empty index.
func NewIndex() *Index {
	return &Index{tasks: map[string]*entry{}, active: map[string]*entry{}, past: map[string][]time.Duration{}}
}

// Apply takes an event over, and completes its Task with the spec. An event that is older than what the index has
// changes nothing. It answers false for an event of a task that is not known.
func (x *Index) Apply(e *progress.Event) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	en := x.tasks[e.TaskID]
	switch e.Kind {
	case progress.KindSpec:
		if en == nil {
			x.add(&entry{task: e.Task, created: e.Seq})
		}
	case progress.KindStatus:
		if en == nil {
			return false
		}
		e.Task.Spec = en.task.Spec
		if e.Seq > en.task.Seq {
			x.move(en, e.Task)
		}
	case progress.KindDeleted:
		if en != nil && en.created < e.Seq {
			x.remove(en)
		}
	}
	return true
}

func (x *Index) add(en *entry) {
	id := en.task.Spec.ID
	x.tasks[id] = en
	x.active[id] = en
	i := len(x.order)
	for i > 0 && x.order[i-1].created > en.created { // another node's task came in between
		i--
	}
	x.order = slices.Insert(x.order, i, en)
}

func (x *Index) move(en *entry, to progress.Task) {
	en.task = to
	st := to.Status
	if !st.State.Final() {
		return
	}
	delete(x.active, to.Spec.ID)
	if st.State == progress.Succeeded && to.Spec.Flow != "" {
		runs := append(x.past[to.Spec.Flow], st.EndedAt.Sub(st.StartedAt.Time))
		x.past[to.Spec.Flow] = runs[max(0, len(runs)-pastRuns):]
	}
	if len(to.Spec.Params)+len(st.Metadata)+len(st.Result) > keepInline {
		sp, short := *to.Spec, *st
		sp.Params, sp.Metadata, short.Metadata, short.Result = nil, nil, nil, nil
		en.task = progress.Task{Spec: &sp, Status: &short, Seq: to.Seq}
		en.trimmed = true
	}
}

func (x *Index) remove(en *entry) {
	delete(x.tasks, en.task.Spec.ID)
	delete(x.active, en.task.Spec.ID)
	en.removed = true
	if x.dead++; x.dead > 64 && x.dead > len(x.order)/2 {
		x.order = slices.DeleteFunc(x.order, func(en *entry) bool { return en.removed })
		x.dead = 0
	}
}

// Get answers a task. whole is false when its documents were left in the log.
func (x *Index) Get(id string) (t progress.Task, whole, ok bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	en := x.tasks[id]
	if en == nil {
		return progress.Task{}, false, false
	}
	return en.task, !en.trimmed, true
}

// Page is one part of a list, newest first.
type Page struct {
	Tasks []progress.Task
	Next  uint64 // cursor of the next page, 0 when this is the last
}

// List answers the tasks that f chooses, newest first: at most limit, from the cursor on (0: from the newest).
func (x *Index) List(f *Filter, limit int, cursor uint64) Page {
	x.mu.RLock()
	defer x.mu.RUnlock()
	i := len(x.order)
	if cursor > 0 {
		i = sort.Search(len(x.order), func(i int) bool { return x.order[i].created >= cursor })
	}
	var p Page
	var last uint64
	for i--; i >= 0; i-- {
		en := x.order[i]
		if en.removed || !f.Match(en.task) {
			continue
		}
		if len(p.Tasks) == limit {
			p.Next = last
			break
		}
		p.Tasks = append(p.Tasks, en.task)
		last = en.created
	}
	return p
}

// Active answers the tasks that have not ended, in no order.
func (x *Index) Active() []progress.Task {
	x.mu.RLock()
	defer x.mu.RUnlock()
	tasks := make([]progress.Task, 0, len(x.active))
	for _, en := range x.active {
		tasks = append(tasks, en.task)
	}
	return tasks
}

// Ended answers the ids of ended tasks that are kept no longer: those that ended before the time, and the oldest of
// more than keep.
func (x *Index) Ended(before time.Time, keep int) []string {
	x.mu.RLock()
	defer x.mu.RUnlock()
	surplus := len(x.tasks) - len(x.active) - keep
	var ids []string
	for _, en := range x.order {
		if en.removed || !en.task.Status.State.Final() {
			continue
		}
		if surplus > 0 || en.task.Status.EndedAt.Before(before) {
			ids = append(ids, en.task.Spec.ID)
			surplus--
		}
	}
	return ids
}

// Count answers how many tasks there are in each state.
func (x *Index) Count() map[progress.State]int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	n := map[progress.State]int{}
	for _, en := range x.tasks {
		n[en.task.Status.State]++
	}
	return n
}

// Typical is the median length of a flow's past runs, 0 when there are none.
func (x *Index) Typical(flow string) time.Duration {
	x.mu.RLock()
	runs := slices.Clone(x.past[flow])
	x.mu.RUnlock()
	if len(runs) == 0 {
		return 0
	}
	slices.Sort(runs)
	return runs[len(runs)/2]
}
