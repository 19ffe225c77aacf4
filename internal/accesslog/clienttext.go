package accesslog

import "strings"

// readClientText reads field 16 and on. Referer and User-Agent are the client's
// own text and may hold quotes; what shifts between these two harms nobody, but
// nothing of them may get into the fields behind. Either may be a bare "-".
func (r *Record) readClientText(s string) bool {
	if s == "" {
		return r.fail(FieldReferer, ReasonTorn, "")
	}
	for rank := asKnown; rank < ranks; rank++ {
		if r.readReferer(s, rank) {
			return true
		}
		if r.err.Reason == ReasonAmbiguous {
			return false
		}
	}
	return false
}

// readReferer reads field 16 and on in readings of one rank: first those with
// both in quotes.
func (r *Record) readReferer(s string, rank rank) bool {
	if r.format == FormatCeph && strings.Contains(s, ` "`) {
		return r.readBareReferer(s, rank)
	}
	if rest, bare := strings.CutPrefix(s, "- "); bare {
		return r.readUserAgent("-", false, rest, rank)
	}
	if r.format == FormatCeph {
		return r.fail(FieldUserAgent, ReasonTorn, s)
	}
	if s[0] != '"' {
		return r.fail(FieldReferer, ReasonQuotes, firstToken(s))
	}
	s = s[1:]
	end, quoted := refererEnd(s)
	if end < 0 {
		return r.readBareAgent(s, rank, false)
	}
	if r.readUserAgent(s[:end], quoted, s[end+2:], rank) {
		return true
	}
	// The quotes and space were perhaps the client's, and the User-Agent a bare
	// "-".
	if r.err.Reason == ReasonAmbiguous || rank == withQuotes && endsUncertain(s[end+len(`" "`):], `" `) {
		return false
	}
	return r.readBareAgent(s, rank, true)
}

// refererEnd returns where the first `" "` begins, or -1, and whether there is a
// quote before it.
func refererEnd(s string) (end int, quoted bool) {
	for at := 0; ; at++ {
		i := strings.IndexByte(s[at:], '"')
		if i < 0 {
			return -1, quoted
		}
		at += i
		if strings.HasPrefix(s[at+1:], ` "`) {
			return at, quoted
		}
		quoted = true
	}
}

// readUserAgent reads field 17 and on, after a Referer, in which there is a quote
// or not. Where nothing behind the User-Agent is quoted, it ends at the last quote
// of the line.
func (r *Record) readUserAgent(referer string, quoted bool, s string, rank rank) bool {
	if rest, bare := strings.CutPrefix(s, "- "); bare {
		if (strings.IndexByte(s, '"') >= 0) != (rank == withQuotes) {
			return r.fail(FieldUserAgent, ReasonQuotes, s)
		}
		var t tail
		return r.readTail(&t, rest, rank) && r.accept(&t, referer, "-", quoted)
	}
	if s == "" {
		return r.fail(FieldUserAgent, ReasonTorn, "")
	}
	if s[0] != '"' {
		return r.fail(FieldUserAgent, ReasonQuotes, firstToken(s))
	}
	s = s[1:]
	if rank == withQuotes {
		t, agent, ok := r.readQuotes(s, `" `)
		if ok && strings.IndexByte(agent, '"') >= 0 && t.quoteIsBehind(agent) {
			return r.ambiguous(FieldUserAgent, agent)
		}
		return ok && r.accept(&t, referer, agent, true)
	}
	end, inAgent := lastQuote(s)
	if end < 0 {
		return r.fail(FieldUserAgent, ReasonTorn, s)
	}
	agent, behind := s[:end], s[end+1:]
	if behind == "" {
		return r.fail(FieldVersionID, ReasonTorn, "")
	}
	if behind[0] != ' ' {
		return r.fail(FieldUserAgent, ReasonQuotes, behind)
	}
	var t tail
	if !r.readTail(&t, behind[1:], rank) {
		return false
	}
	if inAgent && t.quoteIsBehind(agent) {
		return r.ambiguous(FieldUserAgent, agent)
	}
	if r.format == FormatCeph && t.last == FieldVersionID && strings.IndexByte(referer, ' ') >= 0 {
		// The quote may be in the Host of a record whose User-Agent is a dash.
		return r.ambiguous(FieldReferer, referer)
	}
	return r.accept(&t, referer, agent, quoted || inAgent)
}

