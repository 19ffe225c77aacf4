package accesslog

import "strings"

// Parameter returns the first parameter of a query with this name, still
// encoded. Names are case-sensitive, as S3 has them.
func Parameter(query, name string) (value string, ok bool) {
	for query != "" {
		var parameter string
		parameter, query, _ = strings.Cut(query, "&")
		key, value, _ := strings.Cut(parameter, "=")
		if value != "" && IsParameter(key, name) {
			return value, true
		}
	}
	return "", false
}

// RefererQuery returns the query of the URL in a Referer, still encoded.
func RefererQuery(referer string) string {
	_, query, _ := strings.Cut(referer, "?")
	query, _, _ = strings.Cut(query, "#")
	return query
}

// AppendForm appends the value of a parameter, decoded as a form, to dst. needed reports
// whether decoding changes the value at all; without it, as with a bad escape, dst is
// returned as it was, and the value is to be used as sent. It allocates only to grow dst.
func AppendForm(dst []byte, value string) (out []byte, needed bool) {
	if strings.IndexByte(value, '%') < 0 && strings.IndexByte(value, '+') < 0 {
		return dst, false
	}
	out = dst
	for rest := value; rest != ""; {
		c, width := rest[0], 1
		switch c {
		case '+':
			c = ' '
		case '%':
			var ok bool
			if c, ok = Escape(rest); !ok {
				return dst, false
			}
			width = len("%20")
		}
		out = append(out, c)
		rest = rest[width:]
	}
	return out, true
}

// MaxParameter is how many bytes of a parameter's value are kept as an attribute.
const MaxParameter = 256

// IsParameter reports whether name is want, percent-encoded or not.
func IsParameter(name, want string) bool {
	return name == want || len(name) > len(want) && decodesTo(name, want)
}

// decodesTo reports whether s is want once it is percent-decoded.
func decodesTo(s, want string) bool {
	for len(want) > 0 && len(s) > 0 {
		c, width := s[0], 1
		if decoded, ok := Escape(s); ok {
			c, width = decoded, len("%20")
		}
		if c != want[0] {
			return false
		}
		s, want = s[width:], want[1:]
	}
	return s == want
}

// Escape decodes the percent escape at the start of s, if there is one.
func Escape[T string | []byte](s T) (c byte, ok bool) {
	if len(s) < len("%20") || s[0] != '%' || !isHex(s[1]) || !isHex(s[2]) {
		return 0, false
	}
	return unhex(s[1])<<4 | unhex(s[2]), true
}

// FirstDecoded returns the first byte of s, which is not empty, decoded as often as it
// was encoded, and its length in s. It is '%' where an escape is one of a percent sign
// that begins no other.
func FirstDecoded(s string) (c byte, width int) {
	c, ok := Escape(s)
	if !ok {
		return s[0], 1
	}
	width = len("%20")
	for c == '%' && len(s) >= width+2 && isHex(s[width]) && isHex(s[width+1]) {
		c = unhex(s[width])<<4 | unhex(s[width+1])
		width += 2
	}
	return c, width
}
