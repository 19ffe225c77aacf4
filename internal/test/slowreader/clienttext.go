package slowreader

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// reading is one way to divide field 16 and on.
type reading struct {
	referer, agent string
	words          []string // from field 18 on
	dash           bool     // the User-Agent is a bare dash behind a bare Referer
	bare           bool     // the Referer is quoted and the User-Agent a bare dash
	other          bool     // as bare, and both may be in quotes as well
}

// readings returns every way to divide the text of field 16 and on, those first
// that go before others.
func readings(format, s string) (all []reading) {
	add := func(referer, rest string) {
		if behind, ok := strings.CutPrefix(rest, "- "); ok {
			all = append(all, reading{referer: referer, agent: "-", words: strings.Split(behind, " "), dash: true})
			return
		}
		if !strings.HasPrefix(rest, `"`) {
			return
		}
		for at := 1; at < len(rest); at++ {
			if strings.HasPrefix(rest[at:], `" `) {
				all = append(all, reading{referer: referer, agent: rest[1:at], words: strings.Split(rest[at+2:], " ")})
			}
		}
	}
	switch {
	case format == "ceph" && strings.Contains(s, ` "`):
		end := strings.Index(s, ` "`)
		add(s[:end], s[end+1:])
	case strings.HasPrefix(s, "- "):
		add("-", s[2:])
	case format == "ceph":
	case strings.HasPrefix(s, `"`):
		end := strings.Index(s[1:], `" "`)
		if end >= 0 {
			add(s[1:end+1], s[end+3:])
		}
		for at := 1; at < len(s); at++ {
			if strings.HasPrefix(s[at:], `" - `) {
				all = append(all, reading{referer: s[1:at], agent: "-", words: strings.Split(s[at+4:], " "), bare: true, other: end >= 0})
			}
		}
	}
	return all
}

// verdict is what a line is found to be in a rank.
type verdict int

const (
	noReading verdict = iota
	isRecord
	isAmbiguous
)

// readClientText reads field 16 and on: the best rank that has a reading, and in
// it what is in quotes before what is not.
func (r *Record) readClientText(format, s string) (Record, bool) {
	all := readings(format, s)
	if format == "ceph" && strings.Contains(s, ` "`) && r.requestGoesOn(s, true) {
		return *r, false
	}
	for rank := asKnown; rank <= withQuotes; rank++ {
		for _, bare := range []bool{false, true} {
			if v := r.readRank(format, all, rank, bare); v != noReading {
				return *r, v == isRecord
			}
		}
	}
	return *r, false
}

// readRank keeps the reading of a rank, if there is one. Readings that differ in
// more than Referer and User-Agent make the line ambiguous.
func (r *Record) readRank(format string, all []reading, rank int, bare bool) verdict {
	if rank == withQuotes && slices.ContainsFunc(all, func(one reading) bool { return one.mayBeUncertain(bare) }) {
		return noReading
	}
	var found []reading
	var tails []tail
	uncertain := false
	for _, one := range all {
		t, ok := assign(one.words, versionID)
		if one.bare != bare || !ok || slices.Contains(t.extra, "") {
			continue
		}
		if !t.fits(rank) {
			uncertain = uncertain || rank == withQuotes && !one.dash && t.mayBeTrue()
			continue
		}
		if (rank != asKnown || len(t.extra) > 0) && t.isAmbiguous(one.words, r.Method != "") {
			return isAmbiguous
		}
		found, tails = append(found, one), append(tails, t)
	}
	if len(found) == 0 {
		return noReading
	}
	if uncertain {
		return isAmbiguous
	}
	for i := range tails {
		if !slices.Equal(tails[i].words, tails[0].words) || !slices.Equal(tails[i].extra, tails[0].extra) {
			return isAmbiguous
		}
	}
	return r.judge(format, &found[len(found)-1], &tails[0], rank)
}

// judge keeps the only reading of a rank, unless it is not certain.
func (r *Record) judge(format string, one *reading, t *tail, rank int) verdict {
	if one.bare && t.quoteIsBehind(one.referer) || !one.bare && !one.dash && t.quoteIsBehind(one.agent) {
		return isAmbiguous
	}
	if format == "ceph" && rank != withQuotes && !one.dash && len(t.words) == 1 && strings.Contains(one.referer, " ") {
		return isAmbiguous // the quote may be in a Host
	}
	if one.other && t.mayBeShifted(one.words) {
		return noReading
	}
	if r.requestGoesOn(one.referer, format == "ceph") || r.requestGoesOn(one.agent, format == "ceph") {
		return isAmbiguous
	}
	r.Referer, r.UserAgent = dash(one.referer), dash(one.agent)
	r.keep(t)
	return isRecord
}

