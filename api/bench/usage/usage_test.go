package usage_test

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"runtime"
	"testing"

	"github.com/runflow/runflow/api/bench/usage"
)

// TestFind finds this process by a socket that it listens on, and reads what it uses.
func TestFind(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p, err := usage.Find(0, netip.MustParseAddrPort(l.Addr().String()))
	if runtime.GOOS != "linux" {
		if !errors.Is(err, usage.ErrUnknown) {
			t.Errorf("got %v", err)
		}
		return
	}
	if err != nil || p.Pid != os.Getpid() {
		t.Fatalf("found %+v, %v", p, err)
	}
	before, err := p.Sample()
	if err != nil || before.RSS < 1<<20 || before.Switches == 0 {
		t.Fatalf("sample %+v, %v", before, err)
	}
	begun := usage.Self()
	for usage.Self()-begun < 50_000_000 { // burn
	}
	after, err := p.Sample()
	if used := after.CPU - before.CPU; err != nil || used < 30_000_000 {
		t.Errorf("used %v, %v", used, err)
	}
	if _, err := usage.Find(0, netip.MustParseAddrPort("127.0.0.1:1")); !errors.Is(err, usage.ErrUnknown) {
		t.Errorf("nobody listens there: %v", err)
	}
	if _, err := usage.Find(1<<29, netip.AddrPort{}); !errors.Is(err, usage.ErrUnknown) {
		t.Errorf("there is no such process: %v", err)
	}
	if usage.RaiseFiles() < 64 {
		t.Error("no files")
	}
}
