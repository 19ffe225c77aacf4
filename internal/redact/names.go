package redact

import "strings"

// DefaultNames returns the names of the parameters that carry a credential or a
// signature: those of AWS Signature Version 4 and 2 and of S3's keys that
// customers provide, of Azure's shared access signatures and of Google's signed
// URLs.
func DefaultNames() []string {
	return []string{
		"X-Amz-Signature",
		"X-Amz-Credential",
		"X-Amz-Security-Token",
		"AWSAccessKeyId",
		"Signature",
		"sig",
		"X-Goog-Signature",
		"X-Amz-S3session-Token",
		"X-Amz-Server-Side-Encryption-Customer-Key",
		"X-Amz-Server-Side-Encryption-Customer-Key-MD5",
		"x-amz-copy-source-server-side-encryption-customer-key",
	}
}

// name is a sensitive name.
type name struct {
	text string // in lower case
	// header says that it counts only in an Authorization header of Signature
	// Version 4.
	header bool
}

// Redactor replaces the values of sensitive parameters. Names are compared
// decoded and without regard to case.
type Redactor struct {
	// byLast holds the names by their last character: most parameters are told
	// from a sensitive one by it.
	byLast [256][]name
	mayEnd pairs // what may end a name, or an escape that does
	spaced bool  // a name has a space in it
}

// New returns a Redactor for these names; nil means DefaultNames.
func New(names []string) *Redactor {
	if names == nil {
		names = DefaultNames()
	}
	r := &Redactor{}
	r.mayEnd.add(hexDigits, hexDigits)
	listed := make(map[string]bool, len(names))
	for _, text := range names {
		if text = strings.ToLower(text); text != "" && !listed[text] {
			listed[text] = true
			r.add(name{text: text})
		}
	}
	// An Authorization header has two of the query's parameters, by names that
	// are everyday words elsewhere.
	for _, word := range [...]string{"credential", "signature"} {
		if listed["x-amz-"+word] && !listed[word] {
			r.add(name{text: word, header: true})
		}
	}
	return r
}

func (r *Redactor) add(n name) {
	last := n.text[len(n.text)-1]
	r.byLast[last] = append(r.byLast[last], n)
	before := anyChar
	if start := len(n.text) - 2; start >= 0 {
		before = hexDigits + n.text[start:start+1]
	}
	r.mayEnd.add(before, n.text[len(n.text)-1:])
	r.spaced = r.spaced || strings.Contains(n.text, " ")
}

const hexDigits = "0123456789abcdef"

// pairs is a set of two characters, in any case, of which the first may be any.
type pairs [256 * 256 / 64]uint64

func (p *pairs) has(before, last byte) bool {
	i := int(before)<<8 | int(last)
	return p[i/64]&(1<<(i%64)) != 0
}

// add adds each of before with each of last.
func (p *pairs) add(before, last string) {
	for _, b := range []byte(strings.ToUpper(before) + before) {
		for _, l := range []byte(strings.ToUpper(last) + last) {
			i := int(b)<<8 | int(l)
			p[i/64] |= 1 << (i % 64)
		}
	}
}

// anyChar has each character.
var anyChar = func() string {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return string(all)
}()

// isShort reports whether a name is also a likely part of an object's key.
func isShort(name string) bool { return name == "sig" || name == "signature" }

// tellsShort returns what a name, in any case, says of the short names beside
// it: that of itself they are a signed URL's, or that they are with another one
// like it.
func tellsShort(name string) (alone, sv, se bool) {
	switch {
	case len(name) < len("sv"):
	case len(name) == len("sv"):
		return false, strings.EqualFold(name, "sv"), strings.EqualFold(name, "se")
	case strings.EqualFold(name, "AWSAccessKeyId"):
		return true, false, false
	}
	return hasPrefixFold(name, "x-amz-") || hasPrefixFold(name, "x-goog-"), false, false
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// isNameChar reports whether c is a character that URLs do not reserve.
func isNameChar(c byte) bool {
	c = lower(c)
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

// isSeparator reports whether c separates the parameters of a URL from what
// stands before and behind them.
func isSeparator(c byte) bool { return c == '?' || c == '&' || c == ';' || c == '#' }
