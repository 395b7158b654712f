package detect

import (
	"strings"
	"testing"
)

func BenchmarkPlain(b *testing.B) {
	for _, c := range []struct{ name, line string }{
		{"80", "2026-11-22 20:31:07 INFO  handler: request 1842 served from cache, 512 bytes out\n"},
		{"20", "ok  some/package/x1\n"},
		{"yes", "y\n"},
		{"chinese", "处理中: 第三个文件已经完成, 还有七个文件在等待处理 handler done\n"},
		{"percent", "tmpfs            1.6G  1.2M  1.6G   1% /run and then some more text to read :: x\n"},
		{"colour", "\x1b[32mINFO\x1b[0m 2026-11-22 20:31:07 handler: request 1842 served from cache, ok\n"},
		{"crlf", "2026-11-22 20:31:07 INFO  handler: request 1842 served from cache, 512 bytes ou\r\n"},
		{"bar", "Receiving objects:  45% (136/302), 12.34 MiB | 5.67 MiB/s\r"},
		{"one", strings.Repeat("x", 80)},
	} {
		b.Run(c.name, func(b *testing.B) {
			input := []byte(strings.Repeat(c.line, (32<<10)/len(c.line)))
			length := 0
			r := New(Config{Line: func(l Line) { length += len(l.Text) }})
			b.SetBytes(int64(len(input)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Write(input); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
