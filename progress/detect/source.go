package detect

import "sync/atomic"

// A Source is where an update comes from; the smaller, the more it is believed.
type Source uint8

// The sources, best first. Zero is none.
const (
	SourceOSC     Source = iota + 1 // OSC 9;4 control sequences: meant for machines and exact
	SourceFile                      // the RUNFLOW_PROGRESS file; ParseText
	SourceCommand                   // commands in the output: ::progress, ##vso
	SourceTool                      // the bars of a known tool
	SourceGeneric                   // a percentage alone on a line
)

// String returns "osc", "file", "command", "tool", "generic" or "none".
func (s Source) String() string {
	names := [...]string{"none", "osc", "file", "command", "tool", "generic"}
	if int(s) < len(names) {
		return names[s]
	}
	return "none"
}

// An Arbiter lets the best source of a step speak. One is shared by all that read the same step: its Reader and whoever
// reads its progress file. The zero value is ready. Safe for concurrent use.
type Arbiter struct {
	best atomic.Uint32 // a Source
}

// Best is the best source so far, 0 if none has spoken.
func (a *Arbiter) Best() Source { return Source(a.best.Load()) }

// Admit notes that u's source has spoken and returns what of u counts: all of it if no better source has spoken before,
// otherwise only the message of a command or file, which a better source without messages does not contradict. ok is
// false if that is nothing.
func (a *Arbiter) Admit(u Update) (_ Update, ok bool) {
	for {
		best := a.best.Load()
		if best != 0 && best < uint32(u.Source) {
			if u.Message == "" || u.Source > SourceCommand {
				return Update{}, false
			}
			return Update{Message: u.Message, Source: u.Source}, true
		}
		// A message alone does not silence the bars of a tool.
		if best == uint32(u.Source) || !u.hasValue() || a.best.CompareAndSwap(best, uint32(u.Source)) {
			return u, true
		}
	}
}
