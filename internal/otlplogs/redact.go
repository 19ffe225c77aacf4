package otlplogs

import (
	"strings"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
)

const redacted = "REDACTED"

// redactor replaces the values of sensitive query parameters. A name is
// compared percent-decoded and without regard to case. It begins at the start
// of the text or behind a character that cannot be part of a name, such as
// '?', '&' or a space, so that "mysig=1" is not "sig=1".
//
// A URL may be a parameter of another one, percent-encoded: there "%3D" stands
// between name and value, "%3F" or "%26" before the name. In JSON '&' may be
// "\u0026". These forms are found too.
type redactor struct {
	// byLast holds the names, in lower case, by their last character: most
	// parameters are told from a sensitive one by it.
	byLast [256][]string
}

func newRedactor(names []string) redactor {
	var r redactor
	for _, name := range names {
		if name == "" {
			continue
		}
		name = strings.ToLower(name)
		last := name[len(name)-1]
		r.byLast[last] = append(r.byLast[last], name)
	}
	return r
}

// query redacts the query of a URL: a value ends at '&'.
func (r *redactor) query(a *arena, s string) string { return r.redact(a, s, false) }

// text redacts text in which a query may stand: a value ends at '&', a space
// or a quote.
func (r *redactor) text(a *arena, s string) string {
	// Most texts have neither, and this is the quicker way to see it.
	if s == "" || strings.IndexByte(s, '=') < 0 && strings.IndexByte(s, '%') < 0 {
		return s
	}
	return r.redact(a, s, true)
}

// redact returns s itself when there is nothing to redact in it; otherwise the
// result is made in a. Its time is linear in the length of s.
func (r *redactor) redact(a *arena, s string, isText bool) string {
	var out []byte
	done := 0 // s[:done] is in out
	equals, percent := indexFrom(s, 0, '='), indexFrom(s, 0, '%')
	for {
		i := min(equals, percent)
		if i == len(s) {
			break
		}
		value, encoded := i+1, i == percent
		if encoded {
			percent = indexFrom(s, i+1, '%')
			if c, ok := accesslog.Escape(s[i:]); !ok || c != '=' {
				continue
			}
			value = i + len("%3D")
		} else {
			equals = indexFrom(s, i+1, '=')
		}
		if !r.sensitive(s[done:i]) {
			continue
		}
		end := valueEnd(s, value, isText, encoded)
		if end == value {
			continue // nothing to hide, and an empty value is worth seeing
		}
		if out == nil {
			out = a.room(len(s) + len(redacted))
		}
		out = append(out, s[done:value]...)
		out = append(out, redacted...)
		done = end
		// Only what lies behind is looked for again, so the time stays linear.
		if equals < end {
			equals = indexFrom(s, end, '=')
		}
		if percent < end {
			percent = indexFrom(s, end, '%')
		}
	}
	if out == nil {
		return s
	}
	return a.keep(append(out, s[done:]...))
}

// indexFrom returns the index of the first c in s[from:], in s, or len(s) when
// there is none.
func indexFrom(s string, from int, c byte) int {
	if i := strings.IndexByte(s[from:], c); i >= 0 {
		return from + i
	}
	return len(s)
}

// valueEnd returns where the value that begins at s[from] ends. When the '='
// before it was percent-encoded it also ends at an encoded '&'.
func valueEnd(s string, from int, isText, encoded bool) int {
	if !isText && !encoded {
		return indexFrom(s, from, '&')
	}
	for i := from; i < len(s); i++ {
		switch s[i] {
		case '&':
			return i
		case ' ', '"':
			if isText {
				return i
			}
		case '%':
			if encoded && strings.HasPrefix(s[i:], "%26") {
				return i
			}
		}
	}
	return len(s)
}

// sensitive reports whether s ends with a sensitive name.
func (r *redactor) sensitive(s string) bool {
	last, _ := lastChar(s)
	for _, name := range r.byLast[last] {
		if len(s) < len(name) {
			continue
		}
		if before, ok := cutName(s, name); ok && endsName(before) {
			return true
		}
	}
	return false
}

// cutName cuts name, which is in lower case, off the end of s.
func cutName(s, name string) (before string, ok bool) {
	for i := len(name) - 1; i >= 0; i-- {
		c, width := lastChar(s)
		if width == 0 || c != name[i] {
			return s, false
		}
		s = s[:len(s)-width]
	}
	return s, true
}

// endsName reports whether a name can begin behind s.
func endsName(s string) bool {
	const unicode = len(`\u0026`)
	if len(s) >= unicode && s[len(s)-unicode:len(s)-4] == `\u` {
		return true
	}
	c, width := lastChar(s)
	return width == 0 || !isNameChar(c)
}

// lastChar returns the last character of s, decoded and in lower case, and how
// long it is in s, 0 when s is empty.
func lastChar(s string) (c byte, width int) {
	if s == "" {
		return 0, 0
	}
	c, width = s[len(s)-1], 1
	if start := len(s) - len("%20"); start >= 0 && s[start] == '%' {
		if decoded, ok := accesslog.Escape(s[start:]); ok {
			c, width = decoded, len("%20")
		}
	}
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c, width
}

// isNameChar reports whether c, in lower case, is a character that URLs do not
// reserve.
func isNameChar(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

// NewRedaction returns a function that redacts a client's text for other places
// than log records; see Options.SensitiveParameters. It is safe for concurrent
// use.
func NewRedaction(names []string) func(string) string {
	if names == nil {
		names = DefaultSensitiveParameters()
	}
	r := newRedactor(names)
	return func(text string) string { return r.text(new(arena), text) }
}
