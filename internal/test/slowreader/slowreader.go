// Package slowreader is a second reader of access log records, against which
// tests compare internal/accesslog. It shares no code with that package, imports
// nothing of it and was written from the rules (docs: "Bad input", "Other
// servers" and "JSON records"; the doc comments of internal/accesslog): an error
// in one of the two then shows as a difference. It is plain and slow: regular
// expressions, and every reading of a line made and then judged.
//
// generate.go makes the lines that the two are compared on.
package slowreader

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Record is what was read of a record. A field that is absent is "", a number
// that is absent -1.
type Record struct {
	Owner, Bucket             string
	Seconds                   int64 // since the Unix epoch
	Millis                    int
	RemoteIP                  string
	Port                      int
	Requester, RequestID      string
	Operation, Key            string
	RawKey                    bool
	Method, Target, Version   string
	Status                    int64
	ErrorCode                 string
	BytesSent, ObjectSize     int64
	TotalTime, TurnAroundTime int64 // milliseconds
	Referer, UserAgent        string
	VersionID, HostID         string
	Signature, Cipher, Auth   string
	Host, TLS, ARN            string
	ACL                       string // "yes", "no", "" when unknown
	UnexpectedACL             string
	Region                    string
	Extra                     string   // fields 28 and on
	Members                   []string // name=value
	Fields                    int
	Unexpected                []string // names of the fields, sorted
}

// unexpected notes that a field's value is not known.
func (r *Record) unexpected(field string) { r.Unexpected = append(r.Unexpected, field) }

// Read reads a line in a format: aws, ceph or obs. ok is false when it is
// malformed.
func Read(format, line string) (r Record, ok bool) {
	if strings.HasPrefix(strings.TrimLeft(line, " \t\r\n"), "{") {
		r, ok = readJSON(line)
	} else {
		r, ok = readText(format, line)
	}
	slices.Sort(r.Unexpected)
	return r, ok
}

var (
	beginning = regexp.MustCompile(`(?s)^([^ \[]+) ([^ \[]+) \[([^\]]{26})\] ([^ ]+) ` +
		`([^ \[\]]*:iam::cloudfront:user/CloudFront Origin Access Identity [^ \[\]]+|[^ \[\]]+) ([^ ]+) ( ?)([^ ]+) (.*)$`)
	operation = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]*$`)
	outcome   = `([0-9]{3}|-) ([A-Za-z0-9._-]+) ([0-9]{1,18}|-) ([0-9]{1,18}|-) ([0-9.eE+-]+(?:ms|s)?) ([0-9.eE+-]+(?:ms|s)?) `
	outcomes  = regexp.MustCompile(`(?s)^` + outcome + `(.*)$`)
	// request is a Request-URI without its quotes.
	request = regexp.MustCompile(`(?s)^([^ ]+) ([^ ]+?)(?: HTTP/([0-9]\.[0-9]))?$`)
)

func readText(format, line string) (r Record, ok bool) {
	line = strings.TrimRight(line, " ")
	m := beginning.FindStringSubmatch(line)
	if m == nil {
		return r, false
	}
	r.Owner, r.Bucket = dash(m[1]), dash(m[2])
	if r.Seconds, ok = textTime(m[3]); !ok {
		return r, false
	}
	if !r.setRemoteIP(m[4]) {
		return r, false
	}
	r.Requester, r.RequestID, r.Operation = dash(m[5]), dash(m[6]), m[8]
	if m[7] != "" && format != "obs" || !isOperation(r.Operation) {
		return r, false
	}
	if format == "ceph" {
		return r.readCephKey(m[9])
	}
	key, rest, ok := strings.Cut(m[9], " ")
	if !ok || key == "" {
		return r, false
	}
	r.Key = dash(key)
	text, ok := r.readRequest(rest)
	if !ok {
		return r, false
	}
	if format == "obs" {
		return r.readOBSTail(text)
	}
	return r.readClientText(format, text)
}

// readRequest reads fields 9 to 15: the Request-URI ends at the first quote and
// space that an outcome follows.
func (r *Record) readRequest(s string) (rest string, ok bool) {
	if bare, isBare := strings.CutPrefix(s, "- "); isBare {
		m := outcomes.FindStringSubmatch(bare)
		if m == nil || !r.setOutcome(m[1:]) {
			return "", false
		}
		return m[7], true
	}
	for at := 1; at < len(s) && s[0] == '"'; at++ {
		if !strings.HasPrefix(s[at:], `" `) {
			continue
		}
		m := outcomes.FindStringSubmatch(s[at+2:])
		if m == nil || !r.setOutcome(m[1:]) {
			continue
		}
		if s[1:at] == "-" {
			return m[7], true
		}
		uri := request.FindStringSubmatch(s[1:at])
		if uri == nil || uri[1] == `-"` {
			return "", false
		}
		r.Method, r.Target, r.Version = uri[1], uri[2], uri[3]
		return m[7], true
	}
	return "", false
}

