package threat

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
)

func TestEntryGivesPrefixes(t *testing.T) {
	for entry, want := range map[string]string{
		"192.0.2.1":                       "192.0.2.1/32",
		" 192.0.2.1 ":                     "192.0.2.1/32",
		"192.0.2.77/24":                   "192.0.2.0/24",
		"16.0.0.0/8":                      "16.0.0.0/8",
		"2001:db8::1":                     "2001:db8::1/128",
		"2001:DB8::/32":                   "2001:db8::/32",
		"2001:c000::/19":                  "2001:c000::/19",
		"::ffff:192.0.2.1":                "192.0.2.1/32",
		"::ffff:192.0.2.0/120":            "192.0.2.0/24",
		"192.0.2.1:443":                   "192.0.2.1/32",
		"[2001:db8::1]:443":               "2001:db8::1/128",
		"192.0.2.0-192.0.2.255":           "192.0.2.0/24",
		"192.0.2.1 - 192.0.2.6":           "192.0.2.1/32 192.0.2.2/31 192.0.2.4/31 192.0.2.6/32",
		"192.0.2.9-192.0.2.9":             "192.0.2.9/32",
		"2001:db8::-2001:db8::ffff":       "2001:db8::/112",
		"223.255.255.254-223.255.255.255": "223.255.255.254/31",
		"9.255.255.255/7":                 "",
	} {
		prefixes, err := appendPrefixes(nil, entry)
		if want == "" {
			assert.ErrorIs(t, err, errTooWide, entry)
			continue
		}
		require.NoError(t, err, entry)
		assert.Equal(t, want, itemsOf(&list{items: itemsFrom(prefixes)}), entry)
	}
}

func itemsFrom(prefixes []netip.Prefix) []item {
	var items []item
	for _, p := range prefixes {
		items = append(items, item{prefix: p})
	}
	return items
}

func TestEntryThatIsRefused(t *testing.T) {
	for entry, want := range map[string]error{
		"":                            errNotAddress,
		"-":                           errNotAddress,
		"/":                           errNotAddress,
		"example.com":                 errNotAddress,
		"192.0.2":                     errNotAddress,
		"192.0.2.01":                  errNotAddress,
		"192.0.2.0/33":                errNotAddress,
		"192.0.2.2-192.0.2.1":         errNotAddress,
		"192.0.2.2-2001:db8::1":       errNotAddress,
		"0.0.0.0/0":                   errTooWide,
		"16.0.0.0/7":                  errTooWide,
		"::/0":                        errTooWide,
		"2001::/18":                   errTooWide,
		"::ffff:0.0.0.0/96":           errTooWide,
		"16.0.0.0-200.0.0.0":          errTooWide,
		"0.0.0.0-255.255.255.255":     errTooWide,
		"10.0.0.0/8":                  errNotPublic,
		"172.16.5.0/24":               errNotPublic,
		"127.0.0.1":                   errNotPublic,
		"169.254.169.254":             errNotPublic,
		"224.0.0.0/8":                 errNotPublic,
		"0.0.0.0":                     errNotPublic,
		"::1":                         errNotPublic,
		"::/128":                      errNotPublic,
		"fe80::/64":                   errNotPublic,
		"fd00::/20":                   errNotPublic,
		"ff02::1":                     errNotPublic,
		"::ffff:10.0.0.1":             errNotPublic,
		"192.168.0.1-192.168.255.255": errNotPublic,
	} {
		prefixes, err := appendPrefixes(nil, entry)
		assert.ErrorIs(t, err, want, entry)
		assert.Empty(t, prefixes, entry)
	}
}

func TestConfidence(t *testing.T) {
	for written, want := range map[string]enrich.Confidence{
		"100": enrich.High, "85": enrich.High, "84.9": enrich.Medium, "84": enrich.Medium, "50": enrich.Medium, "49": enrich.Low,
		"15": enrich.Low, "14": enrich.None, "0": enrich.None, "-5": enrich.None, "900": enrich.High,
		"75%": enrich.Medium, "high": enrich.High, "Medium": enrich.Medium, "LOW": enrich.Low, "unverified": enrich.None, "none": enrich.None,
	} {
		assert.Equal(t, want, confidenceOf(parseConfidence(written)), written)
	}
	for _, written := range []string{"", "?", "NaN", "very sure"} {
		assert.Equal(t, unknown, parseConfidence(written), written)
	}
}

func TestTimes(t *testing.T) {
	const want = 1767225600 // 2026-01-01
	for _, written := range []string{
		"2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000Z", "2026-01-01T01:00:00+01:00", "2026-01-01 00:00:00", "2026-01-01 00:00:00 UTC",
		"2026-01-01T00:00:00", "2026-01-01", "1767225600", "1767225600.5", "1767225600000", " 2026-01-01 ",
	} {
		got, err := parseTime(written)
		require.NoError(t, err, written)
		assert.EqualValues(t, want, got, written)
	}
	for _, written := range []string{"soon", "01/02/2026", "-5", "1e300", "NaN", "2026-13-01"} {
		_, err := parseTime(written)
		assert.Error(t, err, written)
	}
	none, err := parseTime(" ")
	require.NoError(t, err)
	assert.Zero(t, none)
}

func TestValidity(t *testing.T) {
	assert.Equal(t, validity{}, validityOf(0, 0))
	assert.Equal(t, validity{from: 10, until: 20}, validityOf(10, 20))
	assert.Equal(t, validity{until: 1}, validityOf(-10, -20), "it ended before 1970")
	assert.Equal(t, validity{}, validityOf(0, 1<<33), "it ends after 2106")
}

func TestTextsAreCut(t *testing.T) {
	content := "192.0.2.1 # " + strings.Repeat("x", maxText+100) + "\n192.0.2.2 # " + strings.Repeat("é", maxText)
	l, err := decodeText(testFeed(), []byte(content))
	require.NoError(t, err)
	assert.Len(t, l.items[0].detail.description, maxText)
	assert.LessOrEqual(t, len(l.items[1].detail.description), maxText)
}
