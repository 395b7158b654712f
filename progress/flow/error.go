package flow

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Error is one mistake in a flow file.
type Error struct {
	File   string // as it was given to Parse or found by the catalog
	Line   int    // the first is 1; 0: the file as a whole
	Detail string
}

// Error is "FILE:LINE: detail".
func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Detail)
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Detail)
}

// Errors is every mistake found, by file and line; never empty where it is
// returned. errors.As finds the first *Error in it.
type Errors []*Error

// Error has one line per mistake.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives each mistake as an error, for errors.As.
func (e Errors) Unwrap() []error {
	all := make([]error, len(e))
	for i, one := range e {
		all[i] = one
	}
	return all
}

func (e Errors) sort() {
	slices.SortStableFunc(e, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
}
