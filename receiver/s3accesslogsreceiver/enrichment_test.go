package s3accesslogsreceiver

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich/geo"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich/threat"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

const (
	sampleDatabase = "../../testdata/geo/sample.mmdb"
	sampleFeed     = "../../testdata/feeds/sample.json"
)

// knownClients is a directory with one record of a client that sample.mmdb and
// sample.json know.
func knownClients(t *testing.T) *Config {
	t.Helper()
	fields := strings.Split(samplelogs.Records(1, 1)[0], " ")
	fields[4] = "203.0.113.66" // behind owner, bucket and the two parts of the time
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "a"), strings.Join(fields, " ")+"\n")
	return directoryConfig(dir)
}

func TestClientsAreKnown(t *testing.T) {
	cfg := knownClients(t)
	cfg.GeoIP.Databases = []string{sampleDatabase}
	cfg.ThreatIntel.Feeds = []FeedConfig{{FeedConfig: threat.FeedConfig{Name: "sample", Path: sampleFeed, Format: "auto"}}}
	logs, metrics := new(consumertest.LogsSink), new(consumertest.MetricsSink)
	l, m := both(t, settings(t.Name()), cfg, logs, metrics)
	require.NoError(t, l.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, m.Start(t.Context(), componenttest.NewNopHost()))
	<-sharedOf(l).run.done
	require.NoError(t, l.Shutdown(t.Context()))
	require.NoError(t, m.Shutdown(t.Context()))

	require.Equal(t, 1, logs.LogRecordCount())
	record := logs.AllLogs()[0].ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes().AsRaw()
	assert.NotEmpty(t, record["geo.country.iso_code"])
	assert.NotEmpty(t, record["as.number"])
	assert.Equal(t, "sample", record["threat.feed.name"])
	assert.Equal(t, []any{"sample"}, record["threat.feeds"])

	names := map[string]map[string]any{}
	for _, metric := range metrics.AllMetrics()[0].ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
		if strings.HasSuffix(metric.Name(), "requests") {
			names[metric.Name()] = metric.Sum().DataPoints().At(1).Attributes().AsRaw()
		}
	}
	assert.Equal(t, record["geo.country.iso_code"], names["aws.s3.server.client.requests"]["geo.country.iso_code"])
	assert.Equal(t, record["threat.group.name"], names["aws.s3.server.threat.requests"]["threat.group.name"])
}

func TestFeedOfAServerIsKeptOverARestartWithoutIt(t *testing.T) {
	content, err := os.ReadFile(sampleFeed)
	require.NoError(t, err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write(content)
	}))
	host, storage := newStorageHost(t)
	feed := func() (found any) {
		cfg := knownClients(t)
		cfg.Storage = &storage
		conf, err := load(t, `{directory: {path: x}, threat_intel: {feeds: [{name: remote, http: {endpoint: "`+server.URL+`", headers: {Authorization: Bearer secret}}}]}}`)
		require.NoError(t, err)
		cfg.ThreatIntel = conf.ThreatIntel
		require.Equal(t, configopaque.String("[REDACTED]").String(), conf.ThreatIntel.Feeds[0].HTTP.Headers[0].Value.String())
		sink := new(consumertest.LogsSink)
		l, err := NewFactory().CreateLogs(t.Context(), settings("feeds"), cfg, sink)
		require.NoError(t, err)
		require.NoError(t, l.Start(t.Context(), host))
		<-sharedOf(l).run.done
		require.NoError(t, l.Shutdown(t.Context()))
		require.Equal(t, 1, sink.LogRecordCount())
		return sink.AllLogs()[0].ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes().AsRaw()["threat.feed.name"]
	}
	assert.Equal(t, "remote", feed())
	server.Close()
	assert.Equal(t, "remote", feed(), "from its copy")
}

func TestBrokenDatabaseIsReportedAndReadingGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := knownClients(t)
		broken := filepath.Join(t.TempDir(), "broken.mmdb")
		writeFile(t, broken, "no database")
		cfg.GeoIP.Databases = []string{broken}
		cfg.GeoIP.ReloadInterval = 10 * time.Millisecond
		cfg.Directory.Get().Follow = true
		sink := new(consumertest.LogsSink)
		r := startReceiver(t, cfg, sink)
		require.ErrorContains(t, r.awaitStatus(t, componentstatus.StatusRecoverableError), broken)
		require.Eventually(t, func() bool { return sink.LogRecordCount() == 1 }, waitLimit, 10*time.Millisecond)

		good, err := os.ReadFile(sampleDatabase)
		require.NoError(t, err)
		writeFile(t, broken+".new", string(good))
		require.NoError(t, os.Rename(broken+".new", broken))
		require.NoError(t, r.awaitStatus(t, componentstatus.StatusOK))
	})
}

func TestEnrichmentIsMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := knownClients(t)
		cfg.Directory.Get().Follow = true
		cfg.GeoIP.Databases = []string{sampleDatabase}
		cfg.ThreatIntel.Feeds = []FeedConfig{{FeedConfig: threat.FeedConfig{Name: "sample", Path: sampleFeed, Format: "auto"}}}
		sink := new(consumertest.LogsSink)
		tel, _ := startMeasured(t, cfg, sink)
		require.Eventually(t, func() bool { return sink.LogRecordCount() == 1 }, waitLimit, 10*time.Millisecond)
		got := readTelemetry(t, tel)
		assert.EqualValues(t, 2, got["enrichment.reloads loaded"])
		assert.Greater(t, got["enrichment.entries"], int64(20))
	})
}

func TestWrongEnrichmentSettings(t *testing.T) {
	for settings, message := range map[string]string{
		`geoip: {databases: [""]}`:                                                 "geoip::databases",
		`geoip: {reload_interval: 0s}`:                                             "geoip::reload_interval",
		`threat_intel: {refresh_interval: 1s}`:                                     "threat_intel::refresh_interval",
		`threat_intel: {feeds: [{name: a}]}`:                                       "`threat_intel::feeds::0` has 0",
		`threat_intel: {feeds: [{name: a, path: b}, {name: a, path: c}]}`:          "threat_intel::feeds::1::name",
		`threat_intel: {feeds: [{name: a, path: b, confidence: 101}]}`:             "threat_intel::feeds::0::confidence",
		`threat_intel: {feeds: [{name: a, path: b, format: excel}]}`:               "threat_intel::feeds::0::format",
		`threat_intel: {feeds: [{name: a, path: b, taxii: {collection: "x://"}}]}`: "`threat_intel::feeds::0` has 2",
	} {
		_, err := load(t, "{directory: {path: x}, "+settings+"}")
		require.ErrorContains(t, err, message, settings)
	}
}

