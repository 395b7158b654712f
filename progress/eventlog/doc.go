// Package eventlog keeps RunFlow's events in NATS JetStream: the log of all tasks, the queue of flow tasks that wait for a
// worker, and the bus between nodes. It works alike on the embedded server and on a cluster.
//
//	stream          subjects                                    kept
//	RUNFLOW         runflow.task.<id>.{spec,status,log,deleted} until the task is removed
//	RUNFLOW_WORK    runflow.work.<flow>.<id>                    until a worker has ended the task
//	RUNFLOW_KEYS    runflow.key.<hash>                          24 hours
//	RUNFLOW_PROBE   runflow.probe                               the last one
//	(no stream)     runflow.bus.>                               not at all
//
// An append carries the seq of the task's newest event of any kind (Nats-Expected-Last-Subject-Sequence over
// runflow.task.<id>.*), so a task's spec, statuses and log lines are one ordered chain whoever writes it, and nothing can
// slip in behind a final status.
package eventlog
