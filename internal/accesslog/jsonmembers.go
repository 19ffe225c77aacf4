package accesslog

import "strings"

// jsonKind is the type that a member has when it is not null.
type jsonKind uint8

const (
	jsonString jsonKind = iota
	jsonInteger
	jsonBoolean
)

// jsonMember is how a member of a JSON record is kept. At most one of the
// functions is there, but for known; without any only the type is checked.
type jsonMember struct {
	name  string
	field Field
	kind  jsonKind

	text func(*Record) *string // where the text is kept
	// known is as in tailField.
	known func(string) bool

	read  func(*Record, string) Reason // keeps a text that has parts
	count func(*Record, int64) Reason
	flag  func(*Record, bool)
}

// jsonMembers are the members in the order in which AWS documents them, which is
// the quickest to read. Names are case-sensitive.
//
// Source: "Log format in CloudWatch Logs" in the Amazon S3 User Guide, 2026.
var jsonMembers = [...]jsonMember{
	{name: "schema_version_id", field: FieldSchemaVersion, read: (*Record).readSchemaVersion},
	{name: "bucket_arn", field: FieldBucketARN},
	{name: "bucket_name", field: FieldBucket, text: func(r *Record) *string { return &r.Bucket }},
	{name: "request_time", field: FieldTime, read: (*Record).readJSONTime},
	{name: "bucket_owner_id", field: FieldOwner, text: func(r *Record) *string { return &r.Owner }},
	{name: "remote_ip", field: FieldRemoteIP, read: (*Record).readJSONAddress},
	{name: "requester", field: FieldRequester, text: func(r *Record) *string { return &r.Requester }},
	{name: "request_id", field: FieldRequestID, text: func(r *Record) *string { return &r.RequestID }},
	{name: "operation", field: FieldOperation, read: (*Record).readJSONOperation},
	{name: "key_name", field: FieldKey, text: func(r *Record) *string { return &r.Key }},
	{name: "request_uri", field: FieldRequestURI, read: (*Record).readJSONRequest},
	{name: "http_status", field: FieldStatus, kind: jsonInteger, count: (*Record).readJSONStatus},
	{
		name: "error_code", field: FieldErrorCode, text: func(r *Record) *string { return &r.ErrorCode },
		known: func(s string) bool { return isAll(s, classWord) },
	},
	{
		name: "bytes_sent_size", field: FieldBytesSent, kind: jsonInteger,
		count: func(r *Record, n int64) Reason { r.BytesSent = n; return ReasonNone },
	},
	{
		name: "object_size", field: FieldObjectSize, kind: jsonInteger,
		count: func(r *Record, n int64) Reason { r.ObjectSize = n; return ReasonNone },
	},
	{
		name: "total_duration", field: FieldTotalTime, kind: jsonInteger,
		count: func(r *Record, n int64) Reason { r.TotalTime = n; return ReasonNone },
	},
	{
		name: "turn_around_duration", field: FieldTurnAroundTime, kind: jsonInteger,
		count: func(r *Record, n int64) Reason { r.TurnAroundTime = n; return ReasonNone },
	},
	{name: "referer", field: FieldReferer, text: func(r *Record) *string { return &r.Referer }},
	{name: "user_agent", field: FieldUserAgent, text: func(r *Record) *string { return &r.UserAgent }},
	{name: "version_id", field: FieldVersionID, text: func(r *Record) *string { return &r.VersionID }},
	{name: "host_id", field: FieldHostID, text: func(r *Record) *string { return &r.HostID }},
	{
		name: "signature_version", field: FieldSignatureVersion, text: func(r *Record) *string { return &r.SignatureVersion },
		known: isSignature,
	},
	{
		name: "cipher_suite", field: FieldCipherSuite, text: func(r *Record) *string { return &r.CipherSuite },
		known: isCipher,
	},
	{
		name: "authentication_type", field: FieldAuthType, text: func(r *Record) *string { return &r.AuthType },
		known: isAuthType,
	},
	{name: "host_header", field: FieldHostHeader, text: func(r *Record) *string { return &r.HostHeader }},
	{
		name: "tls_version", field: FieldTLSVersion, text: func(r *Record) *string { return &r.TLSVersion },
		known: isTLSVersion,
	},
	{
		name: "access_point_arn", field: FieldAccessPointARN, text: func(r *Record) *string { return &r.AccessPointARN },
		known: isARN,
	},
	{name: "acl_required", field: FieldACLRequired, kind: jsonBoolean, flag: (*Record).setACLRequired},
	{
		name: "source_region", field: FieldSourceRegion, text: func(r *Record) *string { return &r.SourceRegion },
		known: isRegion,
	},
}

