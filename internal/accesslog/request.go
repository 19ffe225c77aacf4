package accesslog

import (
	"strconv"
	"strings"
)

// readKey reads fields 8 to 15.
func (r *Record) readKey(s string) (rest string, ok bool) {
	key, rest, ok := r.token(FieldKey, s)
	if !ok {
		return "", false
	}
	r.Key = absent(key)
	return r.readRequest(rest)
}

// readRequest reads fields 9 to 15: the Request-URI and the six typed fields
// that end it.
//
// The client chooses the method and the target, quotes included, but neither
// can hold a space. So the Request-URI is one of
//
//   - "-"   "METHOD target"   "METHOD target HTTP/n.n"
//
// and ends at the first quote and space with the six fields behind them: that
// can only be after its first, second or third word.
func (r *Record) readRequest(s string) (rest string, ok bool) {
	if strings.HasPrefix(s, "- ") {
		return r.readOutcome(s[2:])
	}
	if s == "" {
		return "", r.fail(FieldRequestURI, ReasonTorn, "")
	}
	if s[0] != '"' {
		return "", r.fail(FieldRequestURI, ReasonQuotes, firstToken(s))
	}
	method, behind, ok := r.token(FieldRequestURI, s[1:])
	if !ok {
		return "", false
	}
	if word, quoted := strings.CutSuffix(method, `"`); quoted {
		if rest, ok = r.readOutcome(behind); ok && word != "-" {
			return "", r.fail(FieldRequestURI, ReasonRequestLine, word)
		}
		if ok || word == "-" {
			return rest, ok
		}
	}
	target, behind, ok := r.token(FieldRequestURI, behind)
	if !ok {
		return "", false
	}
	r.Method = method
	if word, quoted := strings.CutSuffix(target, `"`); quoted && word != "" {
		if rest, ok = r.readOutcome(behind); ok {
			r.Target = word
			return rest, true
		}
	}
	const length = len(`HTTP/1.1" `)
	if len(behind) < length {
		return "", r.fail(FieldRequestURI, ReasonTorn, s)
	}
	if !isProtocol(behind[:length]) {
		return "", r.fail(FieldRequestURI, ReasonRequestLine, s)
	}
	r.Target = target
	r.Version = behind[len("HTTP/") : length-2]
	return r.readOutcome(behind[length:])
}

// isProtocol reports whether s is `HTTP/n.n" `.
func isProtocol(s string) bool {
	return s[:5] == "HTTP/" && s[5]-'0' <= 9 && s[6] == '.' && s[7]-'0' <= 9 && s[8:] == `" `
}

// readOutcome reads fields 10 to 15: status, error code and four numbers, each
// followed by a space.
func (r *Record) readOutcome(s string) (rest string, ok bool) {
	status, rest, ok := r.number(FieldStatus, s)
	if !ok {
		return "", false
	}
	if status != Absent && (status < 100 || status > 999) {
		return "", r.fail(FieldStatus, ReasonRange, firstToken(s))
	}
	r.Status = int32(status)
	code, rest, ok := r.token(FieldErrorCode, rest)
	if !ok {
		return "", false
	}
	if code != "-" && !isAll(code, classWord) {
		return "", r.fail(FieldErrorCode, ReasonWord, code)
	}
	r.ErrorCode = absent(code)
	if r.BytesSent, rest, ok = r.number(FieldBytesSent, rest); !ok {
		return "", false
	}
	if r.ObjectSize, rest, ok = r.number(FieldObjectSize, rest); !ok {
		return "", false
	}
	if r.TotalTime, rest, ok = r.number(FieldTotalTime, rest); !ok {
		return "", false
	}
	r.TurnAroundTime, rest, ok = r.number(FieldTurnAroundTime, rest)
	return rest, ok
}

// number reads digits or "-", then a space. 18 digits are enough for any size
// and cannot overflow.
func (r *Record) number(field Field, s string) (value int64, rest string, ok bool) {
	if len(s) >= 2 && s[0] == '-' && s[1] == ' ' {
		return Absent, s[2:], true
	}
	i := 0
	for i < len(s) && s[i]-'0' <= 9 {
		value = value*10 + int64(s[i]-'0')
		i++
	}
	switch {
	case i == len(s):
		return 0, "", r.fail(field, ReasonTorn, s)
	case i == 0 && s[0] == ' ':
		return 0, "", r.fail(field, ReasonEmpty, "")
	case s[i] != ' ' && (field == FieldTotalTime || field == FieldTurnAroundTime):
		return r.fraction(field, s)
	case i == 0 || s[i] != ' ':
		return 0, "", r.fail(field, ReasonNumber, firstToken(s))
	case i > 18:
		return 0, "", r.fail(field, ReasonRange, s[:i])
	}
	return value, s[i+1:], true
}

// fraction reads a time that is not written as digits only, then a space. Other
// servers write it with a fraction, which is dropped, or with its unit: 45.5, 1e+06,
// 12ms.
func (r *Record) fraction(field Field, s string) (ms int64, rest string, ok bool) {
	token := firstToken(s)
	if len(token) == len(s) {
		return 0, "", r.fail(field, ReasonTorn, s)
	}
	number := strings.TrimSuffix(token, "ms")
	const longest = 24
	if number == "" || number[0]-'0' > 9 || len(number) > longest || !isAll(number, classFloat) {
		return 0, "", r.fail(field, ReasonNumber, token)
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return 0, "", r.fail(field, ReasonNumber, token)
	}
	if f >= 1e18 {
		return 0, "", r.fail(field, ReasonRange, token)
	}
	return int64(f), s[len(token)+1:], true
}

// requestMayBeLonger reports whether the Request-URI may end later than it was
// read: at a quote with a second block of fields 10 to 15 behind it, in text, which
// was taken for the client's. A client that gets a space and a
// quote into a request target could else write the outcome of its request.
//
// A User-Agent may hold the same. The record is taken as it was read if its
// request line is whole and about the record's key, or if there is none; but a key
// of FormatCeph may hold a "-" and an outcome.
func (r *Record) requestMayBeLonger(text string) bool {
	for at := 0; ; at++ {
		i := strings.Index(text[at:], `" `)
		if i < 0 {
			return false
		}
		at += i
		behind := text[at+len(`" `):]
		if behind == "" || behind[0] != '-' && behind[0]-'0' > 9 {
			continue // no status
		}
		var other Record
		if _, ok := other.readOutcome(behind); ok {
			return r.Version == "" && (r.Method != "" || r.format == FormatCeph) || r.Method != "" && !r.targetNamesKey()
		}
	}
}

// targetNamesKey reports whether the path of the Request-URI is the key, behind
// the bucket or not.
func (r *Record) targetNamesKey() bool {
	path, _, _ := strings.Cut(r.Target, "?")
	path = strings.TrimPrefix(path, "/")
	if sameDecoded(path, r.Key) {
		return true
	}
	path, ok := strings.CutPrefix(path, r.Bucket)
	return ok && sameDecoded(strings.TrimPrefix(path, "/"), r.Key)
}

// sameDecoded reports whether a and b are the same once they are percent-decoded,
// each as often as it was encoded.
func sameDecoded(a, b string) bool {
	for a != "" && b != "" {
		c, width := FirstDecoded(a)
		d, other := FirstDecoded(b)
		if c != d {
			return false
		}
		a, b = a[width:], b[other:]
	}
	return a == b
}
