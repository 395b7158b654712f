package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"time"
)

const (
	dialTimeout = 15 * time.Second
	perSource   = 25_000 // connections from one address: an address has 28,000 ports as Linux comes
	sendBuffer  = 64 << 10
)

// ErrNotLocal: the server is not on this machine, and nobody said that it may be loaded all the same.
var ErrNotLocal = errors.New("is not an address of this machine; --yes-really loads it all the same")

// target is the one server that a run loads. Its address is looked up once.
type target struct {
	url *url.URL
	at  netip.AddrPort
}

// newTarget finds the server. Of several addresses it takes the first that answers.
func newTarget(ctx context.Context, address string, yesReally bool) (*target, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, fmt.Errorf("%q is not the URL of a server", address)
	}
	port := map[string]uint64{"http": 80, "https": 443}[u.Scheme]
	if p := u.Port(); p != "" {
		if port, err = strconv.ParseUint(p, 10, 16); err != nil {
			return nil, fmt.Errorf("%q is not a port", p)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil {
		return nil, err
	}
	for _, ip := range ips {
		if !ip.Unmap().IsLoopback() && !yesReally {
			return nil, fmt.Errorf("%s (%s) %w", u.Hostname(), ip.Unmap(), ErrNotLocal)
		}
	}
	t := &target{url: u}
	for _, ip := range ips {
		t.at = netip.AddrPortFrom(ip.Unmap(), uint16(port))
		var conn net.Conn
		if conn, err = t.dial(ctx, 0); err == nil {
			return t, conn.Close()
		}
	}
	return nil, fmt.Errorf("no server at %s: %w", address, err)
}

// dial connects to the server. Connections beyond 25,000 to a loopback address come from other loopback addresses.
func (t *target) dial(ctx context.Context, number int) (net.Conn, error) {
	var d net.Dialer
	if n := number / perSource; n > 0 && t.at.Addr().Is4() && t.at.Addr().IsLoopback() {
		d.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(1+n))}
	}
	conn, err := d.DialContext(ctx, "tcp", t.at.String())
	if tcp, ok := conn.(*net.TCPConn); ok {
		// Linux lets 4 MB wait for a server that does not read: reports would be sent that are far from stored.
		err = tcp.SetWriteBuffer(sendBuffer)
	}
	return conn, err
}

// socket is the address of the WebSocket.
func (t *target) socket() string {
	u := *t.url.JoinPath("ws")
	u.Scheme = map[string]string{"http": "ws", "https": "wss"}[t.url.Scheme]
	return u.String()
}
