// Package clients knows who is connected, over whatever transport and on whatever node, and carries messages between
// clients: rooms, private messages, notifications. Nothing of it is stored; who is not there gets nothing, and the sender
// is told how many did.
//
// A client's id begins with the id of its node, so that a private message goes straight there; a node that is gone is
// known at once. Messages of one sender reach one receiver in order.
package clients
