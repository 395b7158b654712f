package eventlog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

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

// Probe stores something and so tells whether the log can store. Its errors are ErrUnavailable.
func (l *Log) Probe(ctx context.Context) error {
	if _, err := l.js.Publish(ctx, "runflow.probe", nil, jetstream.WithRetryAttempts(0)); err != nil {
		return translate(err)
	}
	return nil
}