// jsonRows are the indexes of jsonMembers by name.
var jsonRows = func() map[string]int {
	rows := make(map[string]int, len(jsonMembers))
	for row := range jsonMembers {
		rows[jsonMembers[row].name] = row
	}
	return rows
}()

// jsonRow returns the index of the member with this name, or -1. likely is the
// one to look at first.
func jsonRow(name string, likely int) int {
	if likely < len(jsonMembers) && jsonMembers[likely].name == name {
		return likely
	}
	if row, ok := jsonRows[name]; ok {
		return row
	}
	return -1
}

// readSchemaVersion keeps nothing: another version is worth counting, no more.
func (r *Record) readSchemaVersion(s string) Reason {
	if s != "V_1_0" {
		r.Unexpected.add(FieldSchemaVersion)
	}
	return ReasonNone
}

func (r *Record) readJSONTime(s string) Reason {
	var ok bool
	if r.Time, r.Millis, ok = parseJSONTime(s); !ok {
		return ReasonJSONTime
	}
	return ReasonNone
}

// parseJSONTime reads "2026-02-06T00:00:38.123Z" and returns seconds since the
// Unix epoch, and the milliseconds of that second.
func parseJSONTime(s string) (seconds int64, millis int16, ok bool) {
	if len(s) != len("2026-02-06T00:00:38.123Z") || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' ||
		s[19] != '.' || s[23] != 'Z' {
		return 0, 0, false
	}
	century, years, month, day := twoDigits(s[0:2]), twoDigits(s[2:4]), twoDigits(s[5:7]), twoDigits(s[8:10])
	hour, minute, second := twoDigits(s[11:13]), twoDigits(s[14:16]), twoDigits(s[17:19])
	tens, ones := twoDigits(s[20:22]), s[22]-'0'
	if century|years|month|day|hour|minute|second|tens < 0 || ones > 9 {
		return 0, 0, false
	}
	year := century*100 + years
	// A second of 60 is a leap second.
	if year < minYear || year > maxYear || month < 1 || month > 12 || day < 1 || day > daysIn(month, year) ||
		hour > 23 || minute > 59 || second > 60 {
		return 0, 0, false
	}
	seconds = daysFromCivil(year, month, day)*86400 + int64(hour*3600+minute*60+second)
	return seconds, int16(tens*10) + int16(ones), true
}

// readJSONAddress keeps what is no address as well, but no more of it than an
// error would show.
func (r *Record) readJSONAddress(s string) Reason {
	if !r.setRemoteIP(s) {
		r.RemoteIP = clip(s)
		r.Unexpected.add(FieldRemoteIP)
	}
	return ReasonNone
}

func (r *Record) readJSONOperation(s string) Reason {
	if strings.IndexByte(s, '.') <= 0 || !isAll(s, classWord) {
		return ReasonOperation
	}
	r.Operation = s
	return ReasonNone
}

// readJSONRequest reads METHOD target or METHOD target HTTP/n.n. Neither method
// nor target can hold a space.
func (r *Record) readJSONRequest(s string) Reason {
	method, rest, _ := strings.Cut(s, " ")
	target, protocol, three := strings.Cut(rest, " ")
	if method == "" || target == "" {
		return ReasonRequestLine
	}
	version := ""
	if three {
		if version = strings.TrimPrefix(protocol, "HTTP/"); len(version) == len(protocol) || !isHTTPVersion(version) {
			return ReasonRequestLine
		}
	}
	r.Method, r.Target, r.Version = method, target, version
	return ReasonNone
}

// isHTTPVersion reports whether s is n.n.
func isHTTPVersion(s string) bool {
	return len(s) == len("1.1") && s[0]-'0' <= 9 && s[1] == '.' && s[2]-'0' <= 9
}

func (r *Record) readJSONStatus(n int64) Reason {
	if n < 100 || n > 999 {
		return ReasonRange
	}
	r.Status = int32(n)
	return ReasonNone
}

func (r *Record) setACLRequired(needed bool) {
	r.ACLRequired = ACLNotNeeded
	if needed {
		r.ACLRequired = ACLNeeded
	}
}
