//go:build unix

package ws

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"
)

// TestNothingComesBetweenTheHalvesOfAWrite: what tryWrite has begun is finished before melody's next frame.
func TestNothingComesBetweenTheHalvesOfAWrite(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	reader, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	conn, err := Listen(l).Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	w := wireOf(conn)
	w.limit()
	big := bytes.Repeat([]byte{'a'}, 16<<20) // more than the system holds for a reader who waits
	n, locked := w.tryWrite(big)
	if n == 0 || n == len(big) || !locked {
		t.Fatalf("%d of %d bytes were taken, locked %v", n, len(big), locked)
	}
	var writers sync.WaitGroup
	writers.Add(2)
	go func() { // as melody's ping, which has been waiting since before the rest
		defer writers.Done()
		if _, err := conn.Write([]byte("b")); err != nil {
			t.Error(err)
		}
	}()
	if again, locked := w.tryWrite([]byte("c")); again != 0 || locked {
		t.Errorf("a second write took %d bytes", again)
	}
	go func() {
		defer writers.Done()
		if err := w.finish(big[n:], locked); err != nil {
			t.Error(err)
		}
	}()
	got := make([]byte, len(big)+1)
	if _, err := io.ReadFull(reader, got); err != nil {
		t.Fatal(err)
	}
	writers.Wait()
	if !bytes.Equal(got[:len(big)], big) || got[len(big)] != 'b' {
		t.Errorf("the other writer's byte came at %d of %d", bytes.IndexByte(got, 'b'), len(big))
	}
}
