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
		"feeds::0::name: is missing":                                                                            {{FeedConfig: FeedConfig{Path: "x"}}},
		`feeds::0::name: "a/b": use up to 64 letters`:                                                           {{FeedConfig: FeedConfig{Name: "a/b", Path: "x"}}},
		`feeds::1::name: "a" is the name of feed 0 too`:                                                         {ok, ok},
		"feeds::0::path: of path, http::endpoint and taxii::collection exactly one has to be set, not 0":        {{FeedConfig: FeedConfig{Name: "a"}}},
		"exactly one has to be set, not 2":                                                                      {{FeedConfig: FeedConfig{Name: "a", Path: "x"}, Endpoint: "https://x"}},
		"feeds::0::confidence: 101 is not between 0 and 100":                                                    {{FeedConfig: FeedConfig{Name: "a", Path: "x", Confidence: 101}}},
		`feeds::0::format: there is no format "xml": use one of auto, stix, misp, drop, crowdstrike, csv, list`: {{FeedConfig: FeedConfig{Name: "a", Path: "x", Format: "xml"}}},
		`feeds::0::csv: needs "format: csv"`:                                                                    {{FeedConfig: FeedConfig{Name: "a", Path: "x", CSV: Columns{Indicator: "ip"}}}},
		"feeds::0::http::endpoint: is not a URL":                                                                {{FeedConfig: FeedConfig{Name: "a"}, Endpoint: "ftp://x"}},
		"feeds::0::taxii::collection: is not a URL":                                                             {{FeedConfig: FeedConfig{Name: "a", TAXII: TAXII{Collection: "x"}}}},
		"feeds::0::http::endpoint: has a user or a password: use http::auth":                                    {{FeedConfig: FeedConfig{Name: "a"}, Endpoint: "https://me:planted@x/y"}},
		"feeds::0::taxii::collection: has a user or a password: use http::auth":                                 {{FeedConfig: FeedConfig{Name: "a", TAXII: TAXII{Collection: "https://planted@x/y"}}}},
		`feeds::0::taxii::added_after: "yesterday" is not an RFC 3339 time`:                                     {{FeedConfig: FeedConfig{Name: "a", TAXII: TAXII{Collection: "https://x", AddedAfter: "yesterday"}}}},
		"feeds::0::format: a TAXII collection holds STIX":                                                       {{FeedConfig: FeedConfig{Name: "a", Format: "csv", TAXII: TAXII{Collection: "https://x"}}}},
	} {
		_, err := New(Config{}, feeds, Deps{})
		require.Error(t, err, want)
		assert.Contains(t, err.Error(), want)
		assert.NotContains(t, err.Error(), "planted")
	}
	for want, cfg := range map[string]Config{
		"refresh_interval: 1s is too short: at least 10s": {RefreshInterval: time.Second},
		"max_feed_size: must be above 0":                  {MaxFeedSize: -1},
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
