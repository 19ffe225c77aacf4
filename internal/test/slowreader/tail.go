package slowreader

import (
	"regexp"
	"slices"
	"strings"
)

// tailFields are the fields from 18 on.
var tailFields = []struct {
	name, member string
	known        *regexp.Regexp
	anchor       bool // the known values are all that there are, and fix the fields around
	client       bool // the client's text
}{
	{name: "Version Id", known: anything, client: true},
	{name: "Host Id", known: anything},
	{name: "Signature Version", member: "signature_version", known: regexp.MustCompile(`^SigV(2|4|4A)$`), anchor: true},
	{name: "Cipher Suite", member: "cipher_suite", known: regexp.MustCompile(`^[A-Za-z0-9_-]{1,48}$`)},
	{name: "Authentication Type", member: "authentication_type", known: regexp.MustCompile(`^(AuthHeader|QueryString)$`), anchor: true},
	{name: "Host Header", known: anything, client: true},
	{name: "TLS version", member: "tls_version", known: regexp.MustCompile(`(?s)^(?i:TLSv).+$`), anchor: true},
	{name: "Access Point ARN", member: "access_point_arn", known: regexp.MustCompile(`^arn:`)},
	{name: "aclRequired", known: regexp.MustCompile(`^Yes$`)},
	{name: "Source Region", member: "source_region", known: regexp.MustCompile(`^[a-z0-9-]+$`)},
}

// Indexes of tailFields.
const (
	versionID = iota
	hostID
	signature
	cipher
	auth
	host
	tls
	arn
	acl
	region
	named // how many fields have a name
)

var (
	anything    = regexp.MustCompile(`(?s)^.+$`)
	anchorValue = regexp.MustCompile(`^(SigV2|SigV4|SigV4A|AuthHeader|QueryString|(?is:TLSv.{1,4}))$`)
	newWord     = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]{0,31}$`)
	firstID     = regexp.MustCompile(`^[A-Z0-9]{21}$`)
	wholeID     = regexp.MustCompile(`^([A-Za-z0-9+/=_-]{64}|[A-Za-z0-9+/=_-]{76})$`)
	idLike      = regexp.MustCompile(`^[A-Za-z0-9+/=]{16,}$`)
	regionName  = regexp.MustCompile(`^[a-z0-9]{2,4}(-[a-z0-9]*)+-?[0-9]$`)
)

// tail is one assignment of words to the fields from 18 on.
type tail struct {
	words   []string // of the named fields, a Host Id of two words as one
	extra   []string
	unknown []int // fields whose value is not known
	behind  int   // how many of the line's words are behind the Host, when it has one
}

// get returns the word of a field, "" when the record is older than the field.
func (t *tail) get(field int) string {
	if field < len(t.words) {
		return t.words[field]
	}
	return ""
}

func (t *tail) isUnknown(field int) bool { return slices.Contains(t.unknown, field) }

// unknownAnchors returns how many anchors have a value that is not known.
func (t *tail) unknownAnchors() (n int) {
	for _, field := range t.unknown {
		if tailFields[field].anchor {
			n++
		}
	}
	return n
}

// assign gives words, the first of which is of the given field, to the fields.
// ok is false when they do not fit: a record ends with Version Id or with TLS
// version or later, and no field has the value of an anchor that is not its own.
func assign(words []string, field int) (t tail, ok bool) {
	t.words = make([]string, field, named)
	for i := 0; i < len(words); i++ {
		if field >= named {
			t.extra = words[i:]
			break
		}
		value := words[i]
		if field == hostID && t.words[versionID] == "-" && i+1 < len(words) && firstID.MatchString(value) && wholeID.MatchString(words[i+1]) {
			i++
			value += " " + words[i]
		}
		row := &tailFields[field]
		switch {
		case value == "":
			return t, false
		case value == "-":
		case row.anchor && row.known.MatchString(value), row.client, field == hostID && !anchorValue.MatchString(value):
		case anchorValue.MatchString(value):
			return t, false
		case row.known.MatchString(value):
		case row.anchor && !newWord.MatchString(value):
			return t, false
		default:
			t.unknown = append(t.unknown, field)
		}
		t.words = append(t.words, value)
		if field == host {
			t.behind = len(words) - i - 1
		}
		field++
	}
	return t, len(words) > 0 && (len(t.words) == versionID+1 || len(t.words) > tls)
}

// The ranks, the best first.
const (
	asKnown = iota
	withUnknown
	withQuotes
)

// fits reports whether the tail is one of the rank, its doubts aside.
func (t *tail) fits(rank int) bool {
	quoted := strings.Contains(strings.Join(append(slices.Clone(t.words), t.extra...), " "), `"`)
	if quoted != (rank == withQuotes) {
		return false
	}
	switch rank {
	case asKnown:
		return len(t.unknown) == 0
	case withUnknown:
		return t.unknownAnchors() == 0 || t.anchorMayBeNew()
	}
	return t.unknownAnchors() == 0 && t.quotesMayBeS3s()
}

// anchorMayBeNew reports whether the rest of the tail is certain enough for an
// anchor that is a new word.
func (t *tail) anchorMayBeNew() bool {
	if t.unknownAnchors() > 1 || len(t.extra) > 0 || t.get(hostID) != "-" && !likeHostID(t.get(hostID)) {
		return false
	}
	for field := range t.words {
		if tailFields[field].anchor && !t.isUnknown(field) && t.words[field] != "-" {
			return true
		}
	}
	return false
}

