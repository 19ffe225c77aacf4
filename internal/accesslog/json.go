package accesslog

import "strings"

// S3 delivers its access logs as JSON too, through CloudWatch Logs: one object a
// record, of the members in jsonMembers. A record has all of them; one that has
// no value is null. A member that is missing, or "" or "-", counts as null.
//
//   - request_time is required, and operation has to be there, if null, else any
//     object would be a record.
//   - A member of the wrong type, or twice, makes the record malformed, and so
//     does an Operation, a status, a time or a Request-URI that cannot be one.
//   - Any other value that is none of the known ones is kept, see
//     Record.Unexpected.
//   - Other members are kept as raw JSON, see Record.Members.
//   - key_name is not decoded. "Log format in CloudWatch Logs" in the Amazon S3
//     User Guide calls it "Object key in the request", where the text form's key
//     is documented as "URL encoded"; no record is known that shows it encoded.
//
// The scanner is our own, because none that this package may import is quick
// enough: encoding/json takes 8 times as long as BenchmarkParseJSON's 1.11 us a
// record, json.Valid alone 4.6 times. Of others, go-json-experiment's jsontext,
// whose API is not settled, takes 1.5 times as long for the tokens alone, and
// valyala/fastjson as long as ours, but it accepts what json.Valid does not:
// control characters, bad escapes, 01 and 1. for numbers.

const (
	maxMembers     = 32
	maxMemberValue = 256 // bytes
)

// readJSON reads a line that begins with an object.
func (r *Record) readJSON(line string) bool {
	r.Fields, r.RawKey, r.Time = int(FieldSourceRegion), true, Absent
	s := jsonScanner{text: line, depth: maxJSONDepth}
	s.space()
	s.take('{')
	s.space()
	var seen memberSet
	if !s.take('}') {
		var ok bool
		if seen, ok = r.readMembers(&s); !ok {
			return false
		}
		if !s.take('}') {
			return r.failJSON(&s)
		}
	}
	if s.space(); s.at < len(line) {
		return r.failJSON(&s)
	}
	if r.Time == Absent {
		return r.failMember(jsonRows["request_time"], ReasonMissing, "")
	}
	if operation := jsonRows["operation"]; !seen.has(operation) {
		return r.failMember(operation, ReasonMissing, "")
	}
	return true
}

// memberSet is a set of rows of jsonMembers.
type memberSet uint64

func (s memberSet) has(row int) bool { return s&(1<<row) != 0 }

// readMembers reads one member or more, up to what follows the last one.
func (r *Record) readMembers(s *jsonScanner) (seen memberSet, ok bool) {
	for last := -1; ; {
		name, escaped, ok := s.name()
		if !ok {
			return seen, r.failJSON(s)
		}
		known := name
		if escaped {
			known = unquote(name)
		}
		if row := jsonRow(known, last+1); row < 0 {
			ok = r.readUnknown(s, name)
		} else {
			if seen.has(row) {
				return seen, r.failMember(row, ReasonTwice, "")
			}
			seen |= 1 << row
			last = row
			ok = r.readMember(s, row)
		}
		if !ok {
			return seen, false
		}
		if s.space(); !s.take(',') {
			return seen, true
		}
	}
}

// readMember reads the value of a known member.
func (r *Record) readMember(s *jsonScanner, row int) bool {
	m := &jsonMembers[row]
	start := s.at
	text, escaped, quoted := s.quoted()
	if !quoted && !s.value(1) || s.at == len(s.text) { // a torn number is one too
		return r.failJSON(s)
	}
	raw := s.text[start:s.at]
	if raw == "null" {
		return true
	}
	switch m.kind {
	case jsonInteger:
		n, reason := jsonNumber(raw)
		if reason == ReasonNone {
			reason = m.count(r, n)
		}
		if reason != ReasonNone {
			return r.failMember(row, reason, raw)
		}
		return true
	case jsonBoolean:
		if raw != "true" && raw != "false" {
			return r.failMember(row, ReasonBoolean, raw)
		}
		m.flag(r, raw == "true")
		return true
	}
	if !quoted {
		return r.failMember(row, ReasonString, raw)
	}
	if escaped {
		text = unquote(text)
	}
	if text == "" || text == "-" {
		return true
	}
	if m.text != nil {
		*m.text(r) = text
		if m.known != nil && !m.known(text) {
			r.Unexpected.add(m.field)
		}
	}
	if m.read != nil {
		if reason := m.read(r, text); reason != ReasonNone {
			return r.failMember(row, reason, text)
		}
	}
	return true
}

// jsonNumber returns the integer, from 0 to 10^18, that a value is.
func jsonNumber(raw string) (n int64, reason Reason) {
	const most = 1_000_000_000_000_000_000
	for i := range len(raw) {
		if raw[i]-'0' > 9 {
			return 0, ReasonInteger
		}
		if i >= len("1000000000000000000") {
			return 0, ReasonRange
		}
		n = n*10 + int64(raw[i]-'0')
	}
	if n > most || n < 0 { // 19 digits may overflow
		return 0, ReasonRange
	}
	return n, ReasonNone
}

// readUnknown reads and keeps the value of a member that is not known.
func (r *Record) readUnknown(s *jsonScanner, name string) bool {
	start := s.at
	if !s.value(1) {
		return r.failJSON(s)
	}
	if len(r.Members) < maxMembers {
		raw := s.text[start:s.at]
		r.Members = append(r.Members, Member{Name: CutText(name, maxMemberValue), Value: CutText(raw, maxMemberValue)})
	}
	return true
}

// failJSON is fail for the text that the scanner does not accept.
func (r *Record) failJSON(s *jsonScanner) bool {
	if s.deep {
		return r.fail(0, ReasonDepth, "")
	}
	return r.fail(0, ReasonJSON, "")
}

// failMember is fail for a known member.
func (r *Record) failMember(row int, reason Reason, value string) bool {
	m := &jsonMembers[row]
	r.err = Error{Field: m.field, Member: m.name, Reason: reason, Value: clip(value)}
	return false
}

// Next splits the first record off a line; rest is "" behind the last one.
// Nearly every line is one record, but
//
//   - objects may follow one another, with white space between them or none.
//     What follows an object is a record of its own, whatever it is, and an
//     object that is not whole, or deeper than maxSplitDepth, takes the rest of
//     the line.
//   - records of text may be joined by a space, as NextJoined finds them. They
//     are split only if joined is set.
//
// White space before the first record and behind the last one belongs to them.
func Next(line string, joined bool) (record, rest string) {
	if isJSON(line) {
		return nextJSON(line)
	}
	if joined {
		if i := NextJoined(line); i >= 0 {
			return line[:i], line[i+1:]
		}
	}
	return line, ""
}

// nextJSON is Next for a line that begins with an object.
func nextJSON(line string) (record, rest string) {
	// The first brace ends the usual line.
	if i := strings.IndexByte(line, '}'); i < 0 || onlyJSONSpace(line[i+1:]) {
		return line, ""
	}
	s := jsonScanner{text: line, depth: maxSplitDepth}
	s.space()
	if !s.value(0) {
		return line, ""
	}
	end := s.at
	if s.space(); s.at == len(line) {
		return line, ""
	}
	return line[:end], line[s.at:]
}

// onlyJSONSpace reports whether s is nothing but white space.
func onlyJSONSpace(s string) bool {
	for i := range len(s) {
		if !isJSONSpace(s[i]) {
			return false
		}
	}
	return true
}
