package accesslog

import "strings"

// Parse is FormatAWS.Parse.
func Parse(line string, r *Record) error { return FormatAWS.Parse(line, r) }

// Parse reads one line, without its line ending, into r. Every field of r is
// overwritten. On a line that is not a record it returns an *Error that is
// valid until r is used again; Owner and Bucket then hold what was read of
// them before the field that failed, and the rest of r is not to be used.
// It never panics, and allocates only for what JSON strings escape.
func (f Format) Parse(line string, r *Record) error {
	// Cleared and then set, because a literal would be made and then copied.
	members := r.Members[:0]
	*r = Record{}
	r.Members, r.format = members, f
	r.Status = Absent
	r.BytesSent, r.ObjectSize, r.TotalTime, r.TurnAroundTime = Absent, Absent, Absent, Absent
	if !r.read(line) {
		return &r.err
	}
	r.err, r.format = Error{}, "" // of what was tried first
	return nil
}

// fail notes why the line is malformed, unless another reading of it got further.
// It returns false for its caller to return.
func (r *Record) fail(field Field, reason Reason, value string) bool {
	if r.err.Reason == ReasonNone || field > r.err.Field {
		r.err = Error{Field: field, Reason: reason, Value: clip(value)}
	}
	return false
}

// ambiguous notes that the line can be read in more than one way, which ends the
// search for a reading.
func (r *Record) ambiguous(field Field, value string) bool {
	r.err = Error{Field: field, Reason: ReasonAmbiguous, Value: clip(value)}
	return false
}

// read and the methods it calls return false after fail.
//
// Spaces at the end of the line are ignored: AWS's own documentation prints
// some of its examples with one, and no field is empty.
func (r *Record) read(line string) bool {
	for len(line) > 0 && line[len(line)-1] == ' ' {
		line = line[:len(line)-1]
	}
	if line == "" {
		return r.fail(0, ReasonBlank, "")
	}
	if isJSON(line) {
		return r.readJSON(line)
	}
	rest, ok := r.readBucket(line)
	if !ok {
		return false
	}
	if rest, ok = r.readCaller(rest); !ok {
		return false
	}
	if r.format == FormatCeph {
		rest, ok = r.readRawKey(rest)
	} else {
		rest, ok = r.readKey(rest)
	}
	if !ok {
		return false
	}
	if r.format == FormatOBS {
		return r.readClientTextOfOBS(rest)
	}
	return r.readClientText(rest)
}

// token returns s up to its first space, which has to be there, and what
// follows that space.
func (r *Record) token(field Field, s string) (token, rest string, ok bool) {
	i := spaceIn(s)
	if i > 0 {
		return s[:i], s[i+1:], true
	}
	if i == 0 {
		return "", "", r.fail(field, ReasonEmpty, "")
	}
	return "", "", r.fail(field, ReasonTorn, s)
}

// readBucket reads fields 1 to 3.
func (r *Record) readBucket(line string) (rest string, ok bool) {
	owner, rest, ok := r.token(FieldOwner, line)
	if !ok {
		return "", false
	}
	if strings.IndexByte(owner, '[') >= 0 {
		return "", r.fail(FieldOwner, ReasonBracket, owner)
	}
	r.Owner = absent(owner)
	bucket, rest, ok := r.token(FieldBucket, rest)
	if !ok {
		return "", false
	}
	if strings.IndexByte(bucket, '[') >= 0 {
		return "", r.fail(FieldBucket, ReasonBracket, bucket)
	}
	r.Bucket = absent(bucket)

	if len(rest) <= timeLength {
		return "", r.fail(FieldTime, ReasonTorn, rest)
	}
	if r.Time, ok = parseTime(rest); !ok || rest[timeLength] != ' ' {
		return "", r.fail(FieldTime, ReasonTime, rest[:timeLength])
	}
	return rest[timeLength+1:], true
}

// readCaller reads fields 4 to 7.
func (r *Record) readCaller(s string) (rest string, ok bool) {
	address, rest, ok := r.token(FieldRemoteIP, s)
	if !ok {
		return "", false
	}
	if !r.setRemoteIP(address) {
		return "", r.fail(FieldRemoteIP, ReasonAddress, address)
	}
	if rest, ok = r.readRequester(rest); !ok {
		return "", false
	}
	id, rest, ok := r.token(FieldRequestID, rest)
	if !ok {
		return "", false
	}
	r.RequestID = absent(id)
	if r.format == FormatOBS {
		rest = strings.TrimPrefix(rest, " ")
	}
	operation, rest, ok := r.token(FieldOperation, rest)
	if !ok {
		return "", false
	}
	if strings.IndexByte(operation, '.') <= 0 || !isAll(operation, classWord) {
		return "", r.fail(FieldOperation, ReasonOperation, operation)
	}
	r.Operation = operation
	return rest, true
}

// setRemoteIP sets field 4, which other servers write with a port, and
// anonymisers as a word. It returns false when s is neither.
func (r *Record) setRemoteIP(s string) bool {
	const longestWord = 64
	if colon := strings.IndexByte(s, ':'); colon >= 0 && (s[0] == '[' || strings.IndexByte(s[colon+1:], ':') < 0) {
		if address, port := SplitHost(s); port != Absent && isAddress(address) {
			r.RemoteIP, r.RemotePort = address, int32(port)
			return true
		}
	}
	if s != "-" && !isAddress(s) {
		if len(s) > longestWord || strings.ContainsAny(s, `[]"`) {
			return false
		}
		r.Unexpected.add(FieldRemoteIP)
	}
	r.RemoteIP = absent(s)
	return true
}

// readRequester reads field 5, the only one before the Request-URI that can
// hold spaces, and these only in
//
//	arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLE
func (r *Record) readRequester(s string) (rest string, ok bool) {
	requester, rest, ok := r.token(FieldRequester, s)
	if !ok {
		return "", false
	}
	if strings.HasSuffix(requester, ":iam::cloudfront:user/CloudFront") && strings.HasPrefix(rest, originAccessIdentity) {
		var identity string
		identity, rest, ok = r.token(FieldRequester, rest[len(originAccessIdentity):])
		if !ok {
			return "", false
		}
		requester = s[:len(requester)+1+len(originAccessIdentity)+len(identity)]
	}
	if strings.IndexByte(requester, '[') >= 0 || strings.IndexByte(requester, ']') >= 0 {
		return "", r.fail(FieldRequester, ReasonBracket, requester)
	}
	r.Requester = absent(requester)
	return rest, true
}

const originAccessIdentity = "Origin Access Identity "

// isAddress reports whether s looks like an IPv4 or IPv6 address; it does not
// check that it is one.
func isAddress(s string) bool {
	const longest = len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")
	if len(s) > longest || !isAll(s, classAddress) {
		return false
	}
	return strings.IndexByte(s, '.') > 0 || strings.IndexByte(s, ':') >= 0
}
