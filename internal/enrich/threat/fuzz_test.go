package threat

import (
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
)

// fuzzFormat feeds a format, or auto, with mutations of the samples. Whatever
// comes, nothing panics, and every prefix taken is one that may be used, with
// texts that can be sent.
func fuzzFormat(f *testing.F, name string) {
	f.Helper()
	for file, golden := range goldenFeeds {
		if name != Auto && golden.format != name {
			continue
		}
		content, err := os.ReadFile(filepath.Join(feedsFolder, file))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		feed := testFeed()
		feed.Format = name
		feed.maxSize = 1 << 20
		l, err := decodeText(feed, content)
		if err == nil {
			require.NotEmpty(t, l.items)
		}
		require.LessOrEqual(t, len(l.Reasons), maxReasons)
		for _, it := range l.items {
			require.NoError(t, check(it.prefix))
			require.Equal(t, it.prefix, it.prefix.Masked())
			require.False(t, it.prefix.Addr().Is4In6())
			require.False(t, it.ended(today.Unix()))
			require.GreaterOrEqual(t, it.detail.confidence, int16(0))
			require.LessOrEqual(t, it.detail.confidence, int16(100))
			for _, text := range []string{it.detail.actor, it.detail.software, it.detail.provider, it.detail.description} {
				require.LessOrEqual(t, len(text), maxText)
				require.True(t, utf8.ValidString(text))
			}
		}
		lookAllUp(t, l)
	})
}

// lookAllUp finds the first address of every prefix that is valid, if it is public.
func lookAllUp(t *testing.T, l *list) {
	t.Helper()
	if len(l.items) > 1000 {
		return // ranges can give many
	}
	items := append([]item(nil), l.items...)
	table := newTable([]string{"test"}, items, today.Unix())
	for _, it := range l.items {
		if int64(it.from) <= today.Unix() && enrich.Public(it.prefix.Addr()) {
			require.NotNil(t, table.lookup(it.prefix.Addr(), today.Unix()), it.prefix)
		}
	}
}

func FuzzAuto(f *testing.F)        { fuzzFormat(f, Auto) }
func FuzzSTIX(f *testing.F)        { fuzzFormat(f, stixFormat.name) }
func FuzzMISP(f *testing.F)        { fuzzFormat(f, mispFormat.name) }
func FuzzDrop(f *testing.F)        { fuzzFormat(f, dropFormat.name) }
func FuzzCrowdstrike(f *testing.F) { fuzzFormat(f, crowdstrikeFormat.name) }
func FuzzCSV(f *testing.F)         { fuzzFormat(f, csvFormat.name) }
func FuzzList(f *testing.F)        { fuzzFormat(f, listFormat.name) }

// FuzzPattern: no pattern panics, and what one asks for may be used.
func FuzzPattern(f *testing.F) {
	f.Add(`[ipv4-addr:value = '192.0.2.1' OR ipv6-addr:value ISSUBSET '2001:db8::/32'] WITHIN 5 SECONDS`)
	f.Add(`[(network-traffic:dst_ref.value IN ('192.0.2.1', '192.0.2.2') AND network-traffic:dst_port = 443)]`)
	f.Add(`[file:extensions.'a b'[*].c NOT LIKE t'x\'y' AND EXISTS a:b] FOLLOWEDBY ([x:y > 7.0])`)
	f.Fuzz(func(t *testing.T, pattern string) {
		prefixes, err := parsePattern(pattern)
		if err == nil {
			require.NotEmpty(t, prefixes)
		}
		for _, p := range prefixes {
			require.NoError(t, check(p))
		}
	})
}
