package detect

// A class says what kinds of bytes occur in a text: one look at each byte finds all that a line needs.
type class uint8

const (
	hasControl class = 1 << iota // a control character other than tab; also 0xC2, which begins those of ISO 6429 (C1)
	hasHigh                      // a byte of a multi-byte rune, or one that is not UTF-8
	hasPercent
	hasColon
	hasHash
	hasSlash
	hasBracket
	hasNewline
)

var classes = func() (c [256]class) {
	for b := range 256 {
		switch {
		case b == '\n':
			c[b] = hasNewline
		case b < ' ' && b != '\t', b == 0x7f:
			c[b] = hasControl
		case b == 0xc2:
			c[b] = hasControl | hasHigh
		case b >= 0x80:
			c[b] = hasHigh
		}
	}
	c['%'], c[':'], c['#'], c['/'], c['['] = hasPercent, hasColon, hasHash, hasSlash, hasBracket
	return c
}()

// classify returns the classes of the bytes of s. Eight at a time: the loads do not wait for one another.
func classify(s string) (has class) {
	for ; len(s) >= 8; s = s[8:] {
		has |= classes[s[0]] | classes[s[1]] | classes[s[2]] | classes[s[3]] |
			classes[s[4]] | classes[s[5]] | classes[s[6]] | classes[s[7]]
	}
	for i := range len(s) {
		has |= classes[s[i]]
	}
	return has
}
