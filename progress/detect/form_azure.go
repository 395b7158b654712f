package detect

import "strings"

// azureCommand is Azure Pipelines' "##vso[task.setprogress value=45;]message".
var azureCommand = form{
	name:   "azure command",
	source: SourceCommand,
	needs:  hasHash | hasBracket,
	open:   stateless(matchAzureCommand),
}

// The grammar is that of microsoft/azure-pipelines-agent Command.cs.
func matchAzureCommand(line string) (u Update, ok bool) {
	const name = "##vso[task.setprogress "
	line = strings.TrimLeft(line, " \t")
	if len(line) < len(name) || !strings.EqualFold(line[:len(name)], name) {
		return u, false
	}
	properties, text, ok := strings.Cut(line[len(name):], "]")
	if !ok {
		return u, false
	}
	for property := range strings.SplitSeq(properties, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(property), "=")
		if strings.EqualFold(key, "value") {
			u.Progress = wholeNumber(value)
		}
	}
	u.Message = message(unescapeAzure.Replace(text))
	return u, u.Progress != nil
}

var unescapeAzure = strings.NewReplacer("%3B", ";", "%0D", "\r", "%0A", "\n", "%5D", "]", "%AZP25", "%")
