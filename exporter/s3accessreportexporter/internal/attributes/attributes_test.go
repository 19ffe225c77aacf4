package attributes

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/sketch"
	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/tally"
)

var at = time.Date(2026, 11, 17, 15, 42, 8, 0, time.UTC)

// logs returns one log record with attributes, of the bucket b.
func logs(t *testing.T, event string, attributes map[string]any) plog.Logs {
	t.Helper()
	all := plog.NewLogs()
	of := all.ResourceLogs().AppendEmpty()
	of.Resource().Attributes().PutStr("aws.s3.bucket", "b")
	record := of.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	record.SetEventName(event)
	record.SetTimestamp(pcommon.NewTimestampFromTime(at))
	record.SetObservedTimestamp(pcommon.NewTimestampFromTime(at.Add(time.Hour)))
	require.NoError(t, record.Attributes().FromRaw(attributes))
	return all
}

func one(t *testing.T, of plog.Logs) (r tally.Record) {
	t.Helper()
	n := 0
	Each(of, func(read *tally.Record) {
		r = *read
		n++
	})
	require.Equal(t, 1, n)
	return r
}

func request(t *testing.T, attributes map[string]any) tally.Record {
	t.Helper()
	return one(t, logs(t, eventRequest, attributes))
}

func kinds(r *tally.Record) (all []tally.Kind) {
	for k := range tally.Kinds {
		if r.Is(k) {
			all = append(all, k)
		}
	}
	return all
}

func TestARequestWithAllAttributes(t *testing.T) {
	r := request(t, map[string]any{
		"client.address": "192.0.2.1", "user.id": "arn:aws:iam::1:user/a", "aws.requester.type": "iam_user",
		"aws.s3.operation": "REST.PUT.OBJECT", "aws.s3.key": "a/b", "url.scheme": "https", "http.response.status_code": 200,
		"http.response.body.size": 7, "aws.s3.object.size": 9, "aws.s3.total_time": 30, "aws.s3.turn_around_time": 20,
		"user_agent.original": "cli", "aws.signature.version": "SigV4", "aws.s3.auth_type": "QueryString",
		"tls.protocol.version": "1.2", "aws.s3.acl_required": true, "log.record.uid": "000000000000000affffffffffffffff",
		"geo.country.iso_code": "DE", "geo.locality.name": "Berlin", "geo.location.lat": 52.5, "geo.location.lon": 13.5,
		"threat.indicator.ip": "192.0.2.0/24", "threat.indicator.confidence": "Medium", "threat.indicator.type": "scanner",
		"threat.group.name": "HERON", "threat.feed.name": "f", "threat.feeds": []any{"f", "g"},
	})
	assert.Equal(t, tally.Record{
		UID: 10, Time: at.UnixMilli(), Bucket: "b", Operation: "REST.PUT.OBJECT", Client: "192.0.2.1", Requester: "arn:aws:iam::1:user/a",
		Key: "a/b", Agent: "cli", Status: 200, Sent: 7, Added: 9, Total: 30, Turn: 20,
		Marks: 1<<tally.ACL | 1<<tally.Presigned, Present: 1<<tally.Attributes - 1,
		Country: "DE", City: "Berlin", Lat: 52.5, Lon: 13.5, HasPoint: true,
		Confidence: 2, Actor: "HERON", ThreatType: "scanner", Feed: "f", Feeds: "f\ng",
	}, r)
}

func TestWhatIsAbsent(t *testing.T) {
	assert.Equal(t, tally.Record{Time: at.UnixMilli(), Bucket: "b", Total: tally.Absent, Turn: tally.Absent}, request(t, nil))
}

