// Package badge draws the small SVG that a README shows: a label, and a value on a color.
package badge

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"unicode/utf8"
)

// Colors of the value, each with enough contrast to white text.
const (
	Green = "#2b7a3d"
	Red   = "#c0362c"
	Blue  = "#1f6fb2"
	Grey  = "#62686f"
)

const (
	maxLabel = 40 // characters
	height   = 20
	padding  = 6
)

// Badge is what to draw. Label and Value may hold anything: it stays text.
type Badge struct {
	Label string
	Value string
	Color string  // one of this package's
	Fill  float64 // percent of the value's width that a bar below it has; 0: no bar
}

// SVG draws the badge: no script, no reference to anything outside.
func (b Badge) SVG() []byte {
	label, value := shorten(b.Label), shorten(b.Value)
	left, right := width(label)+2*padding, width(value)+2*padding
	all := left + right
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" role="img" aria-label="%s: %s">`,
		all, height, escape(label), escape(value))
	fmt.Fprintf(&out, `<title>%s: %s</title><clipPath id="r"><rect width="%d" height="%d" rx="3"/></clipPath>`,
		escape(label), escape(value), all, height)
	fmt.Fprintf(&out, `<g clip-path="url(#r)"><rect width="%d" height="%d" fill="#3b4046"/><rect x="%d" width="%d" height="%d" fill="%s"/>`,
		left, height, left, right, height, b.Color)
	if b.Fill > 0 {
		fmt.Fprintf(&out, `<rect x="%d" y="%d" width="%.1f" height="3" fill="#fff" fill-opacity=".75"/>`,
			left, height-3, float64(right)*min(b.Fill, 100)/100)
	}
	fmt.Fprintf(&out, `</g><g fill="#fff" text-anchor="middle" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">`+
		`<text x="%g" y="14" textLength="%d">%s</text><text x="%g" y="14" textLength="%d">%s</text></g></svg>`,
		float64(left)/2, width(label), escape(label), float64(left)+float64(right)/2, width(value), escape(value))
	return out.Bytes()
}

// escape makes text of anything; what XML cannot say becomes U+FFFD.
func escape(s string) string {
	var out bytes.Buffer
	_ = xml.EscapeText(&out, []byte(s)) // a Buffer takes everything
	return out.String()
}

func shorten(s string) string {
	if utf8.RuneCountInString(s) <= maxLabel {
		return s
	}
	return string([]rune(s)[:maxLabel-1]) + "…"
}

// width is about how many pixels text takes in 11 px Verdana; textLength makes it exact.
func width(s string) int {
	w := 0.0
	for _, r := range s {
		switch {
		case r >= 0x2E80: // CJK and beyond
			w += 11
		case r == 'i' || r == 'l' || r == 'j' || r == '.' || r == ':' || r == ' ' || r == '\'':
			w += 3.9
		case r == 'm' || r == 'w' || r == '%' || r >= 'A' && r <= 'Z':
			w += 8.6
		default:
			w += 6.8
		}
	}
	return int(w + .5)
}
