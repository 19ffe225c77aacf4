package rollup

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/redact"
)

// attributesOf returns those of the requests of one record, with these attributes.
func attributesOf(t *testing.T, r accesslog.Record, client enrich.Client, names ...string) pcommon.Map {
	t.Helper()
	s := testSettings()
	s.Geo, s.Threats = true, true
	only(&s, "aws.s3.server.requests", names...)
	l := newProcess(t, s)
	l.client = client
	l.add(r)
	points := l.emitAccepted()
	require.Len(t, points, 2)
	assert.Equal(t, points[0].attributes.AsRaw(), points[1].attributes.AsRaw())
	return points[1].attributes
}

func allNames() (names []string) {
	for _, a := range Attributes() {
		names = append(names, a.Name)
	}
	return names
}

// fullClient is of an address that all is known of.
func fullClient() enrich.Client {
	return enrich.Client{
		Place: &enrich.Place{
			ContinentCode: "EU", CountryISOCode: "DE", RegionISOCode: "DE-BE", LocalityName: "Berlin", PostalCode: "10115",
			HasLocation: true, Latitude: 52.5, Longitude: -0.25, ASNumber: 64500, ASOrganization: "Example",
		},
		Threat: &enrich.Threat{
			Indicator: "192.0.2.0/24", Confidence: enrich.Medium, Type: "ipv4-addr", Provider: "provider", Description: "scans",
			Group: "group", Software: "worm", Feed: "drop", Feeds: []string{"drop", "isac"},
		},
	}
}

// These are all attributes of the specification, and no others.
func TestEveryAttribute(t *testing.T) {
	want := map[string]any{
		"aws.s3.bucket":                "b",
		"aws.s3.owner":                 "owner",
		"cloud.account.id":             "444455556666",
		"cloud.region":                 "eu-west-1",
		"aws.s3.operation":             "REST.GET.OBJECT",
		"http.response.status_code":    int64(404),
		"error.type":                   "NoSuchKey",
		"http.request.method":          "GET",
		"aws.requester.type":           "assumed_role",
		"aws.requester.account_id":     "111122223333",
		"aws.requester.session_name":   "alice@example.com",
		"user.name":                    "reader",
		"user.id":                      "arn:aws:sts::111122223333:assumed-role/reader/alice@example.com",
		"client.address":               "192.0.2.3",
		"server.address":               "b.s3.us-west-1.amazonaws.com",
		"tls.protocol.version":         "1.2",
		"tls.cipher":                   "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
		"aws.signature.version":        "SigV4",
		"aws.s3.auth_type":             "AuthHeader",
		"aws.s3.acl_required":          true,
		"aws.s3.source_region":         "us-west-1",
		"user_agent.original":          "curl/8",
		"geo.continent.code":           "EU",
		"geo.country.iso_code":         "DE",
		"geo.region.iso_code":          "DE-BE",
		"geo.locality.name":            "Berlin",
		"geo.postal_code":              "10115",
		"geo.location.lat":             52.5,
		"geo.location.lon":             -0.25,
		"as.number":                    int64(64500),
		"as.organization.name":         "Example",
		"threat.indicator.ip":          "192.0.2.0/24",
		"threat.indicator.confidence":  "Medium",
		"threat.indicator.type":        "ipv4-addr",
		"threat.indicator.provider":    "provider",
		"threat.indicator.description": "scans",
		"threat.group.name":            "group",
		"threat.software.name":         "worm",
		"threat.feed.name":             "drop",
		"threat.feeds":                 []any{"drop", "isac"},

		"aws.s3.key.prefix":               "a b/",
		"aws.s3.request.parameter.<name>": "a/b",
		"aws.s3.referer.parameter.<name>": "op open",
	}
	r := with(func(r *accesslog.Record) {
		r.Status, r.ErrorCode = 404, "NoSuchKey"
		r.Requester = "arn:aws:sts::111122223333:assumed-role/reader/alice@example.com"
		r.Key = "a%2520b/c/d"
		r.Target, r.Referer = "/k?<name>=a%2Fb", "https://h/?<name>=op+open#"
	})
	got := attributesOf(t, r, fullClient(), allNames()...)
	assert.Equal(t, want, got.AsRaw())

	types := map[pcommon.ValueType]string{
		pcommon.ValueTypeStr: typeString, pcommon.ValueTypeInt: typeInt, pcommon.ValueTypeBool: typeBool,
		pcommon.ValueTypeDouble: typeDouble, pcommon.ValueTypeSlice: typeList,
	}
	for _, a := range Attributes() {
		value, there := got.Get(a.Name)
		require.True(t, there, a.Name)
		assert.Equal(t, a.Type, types[value.Type()], a.Name)
		alone := attributesOf(t, r, fullClient(), a.Name)
		assert.Equal(t, map[string]any{a.Name: want[a.Name]}, alone.AsRaw(), "an attribute by itself")
	}
}