// mayBeUncertain reports whether what is behind the last quote is a tail that only
// its unknown values kept from a higher rank, so that no quote behind the
// User-Agent is to be looked for. bare is what is looked for.
func (one *reading) mayBeUncertain(bare bool) bool {
	t, ok := assign(one.words, versionID)
	return ok && len(t.unknown) <= 2 && !strings.Contains(strings.Join(one.words, " "), `"`) && !one.dash && (bare || !one.bare)
}

var upperID = regexp.MustCompile(`^[A-Z0-9]{16,}$`)

// mayBeShifted reports whether a bare User-Agent may be a Version Id that is "-".
func (t *tail) mayBeShifted(words []string) bool {
	id := t.get(hostID)
	if len(t.words) == 1 || id == "-" && len(t.unknown) > 0 || id != "-" && len(id) != 64 && len(id) != 76 || upperID.MatchString(t.get(versionID)) {
		return true
	}
	shifted, ok := assign(append([]string{"-"}, words...), versionID)
	return ok && len(shifted.unknown) <= 2
}

// second is the end of a Request-URI and an outcome.
var second = regexp.MustCompile(`(?s)" ` + outcome)

// requestGoesOn reports whether the Request-URI may end in text, which was taken
// for a client's: unless it is whole and about the record's key, or there is none
// and the key cannot hold a "-" and an outcome.
func (r *Record) requestGoesOn(text string, ceph bool) bool {
	if !strings.Contains(text, `" `) || r.Method == "" && !ceph || r.Version != "" && r.targetIsKey() {
		return false
	}
	for at := range len(text) {
		m := second.FindStringSubmatch(text[at:])
		if m == nil {
			return false
		}
		var other Record
		if other.setOutcome(m[1:]) {
			return true
		}
	}
	return false
}

// targetIsKey reports whether the path is the key, behind the bucket or not.
func (r *Record) targetIsKey() bool {
	path, _, _ := strings.Cut(r.Target, "?")
	path = strings.TrimPrefix(path, "/")
	key := decodeAll(r.Key)
	if decodeAll(path) == key {
		return true
	}
	path, ok := strings.CutPrefix(path, r.Bucket)
	return ok && decodeAll(strings.TrimPrefix(path, "/")) == key
}

var escape = regexp.MustCompile(`%(25)*[0-9a-fA-F]{2}`)

// decodeAll decodes each escape as often as it was encoded.
func decodeAll(s string) string {
	return escape.ReplaceAllStringFunc(s, func(code string) string {
		b, _ := strconv.ParseUint(code[len(code)-2:], 16, 8)
		return string([]byte{byte(b)})
	})
}

// readCephKey reads fields 8 and on of ceph: the key ends where a Request-URI and
// an outcome follow, which has to be one place.
func (r *Record) readCephKey(s string) (Record, bool) {
	var found []Record
	var rests []string
	for at := 1; at < len(s); at++ {
		if s[at] != ' ' {
			continue
		}
		q := *r
		q.Key, q.RawKey = dash(s[:at]), true
		if rest, ok := q.readRequest(s[at+1:]); ok {
			found, rests = append(found, q), append(rests, rest)
		}
	}
	if len(found) != 1 {
		return *r, false
	}
	return found[0].readClientText("ceph", rests[0])
}

var (
	obsReferer = regexp.MustCompile(`  ("|- )`)
	obsAgent   = regexp.MustCompile(`(?s)^(".*"|-) (.*)$`)
)

// readOBSTail reads fields 16 and on of obs: two spaces end the Referer, the last
// quote the User-Agent, and what follows the Version Id has no name.
func (r *Record) readOBSTail(s string) (Record, bool) {
	at := obsReferer.FindStringIndex(s)
	if at == nil {
		return *r, false
	}
	m := obsAgent.FindStringSubmatch(s[at[0]+2:])
	if m == nil || strings.HasPrefix(s[at[0]+2:], `"`) && strings.Contains(m[2], `"`) {
		return *r, false
	}
	words := strings.Split(m[2], " ")
	if slices.Contains(words, "") {
		return *r, false
	}
	referer, agent := unquote(s[:at[0]]), unquote(m[1])
	if r.requestGoesOn(referer, false) || r.requestGoesOn(agent, false) {
		return *r, false
	}
	r.Referer, r.UserAgent, r.VersionID = dash(referer), dash(agent), dash(words[0])
	r.Extra = strings.Join(words[1:], " ")
	r.Fields = 17 + len(words)
	return *r, true
}
