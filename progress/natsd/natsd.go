//go:build unix

// Package natsd runs the NATS server that holds the event log inside the RunFlow process: no listener, a folder for its
// files, connections that never leave the process. It alone imports nats-server.
package natsd

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/runflow/runflow/progress/folder"
)

const startTimeout = 30 * time.Second // a large log is recovered in this time

// Config says where and how the log is kept.
type Config struct {
	Dir string // made if it is not there
	// SyncAlways has every append flushed to the disk before it is acknowledged. Otherwise the operating system does so
	// in its own time, at the latest after two minutes: a crash of the process loses nothing, one of the machine may.
	SyncAlways bool
	Logger     *slog.Logger
}

// Server is a running embedded server.
type Server struct {
	ns   *server.Server
	lock *os.File
}

// Start locks the folder and starts a server on it. folder.ErrLocked when another process has it.
func Start(cfg Config) (*Server, error) {
	lock, err := folder.Lock(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("open the data folder: %w", err)
	}
	ns, err := server.NewServer(&server.Options{
		ServerName: "runflow", DontListen: true, JetStream: true, StoreDir: cfg.Dir, SyncAlways: cfg.SyncAlways,
		NoSigs: true, MaxPayload: 8 << 20, JetStreamMaxStore: 1 << 50, JetStreamMaxMemory: 1 << 30,
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start embedded NATS: %w", err), lock.Close())
	}
	if cfg.Logger != nil {
		ns.SetLoggerV2(logger{cfg.Logger}, false, false, false)
	}
	ns.Start()
	if !ns.ReadyForConnections(startTimeout) {
		ns.Shutdown()
		return nil, errors.Join(fmt.Errorf("embedded NATS not ready after %s", startTimeout), lock.Close())
	}
	return &Server{ns: ns, lock: lock}, nil
}

// Connect opens a connection inside the process.
func (s *Server) Connect(opts ...nats.Option) (*nats.Conn, error) {
	return nats.Connect("", append(opts, nats.InProcessServer(s.ns))...)
}

// Close stops the server, writes what it holds in memory and unlocks the folder. Close its connections first.
func (s *Server) Close() error {
	s.ns.Shutdown()
	s.ns.WaitForShutdown()
	return s.lock.Close()
}

// logger hands the server's own words on; what it says of its start and stop is for debugging alone.
type logger struct{ l *slog.Logger }

func (g logger) Noticef(f string, v ...any) { g.l.Debug("nats: " + fmt.Sprintf(f, v...)) }
func (g logger) Warnf(f string, v ...any)   { g.l.Warn("nats: " + fmt.Sprintf(f, v...)) }
func (g logger) Fatalf(f string, v ...any)  { g.l.Error("nats: " + fmt.Sprintf(f, v...)) }
func (g logger) Errorf(f string, v ...any)  { g.l.Error("nats: " + fmt.Sprintf(f, v...)) }
func (g logger) Debugf(f string, v ...any)  {}
func (g logger) Tracef(f string, v ...any)  {}
