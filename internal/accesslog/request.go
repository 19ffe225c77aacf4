package accesslog

import "strings"

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
	case i == 0 || s[i] != ' ':
		return 0, "", r.fail(field, ReasonNumber, firstToken(s))
	case i > 18:
		return 0, "", r.fail(field, ReasonRange, s[:i])
	}
	return value, s[i+1:], true
}
