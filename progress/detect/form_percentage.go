package detect

import "strings"

// barePercentage is a percentage alone on a line, as the shell plugins of Cronicle and xyOps read it. More than 100 is
// some other figure.
var barePercentage = form{
	name:   "bare percentage",
	source: SourceGeneric,
	needs:  hasPercent,
	open: stateless(func(line string) (u Update, ok bool) {
		s, ok := strings.CutSuffix(strings.TrimSpace(line), "%")
		if !ok {
			return u, false
		}
		v, rest, ok := number(strings.TrimSuffix(s, " "))
		if !ok || rest != "" || v > 100 {
			return u, false
		}
		return Update{Progress: percent(v)}, true
	}),
}
