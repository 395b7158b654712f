// Package bench loads a RunFlow server with watchers and reports, and judges what the watchers get.
//
//	pace or window ─► stream (NDJSON over HTTP) ─► the server ─► watcher (WebSocket) ─► judge
//	                                               usage: its CPU and memory, when it runs on this machine
//
// Run runs one scenario of Scenarios. What each measures is told in docs/bench.md.
//
// # Guarantees
//
//   - Load goes to the one address given, which is looked up once; no proxy, no redirect. One that is not loopback is
//     refused unless Options.YesReally (TestOtherMachinesAreRefused).
//   - A run is bounded in count and time, and ends its tasks, also when it is interrupted (TestInterrupted).
//   - Every event that the log has is accounted for at every watcher: delivered, conflated or lost (package judge).
//   - Times are measured by one clock, this process's: the report carries when it was due to be sent.
//
// The caller owes a server that stores every report as an event of its own (serve --report-rate 0) when more than its
// report rate is asked for; else reports are folded, which the result says.
package bench
