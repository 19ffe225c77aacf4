package threat

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
)

// Why an entry of a feed is not used.
var (
	errNotAddress = errors.New("neither an address, a prefix nor a range")
	errTooWide    = errors.New("covers too much: shorter than /8 (IPv4) or /19 (IPv6)")
	errNotPublic  = errors.New("a private, loopback, link-local, multicast or unspecified address")
)

// The shortest prefixes that a feed may name. Wider ones are mistakes, or
// attempts to make a whole registry's clients malicious.
const (
	shortest4 = 8
	shortest6 = 19
)

// appendPrefixes appends what an entry names: an address, with a port or without,
// a prefix, whose host bits may be set, or a range "a-b", which gives as many
// prefixes as it needs. IPv4 inside IPv6 becomes IPv4. On an error nothing was
// appended.
func appendPrefixes(to []netip.Prefix, entry string) ([]netip.Prefix, error) {
	entry = strings.TrimSpace(entry)
	if addr, ok := enrich.ParseAddr(entry); ok {
		return appendChecked(to, netip.PrefixFrom(addr, addr.BitLen()))
	}
	if strings.IndexByte(entry, '/') > 0 {
		p, err := netip.ParsePrefix(entry)
		if err != nil {
			return to, errNotAddress
		}
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		return appendChecked(to, p.Masked())
	}
	if first, last, ok := strings.Cut(entry, "-"); ok {
		return appendRange(to, strings.TrimSpace(first), strings.TrimSpace(last))
	}
	if ap, err := netip.ParseAddrPort(entry); err == nil {
		addr := ap.Addr().WithZone("").Unmap()
		return appendChecked(to, netip.PrefixFrom(addr, addr.BitLen()))
	}
	return to, errNotAddress
}

func appendChecked(to []netip.Prefix, p netip.Prefix) ([]netip.Prefix, error) {
	if err := check(p); err != nil {
		return to, err
	}
	return append(to, p), nil
}

// check reports whether a masked prefix may be used. None of the ranges that are
// not public touches another one inside a prefix as long as these have to be, so
// a prefix lies within one if both its ends do.
func check(p netip.Prefix) error {
	shortest := shortest6
	if p.Addr().Is4() {
		shortest = shortest4
	}
	switch {
	case p.Bits() < shortest:
		return errTooWide
	case !enrich.Public(p.Addr()) && !enrich.Public(lastOf(p)):
		return errNotPublic
	}
	return nil
}

// appendRange appends the fewest prefixes that cover first to last.
func appendRange(to []netip.Prefix, first, last string) ([]netip.Prefix, error) {
	at, ok := enrich.ParseAddr(first)
	end, ok2 := enrich.ParseAddr(last)
	if !ok || !ok2 || at.BitLen() != end.BitLen() || end.Less(at) {
		return to, errNotAddress
	}
	prefixes := to
	for {
		p := widest(at, end)
		if err := check(p); err != nil {
			return to, err
		}
		prefixes = append(prefixes, p)
		if at = lastOf(p); at == end {
			return prefixes, nil
		}
		at = at.Next()
	}
}

// widest returns the widest prefix that begins at an address and does not reach
// beyond end.
func widest(at, end netip.Addr) netip.Prefix {
	p := netip.PrefixFrom(at, at.BitLen())
	for p.Bits() > 0 {
		wider := netip.PrefixFrom(at, p.Bits()-1)
		if wider.Masked().Addr() != at || end.Less(lastOf(wider)) {
			break
		}
		p = wider
	}
	return p
}

// lastOf returns the last address of a masked prefix.
func lastOf(p netip.Prefix) netip.Addr {
	bits := p.Bits()
	if p.Addr().Is4() {
		b := p.Addr().As4()
		fill(b[:], bits)
		return netip.AddrFrom4(b)
	}
	b := p.Addr().As16()
	fill(b[:], bits)
	return netip.AddrFrom16(b)
}

// fill sets all bits from the given one on.
func fill(b []byte, from int) {
	for i := range b {
		if bits := from - 8*i; bits < 8 {
			b[i] |= 0xff >> max(bits, 0)
		}
	}
}

// unknown is the confidence of an entry that states none.
const unknown = -1

// The confidences that words stand for: those of the scale "None / Low / Med /
// High" of STIX 2.1, appendix A. They are the cut-offs too.
const (
	high   = 85
	medium = 50
	low    = 15
)

var words = map[string]int{
	"high": high, "medium": medium, "med": medium, "moderate": medium, "low": low, "none": 0, "unverified": 0,
}

// parseConfidence reads a number from 0 to 100 or a word. What cannot be read is
// unknown, a number beyond the scale its end.
func parseConfidence(s string) int {
	s = strings.ToLower(strings.TrimSpace(s))
	if n, known := words[s]; known {
		return n
	}
	f, err := strconv.ParseFloat(strings.TrimSuffix(s, "%"), 64)
	if err != nil || f != f { // NaN
		return unknown
	}
	return int(min(max(f, 0), 100))
}

func confidenceOf(n int) enrich.Confidence {
	switch {
	case n >= high:
		return enrich.High
	case n >= medium:
		return enrich.Medium
	case n >= low:
		return enrich.Low
	}
	return enrich.None
}

var timeLayouts = []string{
	time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04:05 MST", "2006-01-02T15:04:05",
	"2006-01-02 15:04:05Z07:00", "2006-01-02",
}

// lastSecondsDigits is how many digits a time in seconds has at most; one with
// more is in milliseconds.
const lastSecondsDigits = 11

// parseTime reads a time in the ways that feeds write it, UTC where no zone is
// given, to unix seconds. "" and 0 are no time: 0.
func parseTime(s string) (int64, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return 0, nil
	}
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		if len(strings.SplitN(s, ".", 2)[0]) > lastSecondsDigits {
			n /= 1000
		}
		if n >= 0 && n < 1<<40 {
			return int64(n), nil
		}
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Unix(), nil
		}
	}
	return 0, fmt.Errorf("not a time: %q", cut(s, 40))
}

// cut returns at most n bytes of a string, as memory of its own and as valid
// UTF-8.
func cut(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(strings.Clone(s), "")
}
