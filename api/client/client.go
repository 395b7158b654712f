// Package client is the Go client of RunFlow's API. The runflow command uses it.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Client talks to one server. Safe for concurrent use.
type Client struct {
	base  string
	token string
	http  *http.Client
}

// New makes a client of the server at base, such as http://127.0.0.1:9009. token may be empty.
func New(base, token string) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("%q is not the URL of a server", base)
	}
	return &Client{base: strings.TrimRight(base, "/"), token: token, http: &http.Client{}}, nil
}

// Error is what the server answered, as RFC 9457 has it.
type Error struct {
	Status int    `json:"status"`
	Code   string `json:"code"` // stable, such as task_ended
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Fields []struct {
		Field  string `json:"field"`
		Detail string `json:"detail"`
	} `json:"errors"`
}

func (e *Error) Error() string {
	text := e.Detail
	if text == "" {
		text = e.Title
	}
	for _, f := range e.Fields {
		if !strings.Contains(text, f.Detail) {
			text += "; " + f.Field + " " + f.Detail
		}
	}
	return fmt.Sprintf("%s (%s)", text, e.Code)
}

// Report is what a reporter says of its task; nil and empty members stay as they were.
type Report struct {
	Progress *float64 `json:"progress,omitempty"` // percent
	Current  *float64 `json:"current,omitempty"`
	Total    *float64 `json:"total,omitempty"`
	Unit     string   `json:"unit,omitempty"`
	Message  string   `json:"message,omitempty"`
	Step     string   `json:"step,omitempty"`
	State    string   `json:"state,omitempty"` // running, succeeded, failed or canceled
	Error    string   `json:"error,omitempty"`
	Reset    bool     `json:"reset,omitempty"`
}

// Report reports on a task and answers the seq of the event that holds it, once that is stored. Errors: *Error for what
// the server refused, any other for a server that could not be reached.
func (c *Client) Report(ctx context.Context, id string, r Report) (uint64, error) {
	var answer struct {
		Seq uint64 `json:"seq"`
	}
	err := c.do(ctx, http.MethodPost, "/tasks/"+url.PathEscape(id)+"/progress", r, &answer)
	return answer.Seq, err
}

func (c *Client) do(ctx context.Context, method, path string, body, answer any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(b))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	const most = 16 << 20
	text, err := io.ReadAll(io.LimitReader(resp.Body, most))
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		problem := &Error{Status: resp.StatusCode, Code: "internal", Title: resp.Status}
		_ = json.Unmarshal(text, problem) // what is no problem document keeps the status line
		return problem
	}
	return json.Unmarshal(text, answer)
}
