package threat

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPattern(t *testing.T) {
	for pattern, want := range map[string]string{
		`[ipv4-addr:value = '192.0.2.1']`:                                                                                    "192.0.2.1/32",
		`[ipv4-addr:value='192.0.2.0/24']`:                                                                                   "192.0.2.0/24",
		` [ ipv4-addr:value = '192.0.2.1' OR ipv4-addr:value = '192.0.2.2' ] `:                                               "192.0.2.1/32 192.0.2.2/32",
		`[ipv4-addr:value IN ('192.0.2.1','192.0.2.2',)]`:                                                                    "192.0.2.1/32 192.0.2.2/32",
		`[ipv4-addr:value ISSUBSET '192.0.2.0/24']`:                                                                          "192.0.2.0/24",
		`[ipv6-addr:value ISSUBSET '2001:db8::/32']`:                                                                         "2001:db8::/32",
		`[ipv4-addr:value = '192.0.2.1'] OR [ipv6-addr:value = '2001:db8::1']`:                                               "192.0.2.1/32 2001:db8::1/128",
		`([ipv4-addr:value = '192.0.2.1'] OR [domain-name:value = 'x.example']) WITHIN 5 SECONDS`:                            "192.0.2.1/32",
		`[ipv4-addr:value = '192.0.2.1'] REPEATS 5 TIMES WITHIN 1800 SECONDS`:                                                "192.0.2.1/32",
		`[ipv4-addr:value = '192.0.2.1' OR (domain-name:value = 'x' AND file:name = 'y')]`:                                   "192.0.2.1/32",
		`[network-traffic:src_ref.type = 'ipv4-addr' AND network-traffic:src_ref.value = '192.0.2.1']`:                       "192.0.2.1/32",
		`[(ipv4-addr:value = '192.0.2.1' OR ipv4-addr:value = '192.0.2.2') AND network-traffic:dst_port IN (80, 443)]`:       "192.0.2.1/32 192.0.2.2/32",
		`[file:extensions.'windows-pebinary-ext'.sections[*].entropy > 7.0 OR ipv4-addr:value = '192.0.2.1']`:                "192.0.2.1/32",
		`[ipv4-addr:value = '192.0.2.1' OR file:name = 'it\'s ] \\']`:                                                        "192.0.2.1/32",
		`[domain-name:value = 'a' AND domain-name:value = 'b' OR ipv4-addr:value = '192.0.2.1']`:                             "192.0.2.1/32",
		`[ipv4-addr:value = '192.0.2.1'] START t'2026-01-01T00:00:00Z' STOP t'2026-02-01T00:00:00Z'`:                         "192.0.2.1/32",
		`[EXISTS domain-name:value OR ipv4-addr:value = '192.0.2.1']`:                                                        "192.0.2.1/32",
		`[ipv4-addr:value = '192.0.2.1' OR network-traffic:dst_ref.value = '192.0.2.2' AND network-traffic:protocols = 'x']`: "192.0.2.1/32 192.0.2.2/32",
	} {
		prefixes, err := parsePattern(pattern)
		require.NoError(t, err, pattern)
		assert.Equal(t, want, itemsOf(&list{items: itemsFrom(prefixes)}), pattern)
	}
}

func TestPatternThatIsNotAboutAnAddressAlone(t *testing.T) {
	for _, pattern := range []string{
		`[domain-name:value = 'bad.example']`,
		`[ipv4-addr:value = '192.0.2.1' AND domain-name:value = 'bad.example']`,
		`[ipv4-addr:value = '192.0.2.1' AND ipv4-addr:value = '192.0.2.2']`,
		`[ipv4-addr:value = '192.0.2.1'] AND [ipv4-addr:value = '192.0.2.2']`,
		`[ipv4-addr:value = '192.0.2.1'] FOLLOWEDBY [file:name = 'x']`,
		`[ipv4-addr:value != '192.0.2.1']`,
		`[ipv4-addr:value NOT = '192.0.2.1']`,
		`[ipv4-addr:value NOT IN ('192.0.2.1')]`,
		`[ipv4-addr:value LIKE '192.0.2.%']`,
		`[ipv4-addr:value MATCHES '^192']`,
		`[ipv4-addr:value ISSUPERSET '192.0.2.0/24']`,
		`[network-traffic:dst_port = 443]`,
		`[domain-name:resolves_to_refs[*].value = '192.0.2.1']`,
	} {
		prefixes, err := parsePattern(pattern)
		assert.ErrorIs(t, err, errOtherPattern, pattern)
		assert.Empty(t, prefixes, pattern)
	}
}

func TestPatternThatIsBroken(t *testing.T) {
	for _, pattern := range []string{
		``, `[`, `[]`, `]`, `ipv4-addr:value = '192.0.2.1'`, `[ipv4-addr:value = '192.0.2.1'`, `[ipv4-addr:value = ]`,
		`[ipv4-addr:value IN ('192.0.2.1']`, `[(ipv4-addr:value = '192.0.2.1']`, `[ipv4-addr:value = '192.0.2.1']]`,
		strings.Repeat("(", 100_000), "[" + strings.Repeat("(", 100_000), `[a[`, `['`,
	} {
		prefixes, err := parsePattern(pattern)
		assert.ErrorIs(t, err, errPattern, cut(pattern, 40))
		assert.Empty(t, prefixes, cut(pattern, 40))
	}
}

func TestPatternWithABadAddress(t *testing.T) {
	prefixes, err := parsePattern(`[ipv4-addr:value IN ('192.0.2.1', '10.0.0.1')]`)
	require.ErrorIs(t, err, errNotPublic)
	assert.Len(t, prefixes, 1, "the good one counts")
	_, err = parsePattern(`[ipv4-addr:value = '0.0.0.0/0']`)
	assert.ErrorIs(t, err, errTooWide)
}
