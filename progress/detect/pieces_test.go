package detect

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// Random mixtures of all that means something, in random pieces.
func TestPiecesDoNotMatter(t *testing.T) {
	tokens := []string{
		"\n", "\n", "\r", "\r\n", "\b", "\b\b\b", "\t", "\x00", "\x7f", " ", "a", "12%", "45%", "日本", "\u0085", "\xe6", "\x97", "\xff",
		"\x1b", "\x1b[1;31m", "\x1b[m", "\x1b[", "1;2", "m", "\x1b[K", "\x1b[2K", "\x1b[G", "\x1b[2D", "\x1b]9;4;1;", "\x1b]0;t", "\a", "\x1b\\", "\x1bP",
		"::progress value=", "5", "::x", "##vso[task.setprogress value=", "]y", "plain text of some length\n", strings.Repeat("x", 3000), strings.Repeat("é", 1500),
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		var input strings.Builder
		for range 1 + random.IntN(40) {
			input.WriteString(tokens[random.IntN(len(tokens))])
		}
		want := replay(input.String(), max(1, input.Len()))
		for _, size := range []int{1, 1 + random.IntN(9), 1 + random.IntN(maxBatch)} {
			if got := replay(input.String(), size); !slices.Equal(got, want) {
				t.Fatalf("%q in pieces of %d:\n got %q\nwant %q", input.String(), size, got, want)
			}
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		"a\nb\r\n45%\r46%\n", "\x1b[1;31mred\x1b[0m\x1b]9;4;1;45\x1b\\日本\n", "\x1b]0;t\a\x1bPq\x1b\\\xe6\x97\xff\b\b%\n",
		"::progress value=4::m\n##vso[task.setprogress value=5;]m\n", "x\x1b[2K\x1b[G\x1b[3Dy\x1b[Kz\n\xc2\x85\n",
	} {
		f.Add(seed, uint8(3), uint16(1))
		f.Add(seed, uint8(7), uint16(16*1000))
	}
	f.Fuzz(func(t *testing.T, input string, size uint8, repeat uint16) {
		if repeat%16 == 0 { // sometimes longer than a line may be
			input = strings.Repeat(input, 1+min(int(repeat/16), 3*MaxLine/(len(input)+1)))
		}
		want := replay(input, max(1, len(input)))
		for _, n := range []int{1, max(1, int(size)), 4096} {
			got := replay(input, n)
			if !slices.Equal(got, want) {
				t.Fatalf("%q in pieces of %d:\n got %q\nwant %q", input, n, got, want)
			}
		}
	})
}