// quotesMayBeS3s reports whether the quotes are in Version Id, Host or fields 28
// and on, and these not what ends a User-Agent.
func (t *tail) quotesMayBeS3s() bool {
	if t.isQuotedElsewhere() {
		return false
	}
	extra := strings.Join(t.extra, " ")
	last := strings.LastIndex(extra, `"`)
	if last < 0 {
		return len(extra) <= 4096
	}
	behind := strings.Split(extra[last+1:], " ")[1:]
	older := len(behind) == 2 && behind[0] == "-" && strings.HasPrefix(extra[last+1:], " ")
	return len(extra) <= 4096 && len(behind) < 7-1 && !older
}

// isQuotedElsewhere reports whether a field that is no client's text has a quote.
func (t *tail) isQuotedElsewhere() bool {
	for field, value := range t.words {
		if !tailFields[field].client && strings.Contains(value, `"`) {
			return true
		}
	}
	return false
}

// mayBeTrue reports whether the tail holds a quote and would be certain if its
// anchors were known.
func (t *tail) mayBeTrue() bool {
	quoted := strings.Contains(strings.Join(append(slices.Clone(t.words), t.extra...), " "), `"`)
	return quoted && len(t.words) > tls && t.unknownAnchors() > 0 && len(t.unknown) <= 2 && !t.isQuotedElsewhere()
}

func likeHostID(s string) bool { return idLike.MatchString(s) }

// isAmbiguous reports whether the words may be assigned in another way that a
// client could have hidden: with a Version Id or a Host that has spaces. ofClient
// says that a client sent a Host.
func (t *tail) isAmbiguous(words []string, ofClient bool) bool {
	if slices.ContainsFunc(t.extra, anchorValue.MatchString) {
		return true
	}
	from := 1
	if strings.Contains(t.get(hostID), " ") {
		from = 2 // the two are not to be taken apart
	}
	for ; from < len(words); from++ {
		other, ok := assign(words[from:], versionID)
		if !ok || len(other.words) <= tls || len(other.unknown) > 2 {
			continue
		}
		if id := other.get(hostID); likeHostID(id) && (len(other.unknown) == 0 || len(id) >= 40) {
			return true
		}
		if ofClient && other.unknownAnchors() == 0 && other.endsInRegion() {
			return true
		}
	}
	if !ofClient {
		return false
	}
	plain := t.get(cipher) == "-"
	if !plain && !t.isUnknown(cipher) && t.get(tls) == "-" && len(t.extra) > 0 {
		return true
	}
	for behind := t.behind - 1; behind > 0; behind-- {
		other, ok := assign(words[len(words)-behind:], tls)
		if !ok || len(other.unknown) > 2 {
			continue
		}
		if !plain && !t.isUnknown(cipher) && other.get(tls) == "-" {
			continue // with a cipher suite there is a TLS version
		}
		if other.endsInRegion() || plain && len(other.unknown) == 0 && t.get(tls) != "-" && len(other.extra) == 0 {
			return true
		}
	}
	return false
}

// endsInRegion reports whether a region is where it belongs and nowhere else.
func (t *tail) endsInRegion() bool {
	for _, field := range t.unknown {
		if field < region && isRegionName(t.words[field]) {
			return false
		}
	}
	return isRegionName(t.get(region)) || len(t.extra) == 0 && t.isUnknown(region)
}

// isRegionName reports whether s is like us-east-1.
func isRegionName(s string) bool {
	return len(s) >= 6 && regionName.MatchString(s) && strings.Count(s, "-") >= 2
}

// quoteIsBehind reports whether the last quote, behind the client's text, may
// stand in a Host, or end a Version Id.
func (t *tail) quoteIsBehind(text string) bool {
	if !strings.Contains(text, `"`) {
		return false
	}
	first, id := t.get(versionID), t.get(hostID)
	if len(t.words) > 1 && len(first) >= 40 && likeHostID(first) && (id == "-" || newWord.MatchString(id)) && strings.Contains(text, `" `) {
		return true
	}
	if strings.Contains(id, " ") || len(id) >= 40 && likeHostID(id) {
		return false // is what follows a User-Agent
	}
	// Host Id, Signature Version, Cipher Suite, Authentication Type and what begins
	// a Host, behind a quote.
	words := strings.Split(text, " ")
	at := len(words) - 5
	if at < 1 || !strings.Contains(strings.Join(words[:at], " "), `"`) && !strings.HasPrefix(text, " - ") {
		return false
	}
	before, _ := assign(words[at:len(words)-1], hostID)
	if len(before.words) != auth+1 || len(before.unknown) > 2 {
		return false
	}
	return likeHostID(before.get(hostID)) || anchorValue.MatchString(before.get(signature)) || anchorValue.MatchString(before.get(auth)) ||
		anchorValue.MatchString(first)
}

// keep stores the tail.
func (r *Record) keep(t *tail) {
	r.VersionID, r.HostID, r.Signature = dash(t.get(versionID)), dash(t.get(hostID)), dash(t.get(signature))
	r.Cipher, r.Auth, r.Host = dash(t.get(cipher)), dash(t.get(auth)), dash(unquote(t.get(host)))
	r.TLS, r.ARN, r.Region = dash(t.get(tls)), dash(t.get(arn)), dash(t.get(region))
	switch t.get(acl) {
	case "":
	case "-":
		r.ACL = "no"
	case "Yes":
		r.ACL = "yes"
	default:
		r.UnexpectedACL = t.get(acl)
	}
	r.Extra = strings.Join(t.extra, " ")
	r.Fields = 17 + len(t.words) + len(t.extra)
	for _, field := range t.unknown {
		r.unexpected(tailFields[field].name)
	}
}

// unquote takes off the quotes around a text.
func unquote(s string) string {
	if len(s) >= 2 && strings.HasPrefix(s, `"`) && strings.HasSuffix(s, `"`) {
		return s[1 : len(s)-1]
	}
	return s
}