// readBareAgent reads a Referer, from behind its opening quote, that is followed
// by a bare "-", and the rest of the line. another says that the text may be a
// Referer and a User-Agent as well.
func (r *Record) readBareAgent(s string, rank rank, another bool) bool {
	const separator = `" - `
	if rank == withQuotes {
		t, referer, ok := r.readQuotes(s, separator)
		return ok && r.acceptBare(&t, referer, s, another)
	}
	end, _ := lastQuote(s)
	if end < 0 {
		return r.fail(FieldReferer, ReasonTorn, s)
	}
	behind := s[end:]
	if behind == `"` || behind == `" -` {
		return r.fail(FieldUserAgent, ReasonTorn, behind[1:])
	}
	rest, bare := strings.CutPrefix(behind, separator)
	if !bare {
		return r.fail(FieldUserAgent, ReasonQuotes, firstToken(strings.TrimPrefix(behind[1:], " ")))
	}
	var t tail
	return r.readTail(&t, rest, rank) && r.acceptBare(&t, s[:end], s, another)
}

// acceptBare keeps a reading of s, which begins with the Referer.
func (r *Record) acceptBare(t *tail, referer, s string, another bool) bool {
	if strings.IndexByte(referer, '"') >= 0 && t.quoteIsBehind(referer) {
		return r.ambiguous(FieldReferer, referer)
	}
	// The "-" may be a Version Id behind a User-Agent in quotes.
	if another && (t.mayBeShifted() || isUncertainTail(s[len(referer)+len(`" `):])) {
		return r.fail(FieldHostID, ReasonValue, t.get(FieldHostID))
	}
	return r.accept(t, referer, "-", true)
}

// mayBeShifted reports whether the tail may be one whose Version Id is "-", taken
// for a bare User-Agent: of a record of 18 fields that was torn in its Host Id, or
// with a Host Id of two tokens.
func (t *tail) mayBeShifted() bool {
	versionID, hostID := t.get(FieldVersionID), t.get(FieldHostID)
	if t.last == FieldVersionID || hostID != "-" && len(hostID) != shortHostIDLength && len(hostID) != hostIDLength {
		return true
	}
	if hostID == "-" && t.unexpected != 0 {
		return true
	}
	const shortestID = 16
	return len(versionID) >= shortestID && isAll(versionID, classUpper)
}

// isUncertainTail reports whether s is a tail with no more values that are not
// known than a true one may have.
func isUncertainTail(s string) bool {
	var t tail
	return t.read(FieldVersionID, s, false) && t.unexpected.Len() <= maxUnexpected
}

// endsUncertain reports whether a separator begins with the last quote of s and such
// a tail follows.
func endsUncertain(s, separator string) bool {
	last, _ := lastQuote(s)
	if last < 0 {
		return false
	}
	rest, ok := strings.CutPrefix(s[last:], separator)
	return ok && isUncertainTail(rest)
}

// readQuotes reads s in the readings of rank withQuotes: a client's text, the
// separator behind it, and a tail that holds the line's last quote. Readings that
// differ make the line ambiguous, one with a new anchor included. There is none when
// a tail stands behind the last quote that was only not certain enough for a higher
// rank.
func (r *Record) readQuotes(s, separator string) (t tail, text string, ok bool) {
	if endsUncertain(s, separator) {
		return t, "", false
	}
	uncertain := false
	for at := 0; ; at++ {
		i := strings.Index(s[at:], separator)
		if i < 0 {
			break
		}
		at += i
		rest := s[at+len(separator):]
		if strings.IndexByte(rest, '"') < 0 {
			break
		}
		var next tail
		if !r.readTail(&next, rest, withQuotes) {
			if r.err.Reason == ReasonAmbiguous {
				return t, "", false
			}
			uncertain = uncertain || next.mayBeTrue()
			continue
		}
		if ok && (next.values != t.values || next.extra != t.extra) {
			return t, "", r.ambiguous(FieldUserAgent, s)
		}
		t, text, ok = next, s[:at], true
	}
	if ok && uncertain {
		return t, "", r.ambiguous(FieldUserAgent, s)
	}
	return t, text, ok
}

// accept keeps a reading. quoted says that there may be a quote in Referer or
// User-Agent.
func (r *Record) accept(t *tail, referer, agent string, quoted bool) bool {
	if quoted && (r.requestMayBeLonger(referer) || r.requestMayBeLonger(agent)) {
		return r.ambiguous(FieldRequestURI, r.Target)
	}
	r.Referer, r.UserAgent = absent(referer), absent(agent)
	t.store(r)
	return true
}
