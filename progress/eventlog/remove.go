package eventlog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/runflow/runflow/progress"
)

// Remove implements progress.Log: a tombstone tells every node, then what was before it goes.
func (l *Log) Remove(ctx context.Context, id string) (uint64, error) {
	ack, err := l.js.Publish(ctx, subject(id, progress.KindDeleted), nil, jetstream.WithMsgTTL(tombstoneAge))
	if err != nil {
		return 0, translate(err)
	}
	err = l.stream.Purge(ctx, jetstream.WithPurgeSubject(subject(id, "*")), jetstream.WithPurgeSequence(ack.Sequence))
	if err != nil {
		return 0, translate(err)
	}
	return ack.Sequence, nil
}

// Claim implements progress.Log. Keys are hashed: they may be of any length and hold anything.
func (l *Log) Claim(ctx context.Context, key string, value progress.Claim) (progress.Claim, error) {
	hash := sha256.Sum256([]byte(key))
	subj := "runflow.key." + hex.EncodeToString(hash[:])
	data, err := json.Marshal(value)
	if err != nil {
		return progress.Claim{}, err
	}
	_, err = l.js.Publish(ctx, subj, data, jetstream.WithExpectLastSequencePerSubject(0))
	if err == nil {
		return value, nil
	}
	if err = translate(err); !errors.Is(err, progress.ErrConflict) {
		return progress.Claim{}, err
	}
	stream, err := l.js.Stream(ctx, keyStream)
	if err != nil {
		return progress.Claim{}, translate(err)
	}
	m, err := stream.GetLastMsgForSubject(ctx, subj)
	if err != nil {
		return progress.Claim{}, translate(err)
	}
	var there progress.Claim
	if err := json.Unmarshal(m.Data, &there); err != nil {
		return progress.Claim{}, fmt.Errorf("decode claim: %w", err)
	}
	return there, nil
}

const (
	probeTry = time.Second
	probeAge = time.Second // the shortest that there is
	probeID  = "~"         // no task has it
)

// Probe stores something and so tells whether the log can store. Its errors are ErrUnavailable.
//
// The streams of a cluster have leaders of their own: that of the probes may be gone while that of the log is not. So what
// cannot be stored there is stored in the log, as the removal of a task that never was.
func (l *Log) Probe(ctx context.Context) error {
	try, cancel := context.WithTimeout(ctx, probeTry)
	defer cancel()
	if _, err := l.js.Publish(try, "runflow.probe", nil, jetstream.WithRetryAttempts(0)); err == nil {
		return nil
	}
	_, err := l.js.Publish(ctx, subject(probeID, progress.KindDeleted), nil, jetstream.WithMsgTTL(probeAge), jetstream.WithRetryAttempts(0))
	return translateNil(err)
}
