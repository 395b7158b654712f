package api

import (
	"net/http"
	"strconv"
	"strings"
)

// prefers tells whether the client rather has one media type than the other (RFC 9110, section 12.5.1). With no word of
// it, it does not.
func prefers(r *http.Request, this, that string) bool {
	accept := strings.Join(r.Header.Values("Accept"), ",")
	if accept == "" {
		return false
	}
	return quality(accept, this) > quality(accept, that)
}

// quality is the weight that an Accept header gives a media type: that of the most exact range which names it.
func quality(accept, mediaType string) float64 {
	best, q := 0, 0.0
	for item := range strings.SplitSeq(accept, ",") {
		mediaRange, params, _ := strings.Cut(item, ";")
		exact := 0
		switch mediaRange = strings.ToLower(strings.TrimSpace(mediaRange)); {
		case mediaRange == mediaType:
			exact = 3
		case strings.HasSuffix(mediaRange, "/*") && strings.HasPrefix(mediaType, mediaRange[:len(mediaRange)-1]):
			exact = 2
		case mediaRange == "*/*":
			exact = 1
		}
		if exact > best {
			best, q = exact, weight(params)
		}
	}
	return q
}

func weight(params string) float64 {
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			if q, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil {
				return q
			}
		}
	}
	return 1
}
