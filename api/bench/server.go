package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/runflow/runflow/api/bench/judge"
)

const (
	jsonType   = "application/json"
	ndjsonType = "application/x-ndjson"
	maxLine    = 1 << 20
)

// server is the API of the server under load.
type server struct {
	target *target
	token  string
	http   *http.Client
}

func newServer(t *target, token string) *server {
	return &server{t, token, &http.Client{
		Transport: &http.Transport{ // no Proxy: load goes to the server and nowhere else
			DialContext:         func(ctx context.Context, _, _ string) (net.Conn, error) { return t.dial(ctx, 0) },
			MaxIdleConnsPerHost: 1024, DisableCompression: true, IdleConnTimeout: time.Minute,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (s *server) close() { s.http.CloseIdleConnections() }

func (s *server) authorize(h http.Header) {
	if s.token != "" {
		h.Set("Authorization", "Bearer "+s.token)
	}
}

// request sends one, and answers only what succeeded.
func (s *server) request(ctx context.Context, method, path, contentType string, body io.Reader, header ...string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.target.url.JoinPath(path).String(), body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", contentType)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	s.authorize(req.Header)
	resp, err := s.http.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= 300 {
		defer resp.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 500)) // as much as it says
		return nil, fmt.Errorf("%s %s: %s %s", method, path, resp.Status, bytes.TrimSpace(text))
	}
	return resp, nil
}

// create opens a reporter's task.
func (s *server) create(ctx context.Context, id, run string) error {
	body := fmt.Sprintf(`{"id":%q,"title":"runflow bench","labels":{"bench":%q}}`, id, run)
	resp, err := s.request(ctx, http.MethodPost, "/tasks", jsonType, strings.NewReader(body))
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	return err
}

// report sends one report and answers the seq of the event that holds it.
func (s *server) report(ctx context.Context, id string, body []byte) (uint64, error) {
	resp, err := s.request(ctx, http.MethodPost, "/tasks/"+id+"/progress", jsonType, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	return readSeq(resp.Body)
}

func readSeq(r io.Reader) (uint64, error) {
	var answer struct {
		Seq uint64 `json:"seq"`
	}
	b, err := io.ReadAll(io.LimitReader(r, maxLine))
	if err != nil {
		return 0, err
	}
	return answer.Seq, json.Unmarshal(b, &answer)
}

// truth reads every event of an ended task.
func (s *server) truth(ctx context.Context, id string, scan judge.Scanner) (*judge.Truth, error) {
	resp, err := s.request(ctx, http.MethodGet, "/tasks/"+id, jsonType, nil, "Accept", jsonType)
	if err != nil {
		return nil, err
	}
	var task struct {
		Seq   uint64
		State string
	}
	err = json.NewDecoder(resp.Body).Decode(&task)
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	u := *s.target.url.JoinPath("/tasks/" + id + "/events")
	u.RawQuery = "since=0&deliver=all"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", ndjsonType)
	s.authorize(req.Header)
	if resp, err = s.http.Do(req); err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("read the events of %s: %s", id, resp.Status)
	}
	var truth judge.Truth
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(make([]byte, 0, 8<<10), maxLine)
	for lines.Scan() && !truth.Has(task.Seq) { // one that did not end would go on for ever
		if e, ok := scan.Parse(lines.Bytes()); ok {
			if err := truth.Add(e); err != nil {
				return nil, fmt.Errorf("task %s: %w", id, err)
			}
		}
	}
	if !truth.Has(task.Seq) {
		return nil, fmt.Errorf("the events of %s end before its status, seq %d: %v", id, task.Seq, lines.Err())
	}
	return &truth, nil
}
