package bench

import (
	"context"
	"errors"
	"fmt"
)

// oneTask has every watcher watch the run's only task.
func (r *run) oneTask(int) (string, int, int) { return r.watching(0) }

// watching is the subscription to one task.
func (r *run) watching(task int) (string, int, int) {
	return fmt.Sprintf(`"taskId":%q`, r.task(task)), task, 1
}

func (r *run) fanout() error {
	if r.o.Rate == 0 {
		r.inFlight = newInFlight(r.o.InFlight, r.o.Watchers)
	}
	if err := r.prepare(r.o.Watchers, r.oneTask); err != nil {
		return err
	}
	return r.through(r.o.Duration)
}

func (r *run) perTask() error {
	if err := r.prepare(r.o.Tasks*r.o.Watchers, func(i int) (string, int, int) { return r.watching(i / r.o.Watchers) }); err != nil {
		return err
	}
	return r.through(r.o.Duration)
}

func (r *run) dashboards() error {
	err := r.prepare(r.o.Watchers, func(int) (string, int, int) { return `"all":true`, 0, r.o.Tasks })
	if err != nil {
		return err
	}
	return r.through(r.o.Duration)
}

// prepare makes the tasks and connects the watchers.
func (r *run) prepare(watchers int, assign func(i int) (string, int, int)) error {
	if err := r.create(0, r.o.Tasks); err != nil {
		return err
	}
	before := r.sample()
	if err := r.watch(watchers, assign); err != nil {
		r.giveUp(0, r.o.Tasks)
		return err
	}
	r.prepared = true
	if r.process != nil {
		r.result.server().RSSBefore = before.RSS
	}
	return nil
}

// idle has every connection watch one of the tasks. In the end each hears of its task's end: it was served all along.
func (r *run) idle() error {
	err := r.prepare(r.o.Connections, func(i int) (string, int, int) { return r.watching(i % r.o.Tasks) })
	if err != nil {
		return err
	}
	m := r.begin()
	r.pause(r.o.Duration)
	r.finish(m)
	if end := r.sample(); r.process != nil {
		r.result.Idle = &Idle{
			BytesPerConnection: (end.RSS - r.result.Server.RSSBefore) / int64(r.o.Connections),
			WakeupsPerSecond:   float64(end.Switches-m.server.Switches) / end.At.Sub(m.server.At).Seconds(),
		}
	}
	ctx, cancel := context.WithTimeout(r.life, endWithin)
	defer cancel()
	err = each(ctx, r.o.Tasks, func(ctx context.Context, i int) error {
		_, err := r.server.report(ctx, r.task(i), lastReport(nil, 1, r.now()))
		return err
	})
	r.result.Reports = r.o.Tasks
	r.await(r.watchers)
	return err
}

// slow has a share of the watchers stop reading, and read again once the task has ended.
func (r *run) slow() error {
	if err := r.prepare(r.o.Watchers, r.oneTask); err != nil {
		return err
	}
	stalled, others := r.watchers[:int(float64(r.o.Watchers)*r.o.Stall/100)], r.watchers[int(float64(r.o.Watchers)*r.o.Stall/100):]
	m := r.begin()
	loaded := make(chan error, 1)
	go func() { loaded <- r.load(r.o.Warm + r.o.Duration) }()
	r.pause(r.o.Warm)
	before := r.sample()
	hold := &gate{open: make(chan struct{})}
	for _, w := range stalled {
		w.gate.Store(hold)
	}
	err := errors.Join(<-loaded, r.endTasks())
	r.await(others)
	r.finish(m)
	after := r.sample()
	r.letGo(hold)
	r.await(r.watchers) // the others too: whom the stalled ones held up
	s := &Slow{Stalled: len(stalled), StalledSeconds: after.At.Sub(before.At).Seconds(), RSSGrowth: after.RSS - before.RSS}
	if len(stalled) > 0 {
		s.BytesPerStalled = s.RSSGrowth / int64(len(stalled))
	}
	for _, w := range stalled {
		select {
		case <-w.ended:
			s.GotFinal++
		default:
		}
	}
	r.result.Slow = s
	return err
}

// letGo opens a gate.
func (r *run) letGo(g *gate) {
	g.at = r.now()
	close(g.open)
}

// resume cuts every watcher's connection while reports go on, and lets all come back at once.
func (r *run) resume() error {
	if err := r.prepare(r.o.Watchers, r.oneTask); err != nil {
		return err
	}
	m := r.begin()
	loaded := make(chan error, 1)
	go func() { loaded <- r.load(r.o.Warm + r.o.Cut + r.o.Duration) }()
	r.pause(r.o.Warm)
	away := &gate{cut: true, open: make(chan struct{})}
	for _, w := range r.watchers {
		w.gate.Store(away)
		w.hangUp(false)
	}
	r.pause(r.o.Cut)
	r.letGo(away)
	err := errors.Join(<-loaded, r.endTasks())
	r.await(r.watchers)
	r.finish(m)
	return err
}
