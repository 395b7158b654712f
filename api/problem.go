package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/runflow/runflow/progress"
)

// The errors that arise here and not in the domain.
var (
	errMalformed   = errors.New("the request cannot be read")
	errInvalid     = errors.New("the request is not valid")
	errNoRoute     = errors.New("there is nothing at this address")
	errMethod      = errors.New("this address does not take this method")
	errForbidden   = errors.New("this is not allowed")
	errTooLarge    = errors.New("the request is too large")
	errUnsupported = errors.New("this content type is not taken here")
	errDraining    = errors.New("the server is stopping")
	errInternal    = errors.New("something went wrong")
)

// kind is how one error looks outside.
type kind struct {
	err    error
	status int
	code   string // stable: clients decide by it
	title  string
	retry  int // seconds after which it is worth trying again; 0: not said
}

// kinds is the one table of errors. The first that matches counts; what matches none is the last.
var kinds = []kind{
	{errMalformed, http.StatusBadRequest, "invalid_request", "The request cannot be read", 0},
	{errInvalid, http.StatusUnprocessableEntity, "invalid_request", "The request is not valid", 0},
	{progress.ErrNotFound, http.StatusNotFound, "task_not_found", "No such task", 0},
	{progress.ErrFlowNotFound, http.StatusNotFound, "flow_not_found", "No such flow", 0},
	{progress.ErrClientNotFound, http.StatusNotFound, "client_not_found", "No such client", 0},
	{errNoRoute, http.StatusNotFound, "not_found", "No such address", 0},
	{errMethod, http.StatusMethodNotAllowed, "method_not_allowed", "Method not allowed", 0},
	{progress.ErrEnded, http.StatusConflict, "task_ended", "The task has ended", 0},
	{progress.ErrRunning, http.StatusConflict, "task_running", "The task has not ended", 0},
	{progress.ErrExists, http.StatusConflict, "task_exists", "The task exists", 0},
	{progress.ErrIdempotencyConflict, http.StatusUnprocessableEntity, "idempotency_conflict", "Idempotency key used before", 0},
	{errForbidden, http.StatusForbidden, "forbidden", "Not allowed", 0},
	{errTooLarge, http.StatusRequestEntityTooLarge, "payload_too_large", "Too large", 0},
	{errUnsupported, http.StatusUnsupportedMediaType, "unsupported_media_type", "Content type not supported", 0},
	{progress.ErrQueueFull, http.StatusTooManyRequests, "queue_full", "The queue is full", 5},
	{progress.ErrUnavailable, http.StatusServiceUnavailable, "log_unavailable", "The event log is unavailable", 2},
	{errDraining, http.StatusServiceUnavailable, "log_unavailable", "The server is stopping", 2},
	{errInternal, http.StatusInternalServerError, "internal", "Internal error", 0},
}

// fault is an error of the table with more to say about it.
type fault struct {
	is     error
	detail string
	fields []progress.FieldError
}

func (f *fault) Error() string { return f.is.Error() + ": " + f.detail }
func (f *fault) Unwrap() error { return f.is }

// malformed refuses what cannot be read: bytes that are no JSON, a parameter of the address that says nothing.
func malformed(field, format string, args ...any) error {
	bad := progress.FieldError{Field: field, Detail: fmt.Sprintf(format, args...)}
	return &fault{errMalformed, field + " " + bad.Detail, []progress.FieldError{bad}}
}

// detailed gives an error of the table a sentence of its own.
func detailed(is error, format string, args ...any) error {
	return &fault{is: is, detail: fmt.Sprintf(format, args...)}
}

// problem is the body of an error, RFC 9457.
type problem struct {
	Type      string                `json:"type"`
	Title     string                `json:"title"`
	Status    int                   `json:"status"`
	Code      string                `json:"code"`
	Detail    string                `json:"detail"`
	Instance  string                `json:"instance,omitempty"`
	Errors    []progress.FieldError `json:"errors,omitempty"`
	RequestID string                `json:"requestId,omitempty"` // of a 5xx, as the server's log has it

	retry int
}

// explain makes the problem of an error. Of the server's own faults it tells nothing but that they are.
func explain(err error) *problem {
	k := kindOf(err)
	p := &problem{
		Type: "urn:runflow:problem:" + k.code, Title: k.title, Status: k.status, Code: k.code, Detail: err.Error(), retry: k.retry,
	}
	var f *fault
	var invalid *progress.InvalidError
	switch {
	case errors.As(err, &f):
		p.Detail, p.Errors = f.detail, f.fields
	case errors.As(err, &invalid):
		p.Errors = invalid.Fields
		p.Detail = strings.TrimPrefix(p.Detail, "invalid request: ")
	case k.status >= http.StatusInternalServerError:
		p.Detail = k.err.Error()
	}
	return p
}

func kindOf(err error) *kind {
	var invalid *progress.InvalidError
	var tooLarge *http.MaxBytesError
	var other *echo.HTTPError
	switch {
	case errors.As(err, &invalid):
		err = errInvalid
	case errors.As(err, &tooLarge):
		err = errTooLarge
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		err = progress.ErrUnavailable
	case errors.As(err, &other) && other.Code == http.StatusNotFound:
		err = errNoRoute
	case errors.As(err, &other) && other.Code == http.StatusMethodNotAllowed:
		err = errMethod
	}
	for i := range kinds {
		if errors.Is(err, kinds[i].err) {
			return &kinds[i]
		}
	}
	return &kinds[len(kinds)-1]
}

// fail answers a request with an error. It is Echo's HTTPErrorHandler, and the one place where a cause is logged.
func (s *Server) fail(err error, c echo.Context) {
	r := c.Request()
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil { // by the client, which has left
		c.Response().Status = statusGone
		return
	}
	p := explain(err)
	id := c.Response().Header().Get(requestID)
	if p.Status >= http.StatusInternalServerError && !errors.Is(err, errDraining) {
		p.RequestID = id
		s.cfg.Logger.Error("request", "id", id, "method", r.Method, "path", r.URL.Path, "code", p.Code, "err", err)
	}
	if c.Response().Committed { // half an answer: the client must see that it is one
		panic(http.ErrAbortHandler)
	}
	var wrong *echo.HTTPError
	if errors.As(err, &wrong) {
		p.Detail = kindOf(err).err.Error()
	}
	p.Instance = r.URL.EscapedPath()
	h := c.Response().Header()
	if p.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retry))
	}
	body, err := json.Marshal(p)
	if err != nil {
		body = []byte(`{"code":"internal"}`) // strings and numbers cannot fail
	}
	write(c, p.Status, "application/problem+json", append(body, '\n'))
}
