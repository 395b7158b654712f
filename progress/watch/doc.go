// Package watch is the reading side of a RunFlow node: the newest status of every task in memory, and the delivery of
// events to whoever watches, over whatever transport.
//
//	log ─► Feed ─► Index   what is; lists and snapshots are read from it
//	          └──► Hub     who wants to know; an event goes to the outbox of each of its watchers
//	                └────► Watcher  an outbox: what a transport has yet to send to one client
//
// # Guarantees
//
//   - A watcher sees strictly increasing seqs, and the final status of every task that it watches.
//   - Between snapshot or replay and live there is neither a gap nor a duplicate.
//   - A watcher that keeps up gets every event. One that falls behind gets the newest status of each task and each change
//     of state (Latest), or is told that it is too slow (All): memory grows with what it watches, never with what it missed.
//   - Nothing that one watcher does delays another.
package watch
