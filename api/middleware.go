package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
)

const (
	requestID  = "X-Request-Id"
	statusGone = 499 // in the metrics: the client left before the answer

	streamMark = "runflow.stream" // set for a request that lives long: its length is no latency
)

func stream(c echo.Context) { c.Set(streamMark, true) }

// identify gives each request an id, the client's own if it has a sound one, and each answer the headers that all have.
func (s *Server) identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		id := c.Request().Header.Get(requestID)
		if !soundID(id) {
			id = strconv.FormatUint(rand.Uint64()|1<<63, 36) // unlike others, no secret
		}
		h.Set(requestID, id)
		h.Set("X-Content-Type-Options", "nosniff")
		return next(c)
	}
}

func soundID(id string) bool {
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return false
		}
	}
	return id != "" && len(id) <= 128
}

// observe counts requests, and answers those that failed so that it knows their status.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		if err := next(c); err != nil {
			s.fail(err, c)
		}
		path := c.Path()
		if path == "" {
			path = "none"
		}
		s.metrics.request(c.Request().Method, path, c.Response().Status, time.Since(began), c.Get(streamMark) != nil)
		return nil
	}
}

// contain makes an error of a panic: it costs the request, not the server.
func (s *Server) contain(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			switch p := recover(); {
			case p == nil:
			case isAbort(p):
				panic(p)
			default:
				err = fmt.Errorf("%w: panic: %v\n%s", errInternal, p, debug.Stack())
			}
		}()
		return next(c)
	}
}

func isAbort(p any) bool {
	err, ok := p.(error)
	return ok && errors.Is(err, http.ErrAbortHandler)
}

// reply answers with JSON that no cache keeps.
func reply(c echo.Context, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	write(c, status, "application/json", append(body, '\n'))
	return nil
}

// write sends a whole answer. An error of it is the client's leaving, which concerns nobody.
func write(c echo.Context, status int, contentType string, body []byte) {
	w := c.Response()
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// closeAfter has the connection end with the answer. A request whose body was not read to its end needs that, or net/http
// waits for the rest before it answers; HTTP/2 ends the request's own stream.
func closeAfter(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor == 1 {
		w.Header().Set("Connection", "close")
	}
}
