package api

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/clients"
	"github.com/runflow/runflow/progress/flow"
	"github.com/runflow/runflow/progress/watch"
)

// Tasks is what changes tasks; *progress.Service is one.
type Tasks interface {
	Create(ctx context.Context, d progress.Draft) (task progress.Task, created bool, err error)
	Submit(id string, c progress.Change) *progress.Receipt
	SubmitLog(id string, lines progress.LogChunk) *progress.Receipt
	Apply(ctx context.Context, id string, c progress.Change) (seq uint64, err error)
	Rerun(ctx context.Context, id string) (progress.Task, error)
	Delete(ctx context.Context, id string) error
}

// Log is where the lines of a task's log are read; *eventlog.Log is one.
type Log interface {
	Lines(ctx context.Context, id string, from int, fn func(*progress.Event) error) error
	LastLine(ctx context.Context, id string) (int, error)
}

// Flows is what can be started; *flow.Catalog is one.
type Flows interface {
	Lookup(name string) (*flow.Flow, bool)
	List() []*flow.Flow
}

// Pages are the pages for people; package web has them. One that is nil is answered 404.
type Pages struct {
	Dashboard http.Handler // GET /
	Console   http.Handler // GET /websocket
	Task      http.Handler // GET /tasks/{id} for a browser; nil: it gets JSON too
	Assets    http.Handler // GET /assets/*, with the whole path
}

// Config is what a Server works with. Tasks, View, Log, Flows and Clients are needed.
type Config struct {
	Tasks   Tasks
	View    *watch.View
	Log     Log
	Flows   Flows
	Clients *clients.Registry

	WebSocket http.Handler                    // GET /ws; nil: 404
	Pages     Pages                           // nil ones: 404
	Ready     func(ctx context.Context) error // whether an event can be stored and delivered; nil: always
	Version   string                          // as /healthz tells it
	Logger    *slog.Logger                    // nil: slog.Default()
	Metrics   *prometheus.Registry            // what /metrics shows besides the API's own; nil: a new one

	MaxReport int           // bytes of one report; 0: 64 KiB
	MaxBody   int           // bytes of one JSON document that may hold many reports or a draft; 0: 1 MiB
	MaxLine   int           // bytes of one log line, longer ones are split; 0: 8 KiB
	Heartbeat time.Duration // a quiet stream says that it lives so often; 0: 15 s
	Patience  time.Duration // a watcher that does not read is dropped after this; 0: 30 s
}

// Server answers HTTP. Safe for concurrent use.
type Server struct {
	cfg     Config
	echo    *echo.Echo
	streams streams
	metrics *metrics
}

// New makes a Server. It starts no goroutine. Call Drain when it shall stop.
func New(cfg Config) *Server {
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Metrics == nil {
		cfg.Metrics = prometheus.NewRegistry()
	}
	if cfg.Ready == nil {
		cfg.Ready = func(context.Context) error { return nil }
	}
	orDefault(&cfg.MaxReport, 64<<10)
	orDefault(&cfg.MaxBody, 1<<20)
	orDefault(&cfg.MaxLine, 8<<10)
	orDefault(&cfg.Heartbeat, 15*time.Second)
	orDefault(&cfg.Patience, 30*time.Second)
	s := &Server{cfg: cfg, echo: echo.New(), metrics: newMetrics(cfg.Metrics, cfg.View, cfg.Clients)}
	s.streams.init()
	s.echo.Logger.SetOutput(io.Discard) // what it has to say comes back as an error
	s.echo.HTTPErrorHandler = s.fail
	s.echo.Use(s.identify, s.observe, s.contain, s.ownOrigin)
	for _, r := range s.routes() {
		s.echo.Add(r.method, r.path, r.handler)
	}
	return s
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

type headKey struct{}

// ServeHTTP implements http.Handler. HEAD is answered as GET is; net/http leaves the body out.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead {
		r = r.WithContext(context.WithValue(r.Context(), headKey{}, true))
		r.Method = http.MethodGet
	}
	s.echo.ServeHTTP(w, r)
}

// isHead tells a request that must not begin a stream.
func isHead(r *http.Request) bool { return r.Context().Value(headKey{}) != nil }
