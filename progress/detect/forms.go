package detect

// A form is one way in which programs tell their progress in a line of text.
type form struct {
	name   string
	source Source

	// needs are the bytes that every line of this form has: '%', ':', '#', '/', '['. A line without one of them is not
	// shown to the form, which is what keeps plain output fast. Not 0; others must first get a bit in classes.
	needs class

	// open returns the form's matcher for one stream. It sees each line, or redrawn part of one, without control
	// sequences, at most MaxLine bytes.
	open func() matcher
}

// A matcher returns what line says; ok is false if line is not of its form. The Source of the update is filled in for it.
type matcher func(line string) (u Update, ok bool)

// stateless is the open of a matcher that remembers nothing.
func stateless(m matcher) func() matcher { return func() matcher { return m } }

// forms are tried in this order, and the first that matches is taken.
var forms = []form{
	progressCommand,
	azureCommand,
	barePercentage,
}

// A bench is the matchers of one stream.
type bench struct {
	forms    []form
	matchers []matcher // of the same index
	any      class     // a line with none of these is of no form
}

func openForms(forms []form) bench {
	b := bench{forms: forms}
	for _, f := range forms {
		b.matchers = append(b.matchers, f.open())
		b.any |= f.needs
	}
	return b
}

// read returns the update in line, whose bytes have the classes has.
func (b *bench) read(line string, has class) (Update, bool) {
	if has&b.any == 0 {
		return Update{}, false
	}
	for i := range b.forms {
		f := &b.forms[i]
		if f.needs&^has != 0 {
			continue
		}
		if u, ok := b.matchers[i](line); ok {
			u.Source = f.source
			return u, true
		}
	}
	return Update{}, false
}
