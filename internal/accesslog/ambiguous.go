package accesslog

import "strings"

// Version Id and Host Header are the client's text, and nothing says that S3
// never writes a space or a quote in them. With one, a client could write a
// tail of its own into them and push the true one out of its place:
//
//	V HID SigV4 CIPHER AuthHeader HOST TLSv1.2 - - us-east-1   true tail
//	^ a Version Id "v hid - - - host - - - eu-west-1" makes it
//	v hid - - - host - - - eu-west-1 HID SigV4 CIPHER AuthHeader HOST TLSv1.2 ...
//	                                 ^ fields 28 and on
//
// The checks below make such a line malformed. In the true tail they allow for
// two values that are not known, whatever the rank of the reading.
//
// These are the same bytes as an honest record and are read as that one:
//
//   - a Host or a Version Id with both a quote and a space, which could as well be
//     in the User-Agent
//   - a Version Id with spaces in a record of 18 fields, or without Host Id, which
//     could be a younger record; or one that ends in a dash and the first token of
//     a Host Id of two
//   - a Host with spaces in a record without TLS and region, or with a value that
//     is not known, which could be a younger record's
//   - a quote in a Version Id without a Host Id behind it, or in a Host without
//     Host Id, signature and TLS
//
// HTTP allows no such Host, and S3 gives no such Version Id.

// maxUnexpected is how many values that are not known a true tail may have which
// a forged one is told from.
const maxUnexpected = 2

// ambiguous reports whether the true tail may stand further back in s than t
// was read. It costs time linear in s. withRequest tells that the record is
// about a request, so that its Host Header was sent by a client.
func (t *tail) ambiguous(s string, withRequest bool) bool {
	for rest := t.extra; rest != ""; _, rest, _ = strings.Cut(rest, " ") {
		if isAnchor(firstToken(rest)) {
			return true
		}
	}
	if strings.IndexByte(t.get(FieldHostID), ' ') >= 0 {
		// Its first token may as well be the end of a Version Id: that this is
		// not so was decided by hostIDEnd.
		_, s, _ = strings.Cut(s, " ")
	}
	return versionIDMayBeLonger(s, withRequest) || withRequest && t.hostMayBeLonger()
}

// versionIDMayBeLonger reports whether tail s, without its first tokens, is a
// tail too, with a host id or a region to confirm it.
func versionIDMayBeLonger(s string, withRequest bool) bool {
	for {
		_, rest, more := strings.Cut(s, " ")
		if !more {
			return false
		}
		s = rest
		var other tail
		if !other.read(FieldVersionID, s, false) || other.last < FieldTLSVersion || other.unexpected.Len() > maxUnexpected {
			continue
		}
		hostID := other.get(FieldHostID)
		if looksLikeHostID(hostID) && (other.unexpected == 0 || len(hostID) >= unmistakable) {
			return true
		}
		if withRequest && other.unexpected&anchors == 0 && other.hasRegion() {
			return true
		}
	}
}

// hostMayBeLonger reports whether the fields behind the Host Header could begin
// further back.
func (t *tail) hostMayBeLonger() bool {
	plain := t.get(FieldCipherSuite) == "-"
	encrypted := !plain && !t.unexpected.Has(FieldCipherSuite)
	if encrypted && t.get(FieldTLSVersion) == "-" && t.last > lastField {
		return true // the "-" is the client's
	}
	for s := t.behind; ; {
		_, rest, more := strings.Cut(s, " ")
		if !more {
			return false
		}
		s = rest
		var other tail
		if !other.read(FieldTLSVersion, s, false) || other.unexpected.Len() > maxUnexpected {
			continue
		}
		if encrypted && other.get(FieldTLSVersion) == "-" {
			continue // a request with a cipher suite has a TLS version
		}
		// Without TLS there is no TLS version, so that of t was sent in the Host.
		if other.hasRegion() || plain && other.unexpected == 0 && t.get(FieldTLSVersion) != "-" && other.last <= lastField {
			return true
		}
	}
}

// anchors are the fields of the tail that anchor others.
var anchors = func() (set FieldSet) {
	for i := range tailTable {
		if tailTable[i].anchor {
			set.add(FieldVersionID + Field(i))
		}
	}
	return set
}()

// hasRegion reports whether t has the name of a region where it belongs, or ends
// with an unexpected one, and none as an unexpected value elsewhere.
func (t *tail) hasRegion() bool {
	for f := FieldSignatureVersion; f < FieldSourceRegion; f++ {
		if t.unexpected.Has(f) && isRegionName(t.get(f)) {
			return false
		}
	}
	return isRegionName(t.get(FieldSourceRegion)) || t.last == FieldSourceRegion && t.unexpected.Has(FieldSourceRegion)
}

// quoteIsBehind reports whether the line's last quote may be not the one that
// ends the User-Agent but part of the Host Header or the Version Id, given the
// text before it that was taken for the User-Agent.
func (t *tail) quoteIsBehind(agent string) bool {
	versionID, hostID := t.get(FieldVersionID), t.get(FieldHostID)
	certain := strings.IndexByte(hostID, ' ') >= 0 || len(hostID) >= unmistakable && looksLikeHostID(hostID)
	if !certain && endsInHost(agent, versionID) {
		return true
	}
	if t.last == FieldVersionID {
		return false
	}
	// A Version Id that ends in a quote leaves the host id in its place, and the
	// signature version, when it is none that is known, in that of the host id.
	if len(versionID) < unmistakable || !looksLikeHostID(versionID) || hostID != "-" && !isUnknownWord(hostID) {
		return false
	}
	return strings.Contains(agent, `" `)
}

// endsInHost reports whether s ends with the fields from Host Id to Authentication
// Type and the beginning of a Host Header, behind a quote that may end a User-Agent,
// or behind a bare one. Of a Host Id of two tokens the second is enough, and a Version
// Id may be any text. next is what would be the TLS version then.
func endsInHost(s, next string) bool {
	host := strings.LastIndexByte(s, ' ')
	start := host
	for range FieldHostHeader - FieldHostID {
		if start < 1 {
			return false
		}
		start = strings.LastIndexByte(s[:start], ' ')
	}
	if start < 1 || strings.IndexByte(s[:start], '"') < 0 && !strings.HasPrefix(s, " - ") {
		return false
	}
	var t tail
	t.read(FieldHostID, s[start+1:host], false)
	if t.last != FieldAuthType || t.unexpected.Len() > maxUnexpected {
		return false
	}
	return looksLikeHostID(t.get(FieldHostID)) || isAnchor(t.get(FieldSignatureVersion)) || isAnchor(t.get(FieldAuthType)) ||
		isAnchor(next)
}

// unmistakable is the length from which a text that looks like a Host Id is
// nothing else.
const unmistakable = 40

// looksLikeHostID reports whether s is standard base64 long enough to be no
// word that a client or S3 would write elsewhere in a tail.
func looksLikeHostID(s string) bool {
	const shortest = 16
	return len(s) >= shortest && isAll(s, classBase64) && strings.IndexByte(s, '-') < 0 && strings.IndexByte(s, '_') < 0
}

// isRegionName reports whether s has the form of us-east-1 or eusc-de-east-1.
func isRegionName(s string) bool {
	if len(s) < len("xx-x-1") || s[len(s)-1]-'0' > 9 || !isAll(s, classRegion) {
		return false
	}
	hyphen := strings.IndexByte(s, '-')
	return 2 <= hyphen && hyphen <= 4 && strings.Count(s, "-") >= 2
}