func TestEverySettingOfEnrichmentIsRead(t *testing.T) {
	cfg, err := load(t, `
directory: {path: x}
geoip: {databases: [a, b], reload_interval: 2m}
threat_intel:
  refresh_interval: 1h
  max_feed_size: 64MiB
  feeds:
  - {name: a, path: b}
  - name: c
    format: csv
    confidence: 70
    csv: {indicator: i, type: t, confidence: c, actor: a, software: s, provider: p, description: d, valid_from: f, valid_until: u}
    http: {endpoint: "https://x/y"}
  - {name: t, taxii: {collection: "https://x/", added_after: "2026-01-31T00:00:00Z"}}
`)
	require.NoError(t, err)
	assert.Equal(t, geo.Config{Databases: []string{"a", "b"}, ReloadInterval: 2 * time.Minute}, cfg.GeoIP)
	assert.Equal(t, threat.Config{RefreshInterval: time.Hour, MaxFeedSize: 64 << 20}, cfg.ThreatIntel.Config)
	assert.Equal(t, []threat.Feed{
		{FeedConfig: threat.FeedConfig{Name: "a", Path: "b", Format: "auto", Confidence: 50}},
		{Endpoint: "https://x/y", FeedConfig: threat.FeedConfig{Name: "c", Format: "csv", Confidence: 70, CSV: threat.Columns{
			Indicator: "i", Type: "t", Confidence: "c", Actor: "a", Software: "s", Provider: "p", Description: "d", ValidFrom: "f", ValidUntil: "u",
		}}},
		{FeedConfig: threat.FeedConfig{
			Name: "t", Format: "auto", Confidence: 50,
			TAXII: threat.TAXII{Collection: "https://x/", AddedAfter: "2026-01-31T00:00:00Z"},
		}},
	}, cfg.ThreatIntel.feeds())
	written, again := confmap.New(), createDefaultConfig().(*Config)
	require.NoError(t, written.Marshal(cfg), "as print-config does")
	require.NoError(t, written.Unmarshal(again))
	assert.Equal(t, cfg.ThreatIntel.feeds(), again.ThreatIntel.feeds())
	assert.Equal(t, cfg.ThreatIntel.Config, again.ThreatIntel.Config)

	_, err = load(t, "{directory: {path: x}, threat_intel: {feeds: [{name: a, path: b, nme: c}]}}")
	require.ErrorContains(t, err, "nme")
}

func TestEachErrorOfEnrichmentShowsTheFullPathOfItsSettingOnce(t *testing.T) {
	for settings, want := range map[string][]string{
		`geoip: {databases: [""], reload_interval: 0s}`:            {"`geoip::databases::0` ", "`geoip::reload_interval` "},
		`geoip: {databases: ["", a, a], reload_interval: 0s}`:      {"`geoip::databases::0` ", "`geoip::databases::2` ", "`geoip::reload_interval` "},
		`geoip: {databases: [a,a,b,c,d,e,f,g,h]}`:                  {"`geoip::databases` ", "`geoip::databases::1` "},
		`threat_intel: {refresh_interval: 1s, feeds: [{name: a}]}`: {"`threat_intel::refresh_interval` ", "`threat_intel::feeds::0` "},
		`threat_intel: {feeds: [{name: a, path: b}, {name: a}, {path: c}]}`: {
			"`threat_intel::feeds::1` ", "`threat_intel::feeds::1::name` ", "`threat_intel::feeds::2::name` ",
		},
		`threat_intel: {feeds: [{name: a, taxii: {collection: b, added_after: c}, http: {proxy_url: d}}]}`: {
			"`threat_intel::feeds::0::taxii::collection` ", "`threat_intel::feeds::0::taxii::added_after` ", "`threat_intel::feeds::0::http::proxy_url` ",
		},
		`geoip: {databases: [""]}, threat_intel: {feeds: [{name: a, path: b, confidence: 101}]}`: {"`geoip::databases::0` ", "`threat_intel::feeds::0::confidence` "},
	} {
		_, err := load(t, "{directory: {path: x}, "+settings+"}")
		require.Error(t, err, settings)
		lines := strings.Split(err.Error(), "\n")
		require.Len(t, lines, len(want), "%s:\n%v", settings, err)
		for i, path := range want {
			assert.True(t, strings.HasPrefix(lines[i], path), "%s: %q does not begin with %q", settings, lines[i], path)
			assert.Equal(t, 1, strings.Count(lines[i], "geoip")+strings.Count(lines[i], "threat_intel"), lines[i])
		}
	}
}

