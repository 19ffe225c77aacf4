package threat

import "strings"

type tokenKind int

const (
	end     tokenKind = iota
	sign              // one of [ ] ( ) , and the comparison operators
	word              // a keyword, a path or a number
	literal           // a quoted constant, without quotes and escapes
)

// patternLexer splits a STIX pattern into tokens.
type patternLexer struct {
	rest  string
	kind  tokenKind
	token string
}

// is reports whether the current token is this keyword or sign.
func (l *patternLexer) is(token string) bool {
	return (l.kind == word || l.kind == sign) && l.token == token
}

// take is like is, and advances over the token.
func (l *patternLexer) take(token string) bool {
	if !l.is(token) {
		return false
	}
	l.advance()
	return true
}

// advance reads the next token. An unclosed quote or index extends to the end of the pattern.
func (l *patternLexer) advance() {
	l.rest = strings.TrimLeft(l.rest, " \t\r\n")
	if l.rest == "" {
		l.kind, l.token = end, ""
		return
	}
	switch c := l.rest[0]; {
	case c == '\'':
		l.kind = literal
		l.token, l.rest = unquote(l.rest[1:])
	case len(l.rest) > 1 && strings.IndexByte("thb", c) >= 0 && l.rest[1] == '\'': // t'2026-..'
		l.kind = literal
		l.token, l.rest = unquote(l.rest[2:])
	case strings.IndexByte("=<>!", c) >= 0:
		l.cut(sign, len(l.rest)-len(strings.TrimLeft(l.rest, "=<>!")))
	case inWord(c):
		l.cut(word, wordLength(l.rest))
	default:
		l.cut(sign, 1)
	}
}

func (l *patternLexer) cut(kind tokenKind, n int) {
	l.kind, l.token, l.rest = kind, l.rest[:n], l.rest[n:]
}

func inWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_-:.", c) >= 0
}

// wordLength returns the length of the word that s begins with. It includes the
// quoted steps and the indexes of a path, as in a:b.'c d'[*].e.
func wordLength(s string) int {
	n, path := 0, false
	for n < len(s) {
		switch c := s[n]; {
		case inWord(c):
			path = path || c == ':'
			n++
		case c == '\'' && path && s[n-1] == '.':
			_, rest := unquote(s[n+1:])
			n = len(s) - len(rest)
		case c == '[' && path:
			closing := strings.IndexByte(s[n:], ']')
			if closing < 0 {
				return len(s)
			}
			n += closing + 1
		default:
			return n
		}
	}
	return n
}

// unquote reads up to the closing quote; \ escapes the next byte.
func unquote(s string) (value, rest string) {
	if i := strings.IndexAny(s, `'\`); i < 0 || s[i] == '\'' { // the common case: no escape
		value, rest, _ = strings.Cut(s, "'")
		return value, rest
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\'':
			return b.String(), s[i+1:]
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), ""
}
