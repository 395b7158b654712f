package detect

import "strings"

// The states of OSC 9;4 (ConEmu's "AnsiEscapeCodes", "ConEmu specific OSC").
const (
	oscRemove        = "0"
	oscNormal        = "1"
	oscError         = "2"
	oscIndeterminate = "3"
	oscPaused        = "4"
)

// readOSC reads the inside of an OSC sequence: "9;4;STATE;PERCENT". A missing percentage is 0 for a normal bar and says
// nothing in the other states, where terminals keep the old one. So does 100 in the error state: cargo ends a failed
// build with it.
func readOSC(inside string) (Update, bool) {
	rest, ok := strings.CutPrefix(inside, "9;4;")
	if !ok {
		return Update{}, false
	}
	state, rest, _ := strings.Cut(rest, ";")
	text, _, _ := strings.Cut(rest, ";")
	value := percent(0)
	if text = strings.TrimSpace(text); text != "" {
		if value = wholeNumber(text); value == nil {
			return Update{}, false
		}
	}
	u := Update{Source: SourceOSC}
	switch strings.TrimSpace(state) {
	case oscRemove:
		u.Cleared = true
	case oscNormal:
		u.Progress = value
	case oscError:
		u.Error = true
		if 0 < *value && *value < 100 {
			u.Progress = value
		}
	case oscIndeterminate:
		u.Indeterminate = true
	case oscPaused:
		u.Paused = true
		if *value > 0 {
			u.Progress = value
		}
	default:
		return Update{}, false
	}
	return u, true
}
