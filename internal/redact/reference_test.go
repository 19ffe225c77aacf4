package redact

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// reference redacts as a person would by hand: it decodes level by level, a
// character at a time, and looks with regular expressions, and
// knows none but the default names.
func reference(given string, rule Rule) string {
	type char struct {
		c        byte
		from, to int // in given
		level    int
	}
	var chars []char
	for i := range len(given) {
		chars = append(chars, char{given[i], i, i + 1, 0})
	}
	for level := 1; level <= 5; level++ {
		var next []char
		for i := 0; i < len(chars); i++ {
			if chars[i].c == '%' && i+2 < len(chars) {
				if n, err := strconv.ParseUint(string([]byte{chars[i+1].c, chars[i+2].c}), 16, 8); err == nil {
					next = append(next, char{byte(n), chars[i].from, chars[i+2].to, level})
					i += 2
					continue
				}
			}
			next = append(next, chars[i])
		}
		chars = next
	}
	decoded := make([]byte, len(chars))
	for i := range chars {
		decoded[i] = chars[i].c
	}

	end, name := referenceRule(decoded, rule)
	var out strings.Builder
	done := 0
	for i := 0; i < len(chars); i++ {
		if chars[i].c != '=' || !name.MatchString(latin(decoded[max(0, i-100):i])) {
			continue
		}
		last := i + 1
		for last < len(chars) {
			c := chars[last]
			within := c.level <= chars[i].level && (c.c == '&' || rule <= Path) || c.level == 0
			if within && strings.IndexByte(end, c.c) >= 0 {
				break
			}
			last++
		}
		if last > i+1 {
			out.WriteString(given[done:chars[i].to] + "REDACTED")
			done = chars[last-1].to
			i = last - 1
		}
	}
	return out.String() + given[done:]
}

// referenceRule returns what ends a value, and what stands before its '='.
func referenceRule(decoded []byte, rule Rule) (end string, name *regexp.Regexp) {
	begin, end := `(?:^|[^A-Za-z0-9._~-]|\\u[\x00-\xff]{4})`, "&"
	switch rule {
	case Value, Path:
		begin, end = `[?&;#]`, "?&;#"
	case Text, Header:
		end = `& "`
	}
	words := slices.Clone(referenceNames)
	if rule == Path && !referenceSigned(decoded) {
		words = slices.DeleteFunc(words, func(name string) bool { return name == "sig" || name == "signature" })
	}
	if rule == Header && referenceHeader.Match(decoded) {
		words = append(words, "credential")
	}
	pattern := begin + `(?:` + anyCase(strings.Join(words, "|")) + `)$`
	if compiled, ok := referencePatterns.Load(pattern); ok {
		return end, compiled.(*regexp.Regexp)
	}
	name = regexp.MustCompile(pattern)
	referencePatterns.Store(pattern, name)
	return end, name
}

// referencePatterns are those compiled before.
var referencePatterns sync.Map

var referenceNames = []string{
	"x-amz-signature", "x-amz-credential", "x-amz-security-token", "awsaccesskeyid", "signature", "sig", "x-goog-signature", "x-amz-s3session-token",
	"x-amz-server-side-encryption-customer-key", "x-amz-server-side-encryption-customer-key-md5", "x-amz-copy-source-server-side-encryption-customer-key",
}

var (
	referenceAlone  = regexp.MustCompile(`(?:^|[^A-Za-z0-9._~-])(?:` + anyCase("awsaccesskeyid") + `|(?:` + anyCase("x-amz-|x-goog-") + `)[A-Za-z0-9._~-]*)=`)
	referenceSV     = regexp.MustCompile(`(?:^|[^A-Za-z0-9._~-])[sS][vV]=`)
	referenceSE     = regexp.MustCompile(`(?:^|[^A-Za-z0-9._~-])[sS][eE]=`)
	referenceHeader = regexp.MustCompile(`[aA][wW][sS]4`)
)

// anyCase makes a pattern one of its letters in any case. Of (?i), 'ſ' is an 's'.
func anyCase(pattern string) string {
	var out strings.Builder
	for _, c := range pattern {
		if 'a' <= c && c <= 'z' {
			out.WriteString("[" + string(c) + string(c-0x20) + "]")
		} else {
			out.WriteRune(c)
		}
	}
	return out.String()
}

func referenceSigned(decoded []byte) bool {
	text := latin(decoded)
	return referenceAlone.MatchString(text) || referenceSV.MatchString(text) && referenceSE.MatchString(text)
}

// latin returns text in which each byte is a character, as regular expressions
// need it.
func latin(bytes []byte) string {
	runes := make([]rune, len(bytes))
	for i, b := range bytes {
		runes[i] = rune(b)
	}
	return string(runes)
}
