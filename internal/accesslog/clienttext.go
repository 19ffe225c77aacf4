package accesslog

import "strings"

// readClientText reads field 16 and on. Referer and User-Agent are the client's
// own text and may hold quotes; what shifts between these two harms nobody, but
// nothing of them may get into the fields behind. Either may be a bare "-".
func (r *Record) readClientText(s string) bool {
	if strings.HasPrefix(s, "- ") {
		return r.readUserAgent(s[2:])
	}
	if s == "" {
		return r.fail(FieldReferer, ReasonTorn, "")
	}
	if s[0] != '"' {
		return r.fail(FieldReferer, ReasonQuotes, firstToken(s))
	}
	s = s[1:]
	end := refererEnd(s)
	if end < 0 {
		return r.readBareAgent(s)
	}
	r.Referer = absent(s[:end])
	if r.readUserAgent(s[end+2:]) {
		return true
	}
	// The quotes and space were perhaps the client's, and the User-Agent a bare
	// "-". With 18 fields, that would be the same as a record that was torn in
	// its host id, which is what happens.
	why := r.err
	if why.Reason != ReasonAmbiguous && r.readBareAgent(s) && r.Fields > int(FieldVersionID) && !r.quoteIsBehind(r.Referer) {
		return true
	}
	r.err = why
	return false
}

// readBareAgent reads a Referer, from behind its opening quote, that is followed
// by a bare "-", and the rest of the line.
func (r *Record) readBareAgent(s string) bool {
	end := lastQuote(s)
	if end < 0 {
		return r.fail(FieldReferer, ReasonTorn, s)
	}
	behind := s[end+1:]
	if behind == "" || behind == " -" {
		return r.fail(FieldUserAgent, ReasonTorn, behind)
	}
	rest, bare := strings.CutPrefix(behind, " - ")
	if !bare {
		return r.fail(FieldUserAgent, ReasonQuotes, firstToken(strings.TrimPrefix(behind, " ")))
	}
	r.Referer = absent(s[:end])
	return r.readTail(rest)
}

// refererEnd returns where the first `" "` begins, or -1.
func refererEnd(s string) int {
	for at := 0; ; at++ {
		i := strings.IndexByte(s[at:], '"')
		if i < 0 {
			return -1
		}
		at += i
		if strings.HasPrefix(s[at+1:], ` "`) {
			return at
		}
	}
}

// readUserAgent reads field 17 and on. Nothing behind the User-Agent is quoted,
// so it ends at the last quote of the line.
func (r *Record) readUserAgent(s string) bool {
	if strings.HasPrefix(s, "- ") {
		if i := strings.IndexByte(s, '"'); i >= 0 {
			return r.fail(FieldUserAgent, ReasonQuotes, s)
		}
		return r.readTail(s[2:])
	}
	if s == "" {
		return r.fail(FieldUserAgent, ReasonTorn, "")
	}
	if s[0] != '"' {
		return r.fail(FieldUserAgent, ReasonQuotes, firstToken(s))
	}
	s = s[1:]
	end := lastQuote(s)
	if end < 0 {
		return r.fail(FieldUserAgent, ReasonTorn, s)
	}
	agent, tail := s[:end], s[end+1:]
	if tail == "" {
		return r.fail(FieldVersionID, ReasonTorn, "")
	}
	if tail[0] != ' ' {
		return r.fail(FieldUserAgent, ReasonQuotes, tail)
	}
	if !r.readTail(tail[1:]) {
		return false
	}
	if strings.IndexByte(agent, '"') >= 0 && r.quoteIsBehind(agent) {
		return r.fail(FieldUserAgent, ReasonAmbiguous, agent)
	}
	r.UserAgent = absent(agent)
	return true
}
