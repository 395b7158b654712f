package eventlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/runflow/runflow/progress"
)

const (
	leaderTry  = time.Second     // a question that was asked while there was no leader is never answered
	leaderWait = 5 * time.Second // for a leader; then ErrUnavailable
)

// question asks for one message, as the JetStream API does: the last of a subject, or the first of one from a seq on.
type question struct {
	Last string `json:"last_by_subj,omitempty"`
	Seq  uint64 `json:"seq,omitempty"`
	Next string `json:"next_by_subj,omitempty"`
}

// get answers one message, nil when there is none. On a cluster it asks the stream's leader, which alone has everything
// that was acknowledged: another server may be a moment behind, and who had a refusal, or the newest log line, from there
// would miss what he himself has just written.
func (l *Log) get(ctx context.Context, q question) (*jetstream.RawStreamMsg, error) {
	if l.stream.CachedInfo().Config.Replicas > 1 {
		return l.getOfLeader(ctx, q)
	}
	var m *jetstream.RawStreamMsg
	var err error
	if q.Last != "" {
		m, err = l.stream.GetLastMsgForSubject(ctx, q.Last)
	} else {
		m, err = l.stream.GetMsg(ctx, q.Seq, jetstream.WithGetMsgSubject(q.Next))
	}
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil
	} else if err != nil {
		return nil, translate(err)
	}
	return m, nil
}

func (l *Log) getOfLeader(ctx context.Context, q question) (*jetstream.RawStreamMsg, error) {
	ask, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, leaderWait)
	defer cancel()
	for {
		try, cancel := context.WithTimeout(ctx, leaderTry)
		answer, err := l.nc.RequestWithContext(try, "$JS.API.STREAM.MSG.GET."+logStream, ask)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			continue
		} else if err != nil {
			return nil, translate(err)
		}
		return readAnswer(answer.Data)
	}
}

func readAnswer(data []byte) (*jetstream.RawStreamMsg, error) {
	var got struct {
		Error   *jetstream.APIError
		Message *struct {
			Subject string
			Seq     uint64
			Data    []byte
			Time    time.Time
		}
	}
	if err := json.Unmarshal(data, &got); err != nil {
		return nil, fmt.Errorf("decode the leader's answer: %w", err)
	}
	switch {
	case got.Error != nil && got.Error.ErrorCode == jetstream.JSErrCodeMessageNotFound:
		return nil, nil
	case got.Error != nil:
		return nil, fmt.Errorf("%w: %w", progress.ErrUnavailable, got.Error)
	case got.Message == nil:
		return nil, fmt.Errorf("%w: the leader's answer is empty", progress.ErrUnavailable)
	}
	m := got.Message
	return &jetstream.RawStreamMsg{Subject: m.Subject, Sequence: m.Seq, Data: m.Data, Time: m.Time}, nil
}