func TestKindsOfRequests(t *testing.T) {
	for name, c := range map[string]struct {
		attributes map[string]any
		want       []tally.Kind
	}{
		"anonymous":             {map[string]any{"aws.requester.type": "anonymous"}, []tally.Kind{tally.Anonymous}},
		"anonymous and denied":  {map[string]any{"aws.requester.type": "anonymous", "http.response.status_code": 403}, []tally.Kind{tally.Anonymous, tally.Denied, tally.DeniedAnonymous}},
		"signed and denied":     {map[string]any{"aws.requester.type": "iam_user", "http.response.status_code": 403}, []tally.Kind{tally.Denied}},
		"website":               {map[string]any{"aws.requester.type": "anonymous", "aws.s3.operation": "WEBSITE.GET.OBJECT", "url.scheme": "http"}, []tally.Kind{tally.Website}},
		"website, denied":       {map[string]any{"aws.requester.type": "anonymous", "aws.s3.operation": "WEBSITE.GET.OBJECT", "http.response.status_code": 403}, []tally.Kind{tally.Denied, tally.Website, tally.DeniedAnonymous}},
		"plain HTTP":            {map[string]any{"url.scheme": "http"}, []tally.Kind{tally.PlainHTTP}},
		"TLS 1.1":               {map[string]any{"tls.protocol.version": "1.1"}, []tally.Kind{tally.TLS}},
		"TLS 1.0":               {map[string]any{"tls.protocol.version": "1.0"}, []tally.Kind{tally.TLS}},
		"TLS 1.3":               {map[string]any{"tls.protocol.version": "1.3"}, nil},
		"SigV2":                 {map[string]any{"aws.signature.version": "SigV2"}, []tally.Kind{tally.SigV2}},
		"no ACL":                {map[string]any{"aws.s3.acl_required": false}, nil},
		"deleted":               {map[string]any{"aws.s3.operation": "REST.DELETE.OBJECT", "http.response.status_code": 204}, []tally.Kind{tally.Deleted}},
		"not deleted":           {map[string]any{"aws.s3.operation": "REST.DELETE.OBJECT", "http.response.status_code": 404}, nil},
		"deleted in a batch":    {map[string]any{"aws.s3.operation": "BATCH.DELETE.OBJECT", "http.response.status_code": 204}, []tally.Kind{tally.Deleted}},
		"the batch itself":      {map[string]any{"aws.s3.operation": "REST.POST.MULTI_OBJECT_DELETE", "http.response.status_code": 200}, nil},
		"expired, no status":    {map[string]any{"aws.s3.operation": "S3.EXPIRE.OBJECT"}, []tally.Kind{tally.Deleted}},
		"copied":                {map[string]any{"aws.s3.operation": "REST.COPY.OBJECT", "http.response.status_code": 200}, []tally.Kind{tally.Copied}},
		"the source of a copy":  {map[string]any{"aws.s3.operation": "REST.COPY.OBJECT_GET", "http.response.status_code": 200}, nil},
		"nothing about who":     {map[string]any{"http.response.status_code": 403}, []tally.Kind{tally.Denied}},
		"authenticated by form": {map[string]any{"aws.s3.auth_type": "AuthHeader"}, nil},
	} {
		r := request(t, c.attributes)
		assert.Equal(t, c.want, kinds(&r), name)
	}
}

func TestBytesAdded(t *testing.T) {
	for operation, want := range map[string]int64{
		"REST.PUT.OBJECT": 5, "REST.PUT.PART": 5, "REST.POST.OBJECT": 5, "REST.COPY.OBJECT": 5, "REST.COPY.PART": 5,
		"REST.POST.UPLOAD": 0, "REST.GET.OBJECT": 0,
	} {
		attributes := map[string]any{"aws.s3.operation": operation, "aws.s3.object.size": 5, "http.response.status_code": 200}
		r := request(t, attributes)
		assert.Equal(t, want, r.Added, operation)
		attributes["http.response.status_code"] = 403
		r = request(t, attributes)
		assert.Zero(t, r.Added, operation)
	}
}

func TestErrorCodes(t *testing.T) {
	r := request(t, map[string]any{"http.response.status_code": 404, "error.type": "NoSuchKey"})
	assert.Equal(t, "NoSuchKey", r.Code)
	r = request(t, map[string]any{"http.response.status_code": 404, "error.type": "404"})
	assert.Empty(t, r.Code, "S3 logged none")
}

