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
func Escape(s string) (c byte, ok bool) {
	if len(s) < len("%20") || s[0] != '%' || !isHex(s[1]) || !isHex(s[2]) {
		return 0, false
	}
	return unhex(s[1])<<4 | unhex(s[2]), true
}
