package accesslog

import "strings"

// tailField is a field of the tail: the fields from 18 on, which stand unquoted
// behind the User-Agent.
type tailField struct {
	name string // of the User Guide
	// known reports whether a value is one that the field is known to have, or
	// looks like one; nil when each does. A value that is not known is kept all the
	// same; see rank.
	known func(value string) bool
	// anchor says that the known values are a closed set, from which the place of
	// the fields around is told.
	anchor bool
	// client says that the value is partly the client's text.
	client bool
}

// tailTable are the fields from Version Id on.
var tailTable = [lastField - FieldVersionID + 1]tailField{
	{name: "Version Id", client: true},
	{name: "Host Id"},
	{name: "Signature Version", known: isSignature, anchor: true},
	{name: "Cipher Suite", known: isCipher},
	{name: "Authentication Type", known: isAuthType, anchor: true},
	{name: "Host Header", client: true},
	{name: "TLS version", known: isTLSVersion, anchor: true},
	{name: "Access Point ARN", known: isARN},
	{name: "aclRequired", known: isYes},
	{name: "Source Region", known: isRegion},
}

// tail is what a reading made of the fields from 18 on.
type tail struct {
	values [len(tailTable)]string // as logged; a two-token Host Id keeps its space
	extra  string                 // fields 28 and on
	last   Field                  // the last field that was read
	behind string                 // what follows the Host Header
	// unexpected holds the fields whose value is not known.
	unexpected FieldSet

	field  Field // what did not fit, after read returned false
	reason Reason
	value  string
}

func (t *tail) get(f Field) string { return t.values[f-FieldVersionID] }

// read reads s, which begins with the given field, up to its end or to the last
// field that has a name. On false, the field, reason and value say what did not
// fit. Unless strict, a value that is not known is noted in t.unexpected; it fits
// when it is no anchor's known value and, as an anchor, a word.
func (t *tail) read(field Field, s string, strict bool) bool {
	for ; field <= lastField; field++ {
		end := spaceIn(s)
		if field == FieldHostID && end == firstHostIDLength {
			end = t.hostIDEnd(s)
		}
		token := s
		if end >= 0 {
			token = s[:end]
		}
		t.values[field-FieldVersionID] = token
		if reason := t.check(field, token, strict); reason != ReasonNone {
			return t.fail(field, reason, token)
		}
		if end < 0 {
			t.last = field
			if !field.endsRecord() {
				return t.fail(field+1, ReasonTorn, "")
			}
			return true
		}
		s = s[end+1:]
		if field == FieldHostHeader {
			t.behind = s
		}
	}
	t.last, t.extra = fieldExtra, s
	return true
}

// check returns why the value does not fit, or ReasonNone.
func (t *tail) check(field Field, value string, strict bool) Reason {
	if value == "-" {
		return ReasonNone
	}
	if value == "" {
		return ReasonEmpty
	}
	row := &tailTable[field-FieldVersionID]
	if row.known == nil || row.known(value) {
		if !row.anchor && !row.client && isAnchor(value) {
			return ReasonValue
		}
		return ReasonNone
	}
	if strict || isAnchor(value) || row.anchor && !isUnknownWord(value) {
		return ReasonValue
	}
	t.unexpected.add(field)
	return ReasonNone
}

func (t *tail) fail(field Field, reason Reason, value string) bool {
	t.field, t.reason, t.value = field, reason, value
	return false
}

const (
	// firstHostIDLength is the length of the first token of a Host Id of two: the
	// form of IAM's unique ids.
	firstHostIDLength = 21
	// The whole x-amz-id-2 has one of these lengths.
	shortHostIDLength = 64
	hostIDLength      = 76
)

// hostIDEnd returns where in s the Host Id ends: behind a second token when
// there are two, such as AIDAEXAMPLEEXAMPLE123 and a whole x-amz-id-2, and no
// Version Id before them. -1 is the end of s.
func (t *tail) hostIDEnd(s string) int {
	first, rest := s[:firstHostIDLength], s[firstHostIDLength+1:]
	second := firstToken(rest)
	if t.get(FieldVersionID) != "-" || !isAll(first, classUpper) || !isAll(second, classBase64) ||
		len(second) != shortHostIDLength && len(second) != hostIDLength {
		return firstHostIDLength
	}
	if len(second) == len(rest) {
		return -1
	}
	return firstHostIDLength + 1 + len(second)
}

// extraHasEmpty reports whether a field from 28 on is empty.
func (t *tail) extraHasEmpty() bool {
	s := t.extra
	return s == "" || s[0] == ' ' || s[len(s)-1] == ' ' || strings.Contains(s, "  ")
}

// store copies t into r.
func (t *tail) store(r *Record) {
	r.Fields = int(t.last)
	if t.last == fieldExtra {
		r.Fields += strings.Count(t.extra, " ")
	}
	r.Extra = t.extra
	r.Unexpected |= t.unexpected
	r.VersionID = absent(t.get(FieldVersionID))
	r.HostID = absent(t.get(FieldHostID))
	r.SignatureVersion = absent(t.get(FieldSignatureVersion))
	r.CipherSuite = absent(t.get(FieldCipherSuite))
	r.AuthType = absent(t.get(FieldAuthType))
	r.HostHeader = absent(withoutQuotes(t.get(FieldHostHeader)))
	r.TLSVersion = absent(t.get(FieldTLSVersion))
	r.AccessPointARN = absent(t.get(FieldAccessPointARN))
	r.SourceRegion = absent(t.get(FieldSourceRegion))
	switch v := t.get(FieldACLRequired); v { // the only one that is no text
	case "":
	case "-":
		r.ACLRequired = ACLNotNeeded
	case "Yes":
		r.ACLRequired = ACLNeeded
	default:
		r.UnexpectedACL = v
	}
}

func isSignature(s string) bool { return s == "SigV4" || s == "SigV2" || s == "SigV4A" }

func isAuthType(s string) bool { return s == "AuthHeader" || s == "QueryString" }

// isCipher reports whether s can be a cipher suite. No host id can: these are
// longer, and have characters that no cipher suite's name has.
func isCipher(s string) bool {
	const longest = 48
	return len(s) <= longest && isAll(s, classCipher)
}

func isARN(s string) bool { return strings.HasPrefix(s, "arn:") }

func isYes(s string) bool { return s == "Yes" }

func isRegion(s string) bool { return isAll(s, classRegion) }

// isAnchor reports whether s is a known value of a field that anchors others. In
// another field it is a sign of a shift.
func isAnchor(s string) bool {
	switch s[0] {
	case 'S':
		return isSignature(s)
	case 'A', 'Q':
		return isAuthType(s)
	case 'T', 't':
		// One host id in a million begins with these letters, but none is so short.
		return isTLSVersion(s) && len(s) <= len("TLSv1.10")
	}
	return false
}

// isUnknownWord reports whether s may be tomorrow's value of an anchor.
func isUnknownWord(s string) bool {
	const longest = 32
	return len(s) <= longest && isLetter(s[0]) && isAll(s, classWord)
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// withoutQuotes takes off the quotes that some servers write around a Host.
func withoutQuotes(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}