func TestProxiesHaveNoPasswords(t *testing.T) {
	for _, proxy := range []string{"http://me:planted@proxy:3128", "http://planted@proxy", "http://me:planted@proxy:port", "http://proxy/?key=planted", "planted"} {
		_, err := load(t, `{directory: {path: x}, threat_intel: {feeds: [{name: a, http: {endpoint: "https://x/y", proxy_url: "`+proxy+`"}}]}}`)
		require.ErrorContains(t, err, "`threat_intel::feeds::0::http::proxy_url` ", proxy)
		assert.NotContains(t, err.Error(), "planted")
		if strings.Contains(proxy, "@proxy:3128") {
			assert.ErrorContains(t, err, "HTTPS_PROXY")
		}
	}
	_, err := load(t, `{directory: {path: x}, threat_intel: {feeds: [{name: a, http: {endpoint: "https://x/y", proxy_url: "http://proxy:3128"}}]}}`)
	require.NoError(t, err)
}

// A feed that says who asks stays with its host.
func TestFeedsThatAuthenticateStayOnTheirHost(t *testing.T) {
	for settings, stays := range map[string]bool{
		"":                               false,
		"headers: {X-Key: secret}":       true,
		"auth: {authenticator: basic}":   true,
		"cookies: {enabled: true}":       true,
		"middlewares: [{id: signature}]": true,
	} {
		cfg, err := load(t, `{directory: {path: x}, threat_intel: {feeds: [{name: a, http: {endpoint: "https://x/y", `+settings+`}}]}}`)
		require.NoError(t, err, settings)
		assert.Equal(t, stays, cfg.ThreatIntel.feeds()[0].StayOnHost, settings)
	}
}

// No connection to a feed outlives the receiver, not even one that its settings
// keep open for ever.
func TestFeedsLeaveNoConnection(t *testing.T) {
	content, err := os.ReadFile(sampleFeed)
	require.NoError(t, err)
	var made, open atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(content) }))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			made.Add(1)
			open.Add(1)
		case http.StateClosed:
			open.Add(-1)
		}
	}
	server.Start()
	defer server.Close()
	cfg := knownClients(t)
	feed := func(idle string) (*Config, error) {
		return load(t, `{directory: {path: x}, threat_intel: {feeds: [{name: remote, http: {endpoint: "`+server.URL+`", headers: {X-Key: secret}, `+idle+`}}]}}`)
	}
	conf, err := feed("keepalive: {idle_conn_timeout: 0s}")
	if err != nil { // a collector before 0.160
		conf, err = feed("idle_conn_timeout: 0s")
	}
	require.NoError(t, err)
	cfg.ThreatIntel = conf.ThreatIntel
	sink := new(consumertest.LogsSink)
	l, err := NewFactory().CreateLogs(t.Context(), settings(t.Name()), cfg, sink)
	require.NoError(t, err)
	require.NoError(t, l.Start(t.Context(), componenttest.NewNopHost()))
	<-sharedOf(l).run.done
	require.NoError(t, l.Shutdown(t.Context()))
	require.Positive(t, made.Load())
	require.Eventually(t, func() bool { return open.Load() == 0 }, waitLimit, time.Millisecond)
}

// Texts of a feed beyond what all may take are left out, and the log says so.
func TestTextsOfAFeedThatAreLeftOutAreLogged(t *testing.T) {
	if testing.Short() {
		t.Skip("it reads a feed of 70 MB")
	}
	cfg := knownClients(t)
	path := filepath.Join(t.TempDir(), "feed")
	var feed strings.Builder
	for i := range 70_000 {
		fmt.Fprintf(&feed, "203.%d.%d.%d # %01000d\n", 1+i>>16, i>>8&255, i&255, i)
	}
	writeFile(t, path, feed.String())
	cfg.ThreatIntel.Feeds = []FeedConfig{{FeedConfig: threat.FeedConfig{Name: "texts", Path: path, Format: "auto"}}}
	_, r := startMeasuredOn(t, componenttest.NewNopHost(), cfg, new(consumertest.LogsSink))
	r.awaitLogged(t, "directory read to its end")
	r.awaitLogged(t, "names and descriptions of a feed are left out")
	require.NoError(t, r.Shutdown(t.Context()))
}
