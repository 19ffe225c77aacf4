package accesslog

import (
	"strings"
	"unicode/utf8"
)

// class is a set of byte classes.
type class uint8

const (
	classWord    class = 1 << iota // letters, digits, '.', '_' and '-'
	classAddress                   // hexadecimal digits, '.' and ':'
	classCipher                    // letters, digits, '_' and '-'
	classRegion                    // lower-case letters, digits and '-'
	classBase64                    // of both alphabets, with padding
	classHex
	classUpper // upper-case letters and digits
	classFloat // what a decimal number is written with
)

// classes gives the classes of each byte.
var classes = func() (table [256]class) {
	set := func(bytes string, c class) {
		for i := range len(bytes) {
			table[bytes[i]] |= c
		}
	}
	const (
		digits = "0123456789"
		lower  = "abcdefghijklmnopqrstuvwxyz"
		upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	)
	set(digits+lower+upper+"._-", classWord)
	set(digits+"abcdefABCDEF"+".:", classAddress)
	set(digits+lower+upper+"_-", classCipher)
	set(digits+lower+"-", classRegion)
	set(digits+lower+upper+"+/=_-", classBase64)
	set(digits+"abcdefABCDEF", classHex)
	set(digits+upper, classUpper)
	set(digits+".eE+-", classFloat)
	return table
}()

// isAll reports whether every byte of s is of class c.
func isAll(s string, c class) bool {
	for i := range len(s) {
		if classes[s[i]]&c == 0 {
			return false
		}
	}
	return true
}

// absent turns the log's "-" into "".
func absent(s string) string {
	if s == "-" {
		return ""
	}
	return s
}

// IsBlank reports whether a line has nothing but spaces, and so no record.
func IsBlank(line string) bool {
	for i := range len(line) {
		if line[i] != ' ' {
			return false
		}
	}
	return true
}

// spaceIn returns the index of the first space in s, or -1. Many tokens are a
// dash, for which the call that it saves is what costs.
func spaceIn(s string) int {
	if len(s) > 1 && s[1] == ' ' && s[0] != ' ' {
		return 1
	}
	return strings.IndexByte(s, ' ')
}

// firstToken returns s up to its first space.
func firstToken(s string) string {
	if i := strings.IndexByte(s, ' '); i >= 0 {
		return s[:i]
	}
	return s
}

// lastQuote returns the index of the last quote in s, or -1, and whether there is
// another one. It looks forward because strings.IndexByte is vectorised and
// strings.LastIndexByte is not.
func lastQuote(s string) (last int, more bool) {
	last = strings.IndexByte(s, '"')
	if last < 0 {
		return last, false
	}
	for {
		i := strings.IndexByte(s[last+1:], '"')
		if i < 0 {
			return last, more
		}
		last += i + 1
		more = true
	}
}

// CutText cuts s after limit bytes, or up to three before, so that no UTF-8
// sequence is cut in two.
func CutText(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	end := limit
	for end > limit-utf8.UTFMax+1 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}
