package accesslog

import "strings"

// tail is the unquoted end of a record, fields 18 and on. Version Id and Host
// Header are the client's text; the types of their neighbours keep them in
// their places.
type tail struct {
	versionID, hostID, signature, cipher, auth, host, tls, arn, region string

	acl       ACLRequired
	extra     string // fields 28 and on
	last      Field  // the last field that was read
	twoTokens bool   // of the host id
	behind    string // what follows the Host Header

	field  Field // what did not fit, after read returned false
	reason Reason
	value  string
}

// readTail reads fields 18 and on.
func (r *Record) readTail(s string) bool {
	var t tail
	if t.read(FieldVersionID, s) {
		return r.acceptTail(&t, s)
	}
	two := tail{twoTokens: true}
	if two.read(FieldVersionID, s) {
		return r.acceptTail(&two, s)
	}
	return r.fail(t.field, t.reason, t.value)
}

// acceptTail checks what read leaves open and copies t into r.
func (r *Record) acceptTail(t *tail, s string) bool {
	r.Fields = int(t.last)
	if t.last == fieldExtra {
		if t.extra == "" || t.extra[0] == ' ' || t.extra[len(t.extra)-1] == ' ' || strings.Contains(t.extra, "  ") {
			return r.fail(fieldExtra, ReasonEmpty, "")
		}
		if t.ambiguous(s, r.Method != "") {
			return r.fail(fieldExtra, ReasonAmbiguous, t.extra)
		}
		r.Fields += strings.Count(t.extra, " ")
	}
	r.VersionID, r.HostID = absent(t.versionID), absent(t.hostID)
	r.SignatureVersion, r.CipherSuite, r.AuthType = absent(t.signature), absent(t.cipher), absent(t.auth)
	r.HostHeader, r.TLSVersion = absent(t.host), absent(t.tls)
	r.AccessPointARN, r.ACLRequired, r.SourceRegion = absent(t.arn), t.acl, absent(t.region)
	r.Extra = t.extra
	return true
}

// read reads s, which begins with the given field, up to its end or to the last
// field that has a name. On false, the field, reason and value say what did not
// fit.
func (t *tail) read(field Field, s string) bool {
	for ; ; field++ {
		if field > lastField {
			t.last, t.extra = field, s
			return true
		}
		end := spaceIn(s)
		if field == FieldHostID && t.twoTokens && end >= 0 {
			var ok bool
			if end, ok = secondTokenEnd(s, end); !ok {
				return t.fail(field, ReasonValue, s)
			}
		}
		token := s
		if end >= 0 {
			token = s[:end]
		}
		if reason := t.set(field, token); reason != ReasonNone {
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
}

func (t *tail) fail(field Field, reason Reason, value string) bool {
	t.field, t.reason, t.value = field, reason, value
	return false
}

// wholeHostID is the length of the shortest x-amz-id-2 that was seen; most have
// 76 characters.
const wholeHostID = 64

// secondTokenEnd returns where the second token of a two-token host id ends,
// given where its first one does: the index of a space, or -1 at the end of s.
// The two are no host id when the second is a whole one by itself: the first is
// then the end of a Version Id with a space in it.
func secondTokenEnd(s string, first int) (end int, ok bool) {
	second := firstToken(s[first+1:])
	if !isHostIDPart(s[:first]) || !isHostIDPart(second) || len(second) >= wholeHostID {
		return 0, false
	}
	if end = first + 1 + len(second); end == len(s) {
		end = -1
	}
	return end, true
}

func isHostIDPart(s string) bool {
	return s != "" && s != "-" && isAll(s, classBase64) && !isTailWord(s)
}

// set stores the value of a field if it is one that the field can have.
func (t *tail) set(field Field, v string) Reason {
	if v == "" {
		return ReasonEmpty
	}
	ok := true
	switch field {
	case FieldVersionID:
		t.versionID = v
	case FieldHostID:
		t.hostID, ok = v, !isTailWord(v)
	case FieldSignatureVersion:
		t.signature, ok = v, v == "-" || v == "SigV4" || v == "SigV2" || v == "SigV4A"
	case FieldCipherSuite:
		t.cipher, ok = v, isCipher(v)
	case FieldAuthType:
		t.auth, ok = v, v == "-" || v == "AuthHeader" || v == "QueryString"
	case FieldHostHeader:
		t.host = v
	case FieldTLSVersion:
		t.tls, ok = v, v == "-" || isTLSVersion(v)
	case FieldAccessPointARN:
		t.arn, ok = v, v == "-" || strings.HasPrefix(v, "arn:")
	case FieldACLRequired:
		switch v {
		case "-":
			t.acl = ACLNotNeeded
		case "Yes":
			t.acl = ACLNeeded
		default:
			ok = false
		}
	case FieldSourceRegion:
		t.region, ok = v, isAll(v, classRegion)
	}
	if !ok {
		return ReasonValue
	}
	return ReasonNone
}

// isCipher reports whether s can be a cipher suite or "-". No host id can: these
// are longer, and have characters that no cipher suite's name has.
func isCipher(s string) bool {
	const longest = 48
	return len(s) <= longest && isAll(s, classCipher) && !isTailWord(s)
}

// isTailWord reports whether s is a value of Signature Version, Authentication
// Type or TLS version other than "-". Such a word anchors the fields around it.
func isTailWord(s string) bool {
	switch s[0] {
	case 'S':
		return s == "SigV4" || s == "SigV2" || s == "SigV4A"
	case 'A':
		return s == "AuthHeader"
	case 'Q':
		return s == "QueryString"
	case 'T', 't':
		// One host id in a million begins with these letters, but none is so short.
		return isTLSVersion(s) && len(s) <= len("TLSv1.10")
	}
	return false
}
