package detect

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParseText(t *testing.T) {
	for line, want := range map[string]string{
		"45":                       "file 45",
		" 45 \n":                   "file 45",
		"45%":                      "file 45",
		"45.5":                     "file 45.5",
		"12.34%":                   "file 12.34",
		"45 half way":              "file 45 'half way'",
		"45%\thalf way\r\n":        "file 45 'half way'",
		"45% 处理中...":               "file 45 '处理中...'",
		"0":                        "file 0",
		"150 too much":             "file 100 'too much'",
		"-5 too little":            "file 0 'too little'",
		"425/1000":                 "file 425/1000",
		"425/1000 files":           "file 425/1000 files",
		"425/1000 files half way":  "file 425/1000 files 'half way'",
		"1.5/3.25 MiB":             "file 1.5/3.25 MiB",
		"3/10 - no unit":           "file 3/10 'no unit'",
		"3/10 a.txt is next":       "file 3/10 'a.txt is next'",
		"3/10 文件 完成":               "file 3/10 文件 '完成'",
		"3/0 files":                "file 3 files",
		"12/10":                    "file 12/10",
		"45 a\x1b[31mb\x00\xffc":   "file 45 'a[31mb\ufffdc'",
		"45 a\nb":                  "file 45 'a b'",
		"999999999999999/1 x":      "file 9.99999999999999e+14/1 x",
		"":                         "",
		"half way":                 "",
		"45x":                      "",
		"45%x":                     "",
		"45,5":                     "",
		"4 5/10":                   "file 4 '5/10'",
		"45.":                      "",
		".5":                       "",
		"NaN":                      "",
		"Inf":                      "",
		"1e9":                      "",
		"0x10":                     "",
		"--5":                      "",
		"-5/10":                    "",
		"5/-10":                    "",
		"5/10/2026":                "",
		"5/":                       "",
		"/5":                       "",
		"1234567890123456":         "",
		"2026-11-22 20:31 started": "",
	} {
		got := ""
		if u, ok := ParseText(line); ok {
			got = describe(u)
		}
		if got != want {
			t.Errorf("ParseText(%q) = %q, want %q", line, got, want)
		}
	}
}

func TestMessageIsCut(t *testing.T) {
	u, ok := ParseText("45 " + strings.Repeat("日", MaxMessage+5))
	if !ok || utf8.RuneCountInString(u.Message) != MaxMessage {
		t.Errorf("%d characters", utf8.RuneCountInString(u.Message))
	}
}

func FuzzParseText(f *testing.F) {
	for _, seed := range []string{"45 message", "45.5%", "425/1000 files message", "-1", "9/0", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		u, ok := ParseText(line)
		if !ok {
			return
		}
		if (u.Progress == nil) == (u.Current == nil) {
			t.Errorf("%q: a percentage or a count: %+v", line, u)
		}
		if p := u.Progress; p != nil && !(*p >= 0 && *p <= 100) {
			t.Errorf("%q: progress %v", line, *p)
		}
		for _, v := range []*float64{u.Current, u.Total} {
			if v != nil && (math.IsNaN(*v) || math.IsInf(*v, 0) || *v < 0) {
				t.Errorf("%q: %v", line, *v)
			}
		}
		if !utf8.ValidString(u.Message) || !utf8.ValidString(u.Unit) || strings.ContainsAny(u.Message, "\n\r\x1b") {
			t.Errorf("%q: %+v", line, u)
		}
	})
}
