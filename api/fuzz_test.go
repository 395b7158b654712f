package api

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

// FuzzLines holds that a reader of lines loses no byte and no line, however its body comes in pieces.
func FuzzLines(f *testing.F) {
	f.Add([]byte("one\ntwo\r\n\nthree"), 5, true)
	f.Add([]byte(strings.Repeat("进度", 9000)+"\n\n"), 7, true)
	f.Add([]byte("\n"+strings.Repeat("x", 5000)+"\n"), 4096, false)
	f.Fuzz(func(t *testing.T, body []byte, max int, split bool) {
		max = max&0x1fff + utf8.UTFMax
		for _, src := range []io.Reader{bytes.NewReader(body), iotest.OneByteReader(bytes.NewReader(body)), iotest.DataErrReader(bytes.NewReader(body))} {
			l := newLineReader(src, max, split)
			var got []byte
			count := 0
			for {
				line, err := l.next()
				if err == io.EOF {
					break
				} else if err != nil {
					if split || !errors.Is(err, errTooLarge) {
						t.Fatal(err)
					}
					return
				}
				if len(line) > max {
					t.Fatalf("a line of %d bytes, more than %d", len(line), max)
				}
				got = append(got, line...)
				count++
			}
			plain := strings.NewReplacer("\n", "", "\r", "")
			if plain.Replace(string(got)) != plain.Replace(string(body)) || count != l.number {
				t.Fatalf("%d lines %q of %q", count, got, body)
			}
			if !split && count != len(bytes.SplitAfter(bytes.TrimSuffix(body, []byte("\n")), []byte("\n"))) && len(body) > 0 {
				t.Fatalf("%d lines of %q", count, body)
			}
		}
	})
}

// FuzzReport holds that no body of a report makes anything but a report that JSON can carry, or a refusal of the client.
func FuzzReport(f *testing.F) {
	for _, s := range []string{
		`{"progress":45,"message":"x"}`, `{"current":1,"total":0,"metadata":{"a":null}}`, "45 half way", `[1`, `{"labels":{"a":1}}`,
		`{"progress":1e400,"state":{},"reset":"x"}`, "\xff", "425/1000 files x", "null", `{"result":` + strings.Repeat("[", 20_000),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, decode := range []func([]byte) error{
			func(b []byte) error { r, err := decodeReport(b); return errors.Join(err, r.Validate()) },
			func(b []byte) error { r, err := textReport(b); return errors.Join(err, r.Validate()) },
			func(b []byte) error { _, err := decodeDraft(b); return err },
			func(b []byte) error { _, err := decodeLogLine(b); return err },
		} {
			if err := decode(body); err != nil {
				if p := explain(err); p.Status != 400 && p.Status != 422 {
					t.Fatalf("%q: %d %v", body, p.Status, err)
				}
			}
		}
	})
}