// What a record does not have is no attribute.
func TestAbsentAttributes(t *testing.T) {
	none := accesslog.Record{
		Status: accesslog.Absent, BytesSent: accesslog.Absent, ObjectSize: accesslog.Absent,
		TotalTime: accesslog.Absent, TurnAroundTime: accesslog.Absent,
	}
	want := map[string]any{"aws.requester.type": "anonymous"}
	assert.Equal(t, want, attributesOf(t, none, enrich.Client{}, allNames()...).AsRaw())
	empty := enrich.Client{Place: &enrich.Place{}, Threat: &enrich.Threat{}}
	assert.Equal(t, want, attributesOf(t, none, empty, allNames()...).AsRaw())
}

func TestDerivedAttributes(t *testing.T) {
	tests := []struct {
		name   string
		want   any
		change func(*accesslog.Record)
	}{
		{"http.response.status_code", int64(200), func(*accesslog.Record) {}},
		{"error.type", nil, func(*accesslog.Record) {}},
		{"error.type", "404", func(r *accesslog.Record) { r.Status = 404 }},
		{"error.type", "503", func(r *accesslog.Record) { r.Status = 503 }},
		{"error.type", nil, func(r *accesslog.Record) { r.Status = 304 }},
		{"error.type", "SlowDown", func(r *accesslog.Record) { r.Status, r.ErrorCode = 503, "SlowDown" }},
		{"error.type", "InternalError", func(r *accesslog.Record) { r.ErrorCode = "InternalError" }},
		{"http.request.method", "_OTHER", func(r *accesslog.Record) { r.Method = "PROPFIND" }},
		{"http.request.method", "_OTHER", func(r *accesslog.Record) { r.Method = "get" }},
		{"http.request.method", nil, func(r *accesslog.Record) { r.Method = "" }},
		{"user.name", "alice", func(*accesslog.Record) {}},
		{"user.name", "bob", func(r *accesslog.Record) { r.Requester = "arn:aws:sts::111122223333:federated-user/bob" }},
		{"user.name", nil, func(r *accesslog.Record) { r.Requester = "" }},
		{"user.id", nil, func(r *accesslog.Record) { r.Requester = "" }},
		{"aws.requester.type", "anonymous", func(r *accesslog.Record) { r.Requester = "" }},
		{"aws.requester.type", "iam_user", func(*accesslog.Record) {}},
		{"aws.requester.type", "aws_service", func(r *accesslog.Record) { r.Requester = "AmazonS3" }},
		{"aws.requester.session_name", nil, func(*accesslog.Record) {}},
		{"aws.requester.account_id", "111122223333", func(*accesslog.Record) {}},
		{"server.address", "b.s3.us-west-1.amazonaws.com", func(*accesslog.Record) {}},
		{"server.address", nil, func(r *accesslog.Record) { r.HostHeader = "" }},
		{"tls.protocol.version", "1.3", func(r *accesslog.Record) { r.TLSVersion = "TLSv1.3" }},
		{"tls.protocol.version", nil, func(r *accesslog.Record) { r.TLSVersion = "" }},
		{"tls.cipher", "NEW-CIPHER", func(r *accesslog.Record) { r.CipherSuite = "NEW-CIPHER" }},
		{"aws.s3.acl_required", false, func(r *accesslog.Record) { r.ACLRequired = accesslog.ACLNotNeeded }},
		{"aws.s3.acl_required", nil, func(r *accesslog.Record) { r.ACLRequired = accesslog.ACLUnknown }},
	}
	for _, test := range tests {
		got := attributesOf(t, with(test.change), enrich.Client{}, test.name).AsRaw()
		assert.Equal(t, test.want, got[test.name], test.name)
	}
}

// 0 degrees is a place.
func TestNullIsland(t *testing.T) {
	client := enrich.Client{Place: &enrich.Place{HasLocation: true}}
	got := attributesOf(t, get(), client, "geo.location.lat", "geo.location.lon").AsRaw()
	assert.Equal(t, map[string]any{"geo.location.lat": 0.0, "geo.location.lon": 0.0}, got)
}

// The order of names in the settings is no matter, nor that one is there twice.
func TestAttributesAreASet(t *testing.T) {
	s := testSettings()
	s.Metrics = map[string]MetricConfig{
		"aws.s3.server.requests":         by("aws.s3.bucket", "aws.s3.operation"),
		"aws.s3.server.object.added":     by("aws.s3.operation", "aws.s3.bucket", "aws.s3.bucket"),
		"aws.s3.server.io":               by(direction, "aws.s3.operation", "aws.s3.bucket"),
		"aws.s3.server.request.duration": by("aws.s3.bucket"),
	}
	p := newPlan(s.Config, s.Deps)
	require.Len(t, p.groups, 2)
	assert.Len(t, p.groups[0].streams, 4, "io has two")
	assert.Len(t, p.roots, 1, "one look-up finds all")
	assert.Equal(t, []*group{p.groups[1]}, p.roots[0].below)
}

