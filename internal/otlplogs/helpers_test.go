package otlplogs

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/zeebo/xxh3"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/redact"
)

// observed is when all lines of the tests were read.
const observed = pcommon.Timestamp(1_767_225_600_000_000_000) // 2026-01-01T00:00:00Z

func testOptions() Options {
	return Options{
		ServiceName:         "s3_access_logs",
		ScopeName:           "scope",
		ScopeVersion:        "v1",
		Original:            OriginalOnError,
		SensitiveParameters: redact.DefaultNames(),
		TraceParameter:      "x-traceparent",
	}
}

func testOrigin() *Origin {
	return &Origin{
		Path:      "s3://logs/111122223333/us-west-1/mybucket/2026/02/06/2026-02-06-00-00-00-0123456789ABCDEF",
		Bucket:    "mybucket",
		AccountID: "111122223333",
		Region:    "us-west-1",
		Observed:  observed,
	}
}

// appendLine adds one line, as a record or as a malformed one.
func appendLine(b *Batch, line string, from *Origin) {
	var r accesslog.Record
	err := accesslog.Parse(line, &r)
	appendParsed(b, &r, err, line, from)
}

func appendParsed(b *Batch, r *accesslog.Record, err error, line string, from *Origin) {
	id := xxh3.HashString128(line).Bytes()
	if err != nil {
		b.AppendMalformed(r, line, id, from, err)
		return
	}
	b.Append(r, line, id, from, clientOf(r.RemoteIP))
}

// clientOf knows one client of attributes.log.
func clientOf(address string) enrich.Client {
	if address != "203.0.113.66" {
		return enrich.Client{}
	}
	return enrich.Client{
		Place: &enrich.Place{
			ContinentCode: "EU", CountryISOCode: "DE", RegionISOCode: "DE-BE", LocalityName: "Berlin", PostalCode: "10115",
			HasLocation: true, Latitude: 52.52, Longitude: 13.405, ASNumber: 64496, ASOrganization: "Example Networks",
		},
		Threat: &enrich.Threat{
			Indicator: "203.0.113.0/24", Confidence: enrich.High, Type: "ipv4-addr", Provider: "Example Intelligence",
			Description: "scans buckets", Group: "Example Spider", Software: "ExampleBot", Feed: "internal", Feeds: []string{"internal", "drop list"},
		},
	}
}

// batchOf returns a batch of these lines.
func batchOf(o Options, from *Origin, lines ...string) *Batch {
	b := NewConverter(o).NewBatch(len(lines))
	for _, line := range lines {
		appendLine(b, line, from)
	}
	return b
}

// recordOf returns the record of one line.
func recordOf(t testing.TB, o Options, line string) plog.LogRecord {
	t.Helper()
	logs := batchOf(o, testOrigin(), line).Logs()
	require.Equal(t, 1, logs.LogRecordCount())
	return logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
}

// attributesOf returns the attributes of the record of one line.
func attributesOf(t testing.TB, o Options, line string) map[string]any {
	t.Helper()
	return recordOf(t, o, line).Attributes().AsRaw()
}

// linesOf returns the lines of a file that are not blank.
func linesOf(t testing.TB, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var lines []string
	for line := range strings.SplitSeq(string(text), "\n") {
		if line = strings.TrimSuffix(line, "\r"); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// line is a record of 27 fields in parts that a test can replace.
type line struct {
	requester, operation, key, uri, status, errorCode string
	referer, agent, host                              string
}

func (l line) String() string {
	or := func(s, otherwise string) string {
		if s == "" {
			return otherwise
		}
		return s
	}
	return "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be mybucket " +
		"[06/Feb/2026:00:00:38 +0000] 192.0.2.3 " + or(l.requester, "AmazonS3") + " 3E57427F3EXAMPLE " +
		or(l.operation, "REST.GET.OBJECT") + " " + or(l.key, "k") + ` "` + or(l.uri, "GET /k HTTP/1.1") + `" ` +
		or(l.status, "200") + " " + or(l.errorCode, "-") + ` 113 2048 21 7 "` + or(l.referer, "-") + `" "` +
		or(l.agent, "S3Console/0.4") + `" - s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234= ` +
		"SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader " + or(l.host, "mybucket.s3.us-west-1.amazonaws.com") +
		" TLSv1.2 - - us-west-1"
}

// names maps names of attributes to their types.
type names map[string]string

func (n names) collect(m pcommon.Map) {
	for name, value := range m.All() {
		n[name] = map[pcommon.ValueType]string{
			pcommon.ValueTypeStr:    "string",
			pcommon.ValueTypeInt:    "int",
			pcommon.ValueTypeBool:   "bool",
			pcommon.ValueTypeDouble: "double",
			pcommon.ValueTypeSlice:  "string[]",
		}[value.Type()]
	}
}

func namesOf(list []Attribute) names {
	n := names{}
	for _, attribute := range list {
		n[attribute.Name] = attribute.Type
	}
	return n
}

// jsonOf is everything there is in logs, in its order.
func jsonOf(t testing.TB, logs plog.Logs) string {
	t.Helper()
	text, err := (&plog.JSONMarshaler{}).MarshalLogs(logs)
	require.NoError(t, err)
	return string(text)
}
