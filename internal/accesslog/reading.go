package accesslog

import "strings"

// rank is how far a reading of fields 16 and on may depart from what is known. A
// rank is tried when no reading of a higher one fits; whether a line is ambiguous
// is judged within a rank.
type rank uint8

const (
	// asKnown: the User-Agent ends at the last quote, and each value behind it is
	// one that is known.
	asKnown rank = iota
	// withUnknown: the same, but values of the tail may be new, and one of the
	// anchors may be a new word; see mayBeNew.
	withUnknown
	// withQuotes: there are quotes behind the User-Agent, in Version Id, Host
	// Header or fields 28 and on.
	withQuotes
	ranks
)

// readTail reads fields 18 and on, which s holds.
func (r *Record) readTail(t *tail, s string, rank rank) bool {
	if !t.read(FieldVersionID, s, rank == asKnown) {
		// Where new words fit, what does not fit tells less than the rank before.
		return rank != withUnknown && r.fail(t.field, t.reason, t.value)
	}
	if rank == withUnknown && !t.mayBeNew() || rank == withQuotes && !t.mayHaveQuotes() {
		return false
	}
	if t.last == fieldExtra && t.extraHasEmpty() {
		return r.fail(fieldExtra, ReasonEmpty, "")
	}
	if (rank != asKnown || t.last == fieldExtra) && t.ambiguous(s, r.Method != "") {
		return r.ambiguous(fieldExtra, t.extra)
	}
	return true
}

// mayBeNew reports whether the values that are not known may be new ones of
// S3's. One anchor may be unknown where enough else is known: the Host Id,
// another anchor, and that there are no fields 28 and on.
func (t *tail) mayBeNew() bool {
	unknown := t.unexpected & anchors
	if unknown == 0 {
		return true
	}
	if hostID := t.get(FieldHostID); unknown.Len() > 1 || t.last > lastField || hostID != "-" && !looksLikeHostID(hostID) {
		return false
	}
	for f := FieldVersionID; f <= lastField; f++ {
		if v := t.get(f); anchors.Has(f) && !unknown.Has(f) && v != "-" && v != "" {
			return true
		}
	}
	return false
}

// mayHaveQuotes reports whether the quotes in t stand where S3 may write them.
func (t *tail) mayHaveQuotes() bool {
	// The bound keeps the time linear when there are many such readings.
	const longest = 4 << 10
	if t.unexpected&anchors != 0 || len(t.extra) > longest {
		return false
	}
	if t.isQuotedElsewhere() {
		return false
	}
	last, _ := lastQuote(t.extra)
	if last < 0 {
		return true
	}
	// With more behind the quote than a field 28, or with what a record of 18
	// fields ends with, these are the client's quotes.
	behind := t.extra[last+1:]
	if strings.Count(behind, " ") >= int(FieldTLSVersion-FieldVersionID) {
		return false
	}
	token, bare := strings.CutPrefix(behind, " - ")
	return !bare || strings.IndexByte(token, ' ') >= 0
}

// isQuotedElsewhere reports whether a field that is no client's text has a quote.
func (t *tail) isQuotedElsewhere() bool {
	for i := range tailTable {
		if !tailTable[i].client && strings.IndexByte(t.values[i], '"') >= 0 {
			return true
		}
	}
	return false
}

// mayBeTrue reports whether t, which is no reading of rank withQuotes, would be one
// if its anchors were known.
func (t *tail) mayBeTrue() bool {
	return t.last >= FieldTLSVersion && t.unexpected&anchors != 0 && t.unexpected.Len() <= maxUnexpected && !t.isQuotedElsewhere() &&
		(t.last <= lastField || !t.extraHasEmpty())
}