// setOutcome sets fields 10 to 15.
func (r *Record) setOutcome(m []string) (ok bool) {
	r.Status, r.ErrorCode, r.BytesSent, r.ObjectSize = number(m[0]), dash(m[1]), number(m[2]), number(m[3])
	r.TotalTime, ok = milliseconds(m[4])
	if !ok {
		return false
	}
	r.TurnAroundTime, ok = milliseconds(m[5])
	return ok && (r.Status < 0 || r.Status >= 100 && r.Status <= 999)
}

// dash returns "" for what the log writes for nothing.
func dash(s string) string {
	if s == "-" {
		return ""
	}
	return s
}

// number returns the number of digits, or -1.
func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return -1
	}
	return n
}

var decimal = regexp.MustCompile(`^[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?$`)

// milliseconds reads 12, 45.5, 1e+06, 12ms; - is -1.
func milliseconds(s string) (int64, bool) {
	if s == "-" {
		return -1, true
	}
	s = strings.TrimSuffix(s, "ms")
	if len(s) > 24 || !decimal.MatchString(s) {
		return 0, false
	}
	if n := number(s); n >= 0 {
		return n, len(s) <= 18
	}
	f, err := strconv.ParseFloat(s, 64)
	return int64(f), err == nil && f < 1e18
}

var clock = regexp.MustCompile(`^(../.../....:..:..:)([0-5][0-9]|60) ([+-])(0[0-9]|1[0-4])([0-5][0-9])$`)

// textTime reads 06/Feb/2019:00:00:38 +0000.
func textTime(s string) (int64, bool) {
	m := clock.FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	const layout = "02/Jan/2006:15:04:"
	t, err := time.Parse(layout, m[1])
	if err != nil || t.Format(layout) != m[1] || t.Year() < 1970 || t.Year() > 2261 {
		return 0, false
	}
	zone := number(m[4])*3600 + number(m[5])*60
	if m[3] == "-" {
		zone = -zone
	}
	seconds := t.Unix() + number(m[2]) - zone
	return seconds, seconds >= 0
}

var (
	address  = regexp.MustCompile(`^[0-9a-fA-F.:]{1,45}$`)
	withPort = regexp.MustCompile(`^(?:([0-9a-fA-F.]+)|\[([0-9a-fA-F.:]+)\]):([0-9]{1,5})$`)
)

// setRemoteIP keeps an address, an address with its port, or another word of at
// most 64 bytes.
func (r *Record) setRemoteIP(s string) bool {
	if m := withPort.FindStringSubmatch(s); m != nil && isAddress(m[1]+m[2]) {
		if port := int(number(m[3])); port >= 1 && port <= 65535 {
			r.RemoteIP, r.Port = m[1]+m[2], port
			return true
		}
	}
	switch {
	case s == "-":
	case isAddress(s):
		r.RemoteIP = s
	case len(s) <= 64 && !strings.ContainsAny(s, "[]\""):
		r.RemoteIP = s
		r.unexpected("Remote IP")
	default:
		return false
	}
	return true
}

func isAddress(s string) bool {
	return address.MatchString(s) && (strings.Contains(s, ":") || strings.Index(s, ".") > 0)
}

// isOperation reports whether s is made of words and dots, as REST.GET.OBJECT is.
func isOperation(s string) bool { return operation.MatchString(s) && strings.Contains(s, ".") }
