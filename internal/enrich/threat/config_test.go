package threat

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWrongSettingsAreNamed(t *testing.T) {
	ok := fileFeed("a", "x")
	for want, feeds := range map[string][]Feed{
		"`threat_intel::feeds::0::name` is missing":                                                                     {{FeedConfig: FeedConfig{Path: "x"}}},
		"`threat_intel::feeds::0::name` is \"a/b\": use up to 64 letters":                                               {{FeedConfig: FeedConfig{Name: "a/b", Path: "x"}}},
		"`threat_intel::feeds::1::name` is \"a\", as that of feed 0":                                                    {ok, ok},
		"`threat_intel::feeds::0` has 0 of `path`, `http::endpoint` and `taxii::collection`: set exactly one":           {{FeedConfig: FeedConfig{Name: "a"}}},
		"`threat_intel::feeds::0` has 2 of":                                                                             {{FeedConfig: FeedConfig{Name: "a", Path: "x"}, Endpoint: "https://x"}},
		"`threat_intel::feeds::0::confidence` is 101: it must be from 0 to 100":                                         {{FeedConfig: FeedConfig{Name: "a", Path: "x", Confidence: 101}}},
		"`threat_intel::feeds::0::format` is \"xml\": it must be one of auto, stix, misp, drop, crowdstrike, csv, list": {{FeedConfig: FeedConfig{Name: "a", Path: "x", Format: "xml"}}},
		"`threat_intel::feeds::0::csv` needs `format: csv`":                                                             {{FeedConfig: FeedConfig{Name: "a", Path: "x", CSV: Columns{Indicator: "ip"}}}},
		"`threat_intel::feeds::0::http::endpoint` is not a URL":                                                         {{FeedConfig: FeedConfig{Name: "a"}, Endpoint: "ftp://x"}},
		"`threat_intel::feeds::0::taxii::collection` is not a URL":                                                      {{FeedConfig: FeedConfig{Name: "a", TAXII: TAXII{Collection: "x"}}}},
		"`threat_intel::feeds::0::http::endpoint` has a user or a password: use http::auth":                             {{FeedConfig: FeedConfig{Name: "a"}, Endpoint: "https://me:planted@x/y"}},
		"`threat_intel::feeds::0::taxii::collection` has a user or a password: use http::auth":                          {{FeedConfig: FeedConfig{Name: "a", TAXII: TAXII{Collection: "https://planted@x/y"}}}},
		"`threat_intel::feeds::0::taxii::added_after` is \"yesterday\": it must be an RFC 3339 time":                    {{FeedConfig: FeedConfig{Name: "a", TAXII: TAXII{Collection: "https://x", AddedAfter: "yesterday"}}}},
		"`threat_intel::feeds::0::format` is \"csv\": a TAXII collection holds STIX":                                    {{FeedConfig: FeedConfig{Name: "a", Format: "csv", TAXII: TAXII{Collection: "https://x"}}}},
	} {
		_, err := New(Config{}, feeds, Deps{})
		require.Error(t, err, want)
		assert.Contains(t, err.Error(), want)
		assert.NotContains(t, err.Error(), "planted")
	}
	for want, cfg := range map[string]Config{
		"`threat_intel::refresh_interval` is 1s: it must be at least 10s": {RefreshInterval: time.Second},
		"`threat_intel::max_feed_size` must be more than 0":               {MaxFeedSize: -1},
	} {
		_, err := New(cfg, nil, Deps{})
		assert.EqualError(t, err, want)
	}
}

func TestDefaults(t *testing.T) {
	x, err := New(Config{}, []Feed{
		fileFeed("a", "x"),
		{Endpoint: "http://x/y", FeedConfig: FeedConfig{Name: "B.2_c-3", Format: "csv", CSV: Columns{Indicator: "ip"}}},
	}, Deps{})
	require.NoError(t, err)
	defer x.Close()
	assert.Equal(t, 15*time.Minute, x.cfg.RefreshInterval)
	assert.EqualValues(t, 256<<20, x.cfg.MaxFeedSize)
	assert.Equal(t, []Status{{Feed: "a"}, {Feed: "B.2_c-3"}}, x.Status())
}

// All that is wrong with a feed is reported at once.
func TestAllFaultsOfAFeedAreTold(t *testing.T) {
	err := (&Config{}).Validate("threat_intel", []Feed{{FeedConfig: FeedConfig{Path: "x", Confidence: 101, Format: "xml"}, Endpoint: "ftp://x"}})
	for _, want := range []string{"name` is missing", "has 2 of", "confidence` is 101", "format` is \"xml\"", "http::endpoint` is not a URL"} {
		assert.ErrorContains(t, err, want)
	}
}
