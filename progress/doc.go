// Package progress is RunFlow's domain: what a task is, how reports fold into its status, and the Service through which
// everything that changes a task goes. It knows no HTTP, no WebSocket and no NATS; package progress/eventlog stores the
// events, progress/watch shows them to watchers, progress/worker runs the steps of flows.
//
// # Usage
//
//	svc := progress.NewService(progress.Config{Log: log, Queue: queue, Flows: catalog})
//	task, created, err := svc.Create(ctx, progress.Draft{Title: "Nightly import"})
//	seq, err := svc.Apply(ctx, task.Spec.ID, progress.Report{Progress: &percent})
//
// # Guarantees
//
//   - Checked, stored, answered, in this order: a change that Apply acknowledged is in the log.
//   - A task's events are totally ordered: two writers, on whatever nodes, cannot both follow the same event.
//   - A final state is stored exactly once, after the task's last log line, and nothing follows it (ErrEnded).
//   - Every status event holds the whole status: the newest is enough to show the task.
//   - Within an attempt progress never goes down, unless a Report says Reset.
//
// # What is not guaranteed
//
//   - That each report becomes an event of its own: above the report rate they are folded into the next that is stored.
//   - That an acknowledged event survives the loss of the disk's power, unless the log syncs always or is replicated.
package progress
