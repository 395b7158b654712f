// Package worker runs flow tasks: it takes them from the queue, runs their steps as child processes, and reports what
// they say.
//
//	queue ─► Worker ─► attempt ─► step ─► proc (the child, its terminal, its tree of processes)
//	                                └───► output (detect: lines to the log, progress to the status)
//
// # Guarantees
//
//   - A task runs on one worker at a time; its lease is renewed every five seconds and lost after thirty without.
//   - A task becomes final only after the last process of its steps is gone and its last log line is stored.
//   - A task whose worker died is tried again, or failed as lost, as its flow says; never both and never neither.
//   - A parameter reaches a step by its environment or as part of one argument, never as part of a script.
package worker
