package accesslog

import (
	"math/bits"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxJSONDepth is how many objects and arrays may stand in one another, the
// record itself included.
const maxJSONDepth = 8

// maxSplitDepth is the depth up to which the end of an object is found, so that
// what follows a record that nests too deep is a record of its own.
const maxSplitDepth = 1000

// jsonScanner reads JSON text from front to back. Up to its depth it accepts what
// json.Valid accepts, strings that are not UTF-8 included.
type jsonScanner struct {
	text  string
	depth int  // how many objects and arrays may stand in one another
	at    int  // the index of the next byte
	deep  bool // the text nests deeper
}

// isJSON reports whether s begins with an object.
func isJSON(s string) bool {
	// Most lines begin with a hexadecimal digit or with the brace.
	for i := range len(s) {
		if !isJSONSpace(s[i]) {
			return s[i] == '{'
		}
	}
	return false
}

func isJSONSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\r' || c == '\n'
}

// space skips white space.
func (s *jsonScanner) space() {
	for s.at < len(s.text) && isJSONSpace(s.text[s.at]) {
		s.at++
	}
}

// take skips the byte c if it is next.
func (s *jsonScanner) take(c byte) bool {
	if s.at == len(s.text) || s.text[s.at] != c {
		return false
	}
	s.at++
	return true
}

// word skips w if it is next.
func (s *jsonScanner) word(w string) bool {
	if !strings.HasPrefix(s.text[s.at:], w) {
		return false
	}
	s.at += len(w)
	return true
}

// name reads the name of a member and what stands between it and the value.
// The name is as written.
func (s *jsonScanner) name() (name string, escaped, ok bool) {
	s.space()
	if name, escaped, ok = s.quoted(); !ok {
		return "", false, false
	}
	s.space()
	ok = s.take(':')
	s.space()
	return name, escaped, ok
}

// value reads a value that stands in depth objects and arrays.
func (s *jsonScanner) value(depth int) bool {
	if s.at == len(s.text) {
		return false
	}
	switch c := s.text[s.at]; c {
	case '"':
		_, _, ok := s.quoted()
		return ok
	case '{', '[':
		return s.nested(c, depth+1)
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n':
		return s.word("null")
	}
	return s.number()
}

// nested reads an object or an array.
func (s *jsonScanner) nested(opening byte, depth int) bool {
	if depth > s.depth {
		s.deep = true
		return false
	}
	closing := opening + 2 // in ASCII, of both
	s.at++
	s.space()
	if s.take(closing) {
		return true
	}
	for {
		s.space()
		if opening == '{' {
			if _, _, ok := s.name(); !ok {
				return false
			}
		}
		if !s.value(depth) {
			return false
		}
		s.space()
		if !s.take(',') {
			return s.take(closing)
		}
	}
}

// number reads a number.
func (s *jsonScanner) number() bool {
	s.take('-')
	if !s.take('0') && !s.digits() {
		return false
	}
	if s.take('.') && !s.digits() {
		return false
	}
	if s.take('e') || s.take('E') {
		if !s.take('+') {
			s.take('-')
		}
		return s.digits()
	}
	return true
}

// digits skips digits and reports whether there are any.
func (s *jsonScanner) digits() bool {
	start := s.at
	for s.at < len(s.text) && s.text[s.at]-'0' <= 9 {
		s.at++
	}
	return s.at > start
}

// quoted reads a string and returns what stands between its quotes. On false
// nothing is skipped.
func (s *jsonScanner) quoted() (text string, escaped, ok bool) {
	if s.at == len(s.text) || s.text[s.at] != '"' {
		return "", false, false
	}
	rest := s.text[s.at+1:]
	for i := 0; ; {
		i += plainLength(rest[i:])
		if i == len(rest) {
			return "", false, false
		}
		if rest[i] == '"' {
			s.at += 1 + i + 1
			return rest[:i], escaped, true
		}
		width := escapeLength(rest[i:])
		if width == 0 {
			return "", false, false
		}
		escaped = true
		i += width
	}
}

// plainLength returns how many bytes of s, from its first on, stand for
// themselves in a JSON string.
func plainLength(s string) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(s); i += 8 {
		b := s[i : i+8]
		x := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
			uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
		// The lowest high bit that is set is that of the first byte that is less
		// than a space, a quote or a backslash: only from such a byte is anything
		// borrowed of the next.
		quote, backslash := x^ones*'"', x^ones*'\\'
		found := ((x-ones*' ')&^x | (quote-ones)&^quote | (backslash-ones)&^backslash) & highs
		if found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(s) && s[i] >= ' ' && s[i] != '"' && s[i] != '\\' {
		i++
	}
	return i
}

// escapeLength returns the length of the escape that s begins with, 0 when it
// begins with none.
func escapeLength(s string) int {
	if len(s) < 2 || s[0] != '\\' {
		return 0
	}
	switch s[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if codeUnit(s[2:]) >= 0 {
			return len(`\u0000`)
		}
	}
	return 0
}

// codeUnit returns the number that four hexadecimal digits make, or a negative one.
func codeUnit(s string) rune {
	if len(s) < 4 || !isAll(s[:4], classHex) {
		return -1
	}
	return rune(unhex(s[0]))<<12 | rune(unhex(s[1]))<<8 | rune(unhex(s[2]))<<4 | rune(unhex(s[3]))
}

// unquote decodes the escapes of a string that quoted has read. Half of a
// surrogate pair becomes U+FFFD. It allocates the result.
func unquote(s string) string {
	var out strings.Builder
	out.Grow(len(s))
	for {
		i := strings.IndexByte(s, '\\')
		if i < 0 {
			out.WriteString(s)
			return out.String()
		}
		out.WriteString(s[:i])
		c := s[i+1]
		s = s[i+2:]
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			unit := codeUnit(s)
			s = s[4:]
			if utf16.IsSurrogate(unit) {
				pair := rune(utf8.RuneError)
				if strings.HasPrefix(s, `\u`) {
					pair = utf16.DecodeRune(unit, codeUnit(s[2:]))
				}
				if unit = pair; pair != utf8.RuneError {
					s = s[6:]
				}
			}
			out.WriteRune(unit)
			continue
		}
		out.WriteByte(c)
	}
}