func TestTextIsCutAndCleaned(t *testing.T) {
	s := testSettings()
	only(&s, "aws.s3.server.requests", "user_agent.original")
	s.Clean = func(text string, _ redact.Rule) string { return strings.ReplaceAll(text, "sig=secret", "sig=REDACTED") }
	l := newProcess(t, s)
	for _, agent := range []string{
		"curl ?sig=secret", "curl ?sig=REDACTED", // one series
		"a\xffb", "a\xfe\xffb", // one series
		strings.Repeat("x", 10<<10), strings.Repeat("x", 11<<10), strings.Repeat("x", maxText), // one series
		strings.Repeat("x", maxText-1) + "é", // its last character would not be whole
		strings.Repeat("sig=secret", 200),    // longer when it is clean
		strings.Repeat("\xff.", 1000),        // longer when it is valid
	} {
		l.add(with(func(r *accesslog.Record) { r.UserAgent = agent }))
	}
	got := map[string]int64{} // by length and beginning
	for _, p := range l.emitAccepted() {
		agent, _ := p.attributes.Get("user_agent.original")
		got[fmt.Sprintf("%d %.12s", len(agent.Str()), agent.Str())] = p.values.sum
	}
	assert.Equal(t, map[string]int64{
		"18 curl ?sig=RE":   2,
		"5 a\uFFFDb":        2,
		"1024 xxxxxxxxxxxx": 3,
		"1023 xxxxxxxxxxxx": 1,
		"1024 sig=REDACTED": 1,
		"1024 \uFFFD.\uFFFD.\uFFFD.\uFFFD.\uFFFD.\uFFFD.": 1,
	}, got)
}

func TestValidate(t *testing.T) {
	s := testSettings()
	require.NoError(t, s.Validate("metrics"))
	tests := []struct {
		change func(*setup)
		want   string
	}{
		{func(s *setup) { s.Interval = time.Second - 1 }, "`metrics::interval`"},
		{func(s *setup) { s.Timestamps = TimestampsEvent }, "`temporality: delta`"},
		{func(s *setup) {
			s.Timestamps, s.Temporality, s.Interval = TimestampsEvent, TemporalityDelta, 1500*time.Millisecond
		}, "whole seconds"},
		{func(s *setup) { s.Temporality = "both" }, "`metrics::temporality` is \"both\""},
		{func(s *setup) { s.Timestamps = "" }, "`metrics::timestamps` is \"\""},
		{func(s *setup) { s.Histogram = "linear" }, "`metrics::histogram` is \"linear\""},
		{func(s *setup) { s.CardinalityLimit = 0 }, "`metrics::cardinality_limit`"},
		{func(s *setup) { s.SeriesIdleTimeout = 119 * time.Second }, "`metrics::series_idle_timeout`"},
		{func(s *setup) { only(s, "aws.s3.server.requests", "aws.s3.key") }, `"aws.s3.key"`},
		{func(s *setup) { only(s, "aws.s3.server.requests", direction) }, "only aws.s3.server.io has a direction"},
		{func(s *setup) { s.KeyPrefixDepth = 5 }, "`metrics::key_prefix_depth` is 5: it must be 0 to 4"},
		{func(s *setup) { s.KeyPrefixDepth = -1 }, "`metrics::key_prefix_depth` is -1: it must be 0 to 4"},
		{func(s *setup) { s.KeyPrefixDepth = 0; only(s, "aws.s3.server.io", keyPrefix) }, "`metrics::aws.s3.server.io::attributes` has \"aws.s3.key.prefix\": " +
			"it needs `key_prefix_depth`, which must be 1 to 4"},
		{func(s *setup) { only(s, "aws.s3.server.requests", requestParameter+"x-a") }, "has \"aws.s3.request.parameter.x-a\": `logs::custom_parameters` must have this parameter"},
		{func(s *setup) { only(s, "aws.s3.server.requests", refererParameter+"a") }, "has \"aws.s3.referer.parameter.a\": `logs::referer_parameters` must have this parameter"},
	}
	for _, test := range tests {
		s := testSettings()
		test.change(&s)
		assert.ErrorContains(t, s.Validate("metrics"), test.want)
	}
	s.CardinalityLimit, s.Interval = 0, 0
	assert.ErrorContains(t, s.Validate("metrics"), "`metrics::interval`")
	assert.ErrorContains(t, s.Validate("metrics"), "`metrics::cardinality_limit`", "all errors are reported at once")
}