func TestOddValues(t *testing.T) {
	for field, attributes := range map[string]map[string]any{
		"Signature Version":   {"aws.signature.version": "odd"},
		"Authentication Type": {"aws.s3.auth_type": "odd"},
		"TLS version":         {"tls.protocol.version": "odd"},
		"Requester":           {"aws.requester.type": "other", "user.id": "odd"},
		"Request-URI: method": {"http.request.method_original": "odd"},
		"Further field":       {"aws.s3.extra_fields": []any{"odd", "second"}},
	} {
		r := request(t, attributes)
		assert.Equal(t, []string{field, "odd"}, []string{r.OddField, r.OddValue})
	}
}

func TestTextsAreCutAtARune(t *testing.T) {
	r := request(t, map[string]any{"aws.s3.key": strings.Repeat("é", 200), "client.address": strings.Repeat("x", 257), "user.id": strings.Repeat("y", 256)})
	assert.Equal(t, strings.Repeat("é", 128), r.Key)
	assert.Equal(t, strings.Repeat("x", 256), r.Client)
	assert.Len(t, r.Requester, 256)
	assert.EqualValues(t, 2, r.Cut)
	r = request(t, map[string]any{"aws.s3.key": "x" + strings.Repeat("é", 200)})
	assert.Equal(t, "x"+strings.Repeat("é", 127), r.Key)
}

func TestMalformedLines(t *testing.T) {
	of := logs(t, eventMalformed, map[string]any{
		"error.type": "malformed_record", "aws.s3.parse_error": "torn", "log.record.original": "a line", "log.record.uid": strings.Repeat("a", 32),
	})
	r := one(t, of)
	assert.True(t, r.Malformed)
	assert.Equal(t, []string{"torn", "a line", "b"}, []string{r.Reason, r.Example, r.Bucket})
	assert.Equal(t, at.Add(time.Hour).UnixMilli(), r.Time)
	assert.NotZero(t, r.UID)
}

func TestForeignRecordsAreIgnored(t *testing.T) {
	assert.Equal(t, tally.Record{Ignored: true}, one(t, logs(t, "", map[string]any{"log.record.uid": "x"})))
	of := logs(t, eventRequest, nil)
	of.ResourceLogs().At(0).Resource().Attributes().Clear()
	assert.True(t, one(t, of).Ignored, "no bucket")
	of = logs(t, eventRequest, nil)
	of.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).SetTimestamp(0)
	assert.True(t, one(t, of).Ignored, "no time")
}

func TestUIDs(t *testing.T) {
	assert.Zero(t, uid(""))
	assert.EqualValues(t, 1, uid("0000000000000000ffffffffffffffff"))
	assert.Equal(t, uint64(0xfedcba9876543210), uid("fedcba9876543210ffffffffffffffff"))
	assert.Equal(t, sketch.Hash("FEDCBA9876543210ffffffffffffffff"), uid("FEDCBA9876543210ffffffffffffffff"))
	assert.Equal(t, sketch.Hash("abc"), uid("abc"))
}

func BenchmarkEach(b *testing.B) {
	all := plog.NewLogs()
	of := all.ResourceLogs().AppendEmpty()
	of.Resource().Attributes().PutStr("aws.s3.bucket", "b")
	records := of.ScopeLogs().AppendEmpty().LogRecords()
	for range 1000 {
		record := records.AppendEmpty()
		record.SetEventName(eventRequest)
		record.SetTimestamp(pcommon.NewTimestampFromTime(at))
		for _, name := range []string{
			"client.address", "user.id", "user.name", "aws.requester.session_name", "aws.requester.account_id", "aws.requester.type", "aws.request_id",
			"aws.extended_request_id", "aws.s3.operation", "aws.s3.key", "http.request.method", "url.path", "url.scheme", "network.protocol.version",
			"user_agent.original", "aws.signature.version", "aws.s3.auth_type", "tls.cipher", "tls.protocol.name", "tls.protocol.version", "server.address",
		} {
			record.Attributes().PutStr(name, "a value of some length")
		}
		for _, name := range []string{"http.response.status_code", "http.response.body.size", "aws.s3.object.size", "aws.s3.total_time", "aws.s3.turn_around_time"} {
			record.Attributes().PutInt(name, 200)
		}
		record.Attributes().PutStr("log.record.uid", "fedcba9876543210ffffffffffffffff")
	}
	b.ReportAllocs()
	for b.Loop() {
		Each(all, func(*tally.Record) {})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/record")
}
