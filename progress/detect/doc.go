// Package detect turns what a command writes into log lines and progress updates.
//
//	r := detect.New(detect.Config{
//		Line:   func(l detect.Line) { … },
//		Update: func(u detect.Update) { … },
//	})
//	io.Copy(r, output)
//	r.Close()
//
// # What is promised
//
//   - Any split of the same bytes into Writes gives the same calls in the same order (FuzzReader).
//   - A line is what a terminal would finally show of it: "\r" and backspaces redraw, erased text is gone, "\r\n" is "\n".
//     Colours (SGR sequences) stay in; every other control sequence, and every control character but the tab, is
//     removed. Text is valid UTF-8; each bad byte becomes U+FFFD. (TestLines)
//   - Updates are also read from what was redrawn, before the line that shows the last of it.
//   - Memory is bounded whatever is written: a longer line comes in pieces of at most MaxLine bytes (TestLongLine). An
//     unterminated control sequence costs at most the rest of its line.
//   - Plain output runs at several hundred MB/s on one core (BenchmarkPlain).
//
// Once a source has spoken, the numbers of a worse one are ignored (Source). What is read is untrusted: it is a number
// and a message, nothing else.
//
// # Adding a text form
//
// A form is one file with one value of type form, listed in forms; the file names the tool that prints it. A form that must
// remember earlier lines keeps that in the closure that its open returns.
package detect
