// Package judge decides what a watcher got: from the frames alone, with no JSON decoder and no memory of the events, so
// that a load generator can run it on every message.
//
//	frame ─► Split ─► Scanner.Parse ─► Event ─► Watcher.Take ─► Record
//	                                     └────► Truth.Add   ─► Truth.Judge(Record) ─► Verdict
//
// A Record holds how many events of a task a watcher got and a sum over their seqs; a Truth holds the events that the log
// has. Both are compared once, at the end.
//
// # Guarantees
//
//   - An event that comes twice, comes late, follows the final one, or never comes is found (TestFaultsAreFound).
//   - Events that a slow watcher was spared (conflated) are no loss, a missing change of state or final status is
//     (TestConflationIsNoLoss).
//
// What it cannot see: of a watcher that was spared events, whether each seq that it got is one of the log's.
package judge
