package accesslog

import "strings"

// Format is a dialect of the format: that of AWS, or of another server that
// writes almost the same. What cannot be confused with a record of AWS's is read
// in each: JSON records, fractions and units in times, a quoted Host Header, a
// port behind the Remote IP.
type Format string

// The formats. "" is FormatAWS.
const (
	FormatAWS Format = "aws"
	// FormatCeph is that of the Ceph Object Gateway: a Referer without quotes, and
	// a key as it is, with spaces. Source: log_record in
	// src/rgw/rgw_bucket_logging.cc of github.com/ceph/ceph.
	FormatCeph Format = "ceph"
	// FormatOBS is that of Huawei's Object Storage Service and the Open Telekom
	// Cloud: two spaces before Operation and User-Agent, and a field 19 of its
	// own. Source: "Logging Overview" in the OBS user guide of the Open Telekom
	// Cloud.
	FormatOBS Format = "obs"
)

// readRawKey reads fields 8 to 15 of FormatCeph. The key, which is the client's
// text, ends where a Request-URI with an outcome behind it follows; with more than
// one such place the line is ambiguous.
func (r *Record) readRawKey(s string) (rest string, ok bool) {
	end := -1
	for at := 0; ; at++ {
		i := strings.IndexByte(s[at:], ' ')
		if i < 0 {
			break
		}
		at += i
		next := s[at+1:]
		if at == 0 || next == "" || next[0] != '"' && next[0] != '-' {
			continue
		}
		other := Record{format: r.format}
		if _, fits := other.readRequest(next); !fits {
			r.fail(other.err.Field, other.err.Reason, other.err.Value)
			continue
		}
		if end >= 0 {
			return "", r.ambiguous(FieldKey, s)
		}
		end = at
	}
	if end < 0 {
		return "", r.fail(FieldKey, ReasonTorn, s)
	}
	r.Key, r.RawKey = absent(s[:end]), true
	return r.readRequest(s[end+1:])
}

// readBareReferer reads field 16 and on of FormatCeph: a Referer that ends where
// the User-Agent's quote begins.
func (r *Record) readBareReferer(s string, rank rank) bool {
	end := strings.Index(s, ` "`)
	if end < 0 {
		return r.fail(FieldReferer, ReasonTorn, s)
	}
	if r.requestMayBeLonger(s) {
		return r.ambiguous(FieldRequestURI, r.Target)
	}
	return r.readUserAgent(s[:end], strings.IndexByte(s[:end], '"') >= 0, s[end+1:], rank)
}

// readClientTextOfOBS reads field 16 and on of FormatOBS: Referer, User-Agent,
// Version Id, and fields without a name. Nothing behind the User-Agent has a
// type, so it ends at the last quote.
func (r *Record) readClientTextOfOBS(s string) bool {
	end := refererEndOfOBS(s)
	if end < 0 {
		return r.fail(FieldReferer, ReasonTorn, s)
	}
	referer, rest := s[:end], s[end+2:]
	agent, behind := "-", rest[1:]
	if rest[0] == '"' {
		last, _ := lastQuote(rest)
		agent, behind = rest[:last+1], rest[last+1:]
	}
	behind, ok := strings.CutPrefix(behind, " ")
	if !ok || agent == `"` {
		return r.fail(FieldUserAgent, ReasonQuotes, rest)
	}
	version, extra, more := strings.Cut(behind, " ")
	if version == "" {
		return r.fail(FieldVersionID, ReasonEmpty, "")
	}
	t := tail{last: FieldVersionID, extra: extra}
	t.values[0] = version
	if more && t.extraHasEmpty() {
		return r.fail(FieldHostID, ReasonEmpty, "")
	}
	if !r.accept(&t, withoutQuotes(referer), withoutQuotes(agent), true) {
		return false
	}
	if more {
		r.Fields += 1 + strings.Count(extra, " ")
	}
	return true
}

// refererEndOfOBS returns where the first two spaces are that a User-Agent, in
// quotes or a dash, follows, or -1. Behind others the Referer goes on.
func refererEndOfOBS(s string) int {
	for at := 0; ; at++ {
		i := strings.Index(s[at:], "  ")
		if i < 0 {
			return -1
		}
		at += i
		if rest := s[at+2:]; strings.HasPrefix(rest, `"`) || strings.HasPrefix(rest, "- ") {
			return at
		}
	}
}
