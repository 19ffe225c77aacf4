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
// The checks below make such a line malformed. They look at no line that has
// neither fields without a name nor a quote in its User-Agent.
//
// Three cases are the same bytes as an honest record and are read as that one:
// a Host with both a quote and a space, which could as well be in the
// User-Agent; a Version Id with spaces in a record of 18 fields, which could be
// a younger record; a Host with spaces in a record of 24 to 26 fields without
// TLS, whose fields behind the Host are all "-". HTTP allows no such Host, and
// S3 gives no such Version Id.

// ambiguous reports whether the true tail may stand further back in s than t
// was read. It costs time linear in s. withRequest tells that the record is
// about a request, so that its Host Header was sent by a client.
func (t *tail) ambiguous(s string, withRequest bool) bool {
	for rest := t.extra; rest != ""; _, rest, _ = strings.Cut(rest, " ") {
		if isTailWord(firstToken(rest)) {
			return true
		}
	}
	if t.twoTokens {
		// Its first token may as well be the end of a Version Id: that this is
		// not so was decided by secondTokenEnd.
		_, s, _ = strings.Cut(s, " ")
	}
	return versionIDMayBeLonger(s, withRequest) ||
		withRequest && t.cipher == "-" && t.hostMayBeLonger()
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
		if other.read(FieldVersionID, s) && other.last >= FieldTLSVersion &&
			(looksLikeHostID(other.hostID) || withRequest && isRegionName(other.region)) {
			return true
		}
	}
}

// hostMayBeLonger reports whether the fields behind the Host Header could begin
// further back. It matters without TLS only: else the TLS version is a word
// among the fields without a name.
func (t *tail) hostMayBeLonger() bool {
	s := t.behind
	for {
		_, rest, more := strings.Cut(s, " ")
		if !more {
			return false
		}
		s = rest
		var other tail
		if !other.read(FieldTLSVersion, s) {
			continue
		}
		// Without TLS there is no TLS version, so that of t was sent in the Host.
		if isRegionName(other.region) || t.tls != "-" && other.last <= lastField {
			return true
		}
	}
}

// quoteIsBehind reports whether the line's last quote may be not the one that
// ends the User-Agent but part of the Host Header or the Version Id, given the
// text before it that was taken for the User-Agent.
func (r *Record) quoteIsBehind(agent string) bool {
	if r.Fields == int(FieldVersionID) {
		return endsInHost(agent)
	}
	// A Version Id that ends in a quote leaves the host id in its place.
	if r.HostID != "" || len(r.VersionID) < wholeHostID || !looksLikeHostID(r.VersionID) {
		return false
	}
	i := strings.LastIndexByte(agent, ' ')
	return i > 0 && agent[i-1] == '"'
}

// endsInHost reports whether s ends with a quote, the fields from Version Id to
// Authentication Type, and the beginning of a Host Header.
func endsInHost(s string) bool {
	host := strings.LastIndexByte(s, ' ')
	start := host
	for range FieldHostHeader - FieldVersionID {
		if start < 1 {
			return false
		}
		start = strings.LastIndexByte(s[:start], ' ')
	}
	if start < 1 || s[start-1] != '"' {
		return false
	}
	var t tail
	t.read(FieldVersionID, s[start+1:host])
	return t.last == FieldAuthType && looksLikeHostID(t.hostID)
}

// looksLikeHostID reports whether s is standard base64 long enough to be no
// word that a client or S3 would write elsewhere in a tail.
func looksLikeHostID(s string) bool {
	const shortest = 16
	return len(s) >= shortest && isAll(s, classBase64) && strings.IndexByte(s, '-') < 0 && strings.IndexByte(s, '_') < 0
}

// isRegionName reports whether s has the form of us-east-1 or us-gov-west-1.
func isRegionName(s string) bool {
	return len(s) >= len("xx-x-1") && s[2] == '-' && s[len(s)-1]-'0' <= 9 && strings.Count(s, "-") >= 2
}
