// Package ws is RunFlow's WebSocket: the protocol of docs/protocol.md over melody sessions.
//
//	client ─► melody ─► Session.handle ─► request ─► watch.View
//	client ◄─ melody ◄─ Session.pump   ◄─ outbox  ◄─ watch.Hub
//
// # Guarantees
//
//   - Every frame to a client goes through its one outbox (a watch.Watcher), in order: an answer, then what follows from it.
//   - melody's own buffer, which drops what does not fit, is never full: no more is handed to it than it has room for.
//   - A bad frame is answered with an error; the connection stays open.
package ws
