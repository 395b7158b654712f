package detect

import "strings"

// progressCommand is RunFlow's own command in the style of GitHub's: "::progress value=45::message".
var progressCommand = form{
	name:   "progress command",
	source: SourceCommand,
	needs:  hasColon,
	open:   stateless(matchProgressCommand),
}

// The grammar is that of actions/runner ActionCommand.cs: blanks before, name in any case, properties up to the next "::".
func matchProgressCommand(line string) (u Update, ok bool) {
	const name = "::progress "
	line = strings.TrimLeft(line, " \t")
	if len(line) < len(name) || !strings.EqualFold(line[:len(name)], name) {
		return u, false
	}
	properties, text, ok := strings.Cut(line[len(name):], "::")
	if !ok {
		return u, false
	}
	for property := range strings.SplitSeq(properties, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(property), "=")
		if strings.EqualFold(key, "value") {
			u.Progress = wholeNumber(value)
		}
	}
	u.Message = message(unescapeCommand.Replace(text))
	return u, u.Progress != nil
}

var unescapeCommand = strings.NewReplacer("%25", "%", "%0D", "\r", "%0A", "\n", "%0d", "\r", "%0a", "\n")

// wholeNumber returns s as a percentage, nil if it is anything more or less than a number.
func wholeNumber(s string) *float64 {
	v, rest, ok := number(strings.TrimSpace(s))
	if !ok || rest != "" {
		return nil
	}
	return percent(v)
}
