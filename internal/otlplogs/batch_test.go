package otlplogs

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

func TestSeverityAndErrorType(t *testing.T) {
	tests := []struct {
		status, code string
		severity     plog.SeverityNumber
		text         string
		errorType    any
	}{
		{"-", "-", plog.SeverityNumberInfo, "INFO", nil},
		{"200", "-", plog.SeverityNumberInfo, "INFO", nil},
		{"200", "InternalError", plog.SeverityNumberInfo, "INFO", "InternalError"}, // a copy that failed late
		{"304", "-", plog.SeverityNumberInfo, "INFO", nil},
		{"404", "-", plog.SeverityNumberWarn, "WARN", "404"},
		{"404", "NoSuchKey", plog.SeverityNumberWarn, "WARN", "NoSuchKey"},
		{"500", "-", plog.SeverityNumberError, "ERROR", "500"},
		{"503", "SlowDown", plog.SeverityNumberError, "ERROR", "SlowDown"},
	}
	for _, test := range tests {
		lr := recordOf(t, testOptions(), line{status: test.status, errorCode: test.code}.String())
		assert.Equal(t, test.severity, lr.SeverityNumber(), test)
		assert.Equal(t, test.text, lr.SeverityText(), test)
		assert.Equal(t, test.errorType, lr.Attributes().AsRaw()["error.type"], test)
	}
}

func TestTimestamp(t *testing.T) {
	assert.Equal(t, pcommon.Timestamp(1_549_411_238_000_000_000), timestamp(1_549_411_238, 0))
	assert.Equal(t, pcommon.Timestamp(1_549_411_238_007_000_000), timestamp(1_549_411_238, 7))
	assert.Equal(t, pcommon.Timestamp(18_446_744_073_000_000_000), timestamp(18_446_744_073, 0))
	assert.Zero(t, timestamp(18_446_744_074, 0), "too late for OTLP")
	assert.Zero(t, timestamp(-1, 0), "too early for OTLP")
}

func TestLineAsBodyAndOriginal(t *testing.T) {
	good := line{agent: "curl ?sig=s"}.String()
	const bad = "torn ?sig=s"
	redactedGood := strings.Replace(good, "sig=s", "sig=REDACTED", 1)
	const redactedBad = "torn ?sig=REDACTED"
	tests := []struct {
		original          Original
		body              Body
		ofGood, ofBad     any
		goodBody, badBody any
	}{
		{OriginalNever, BodyNone, nil, redactedBad, nil, nil},
		{OriginalOnError, BodyNone, nil, redactedBad, nil, nil},
		{OriginalAlways, BodyNone, redactedGood, redactedBad, nil, nil},
		{OriginalOnError, BodyOriginal, nil, redactedBad, redactedGood, redactedBad},
		{OriginalAlways, BodyOriginal, redactedGood, redactedBad, redactedGood, redactedBad},
	}
	for _, test := range tests {
		o := testOptions()
		o.Original, o.Body = test.original, test.body
		ofGood, ofBad := recordOf(t, o, good), recordOf(t, o, bad)
		assert.Equal(t, test.ofGood, ofGood.Attributes().AsRaw()["log.record.original"], test)
		assert.Equal(t, test.ofBad, ofBad.Attributes().AsRaw()["log.record.original"], test)
		assert.Equal(t, test.goodBody, ofGood.Body().AsRaw(), test)
		assert.Equal(t, test.badBody, ofBad.Body().AsRaw(), test)
	}
}

func TestSourceObject(t *testing.T) {
	o := testOptions()
	assert.NotContains(t, attributesOf(t, o, line{}.String()), "log.file.path")
	o.SourceObject = true
	assert.Equal(t, testOrigin().Path, attributesOf(t, o, line{}.String())["log.file.path"])

	from := testOrigin()
	from.Path = "dir/\xff\xfe.log"
	logs := batchOf(o, from, line{}.String()).Logs()
	path, _ := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes().Get("log.file.path")
	assert.Equal(t, "dir/\uFFFD.log", path.Str())
}

func TestMalformed(t *testing.T) {
	b := NewConverter(testOptions()).NewBatch(1)
	from := testOrigin()
	b.AppendMalformed(&accesslog.Record{Owner: "o"}, "x Signature=s", [16]byte{0xab}, from,
		fmt.Errorf("wrapped: %w", errors.New("odd ?sig=s")))
	rl := b.Logs().ResourceLogs().At(0)
	assert.Equal(t, map[string]any{
		"cloud.provider": "aws", "service.name": "s3_access_logs", "aws.s3.bucket": "mybucket", "aws.s3.owner": "o",
		"cloud.account.id": "111122223333", "cloud.region": "us-west-1",
	}, rl.Resource().Attributes().AsRaw(), "the bucket is that of the object")
	lr := rl.ScopeLogs().At(0).LogRecords().At(0)
	assert.Equal(t, "aws.s3.server_access.malformed", lr.EventName())
	assert.Equal(t, plog.SeverityNumberWarn, lr.SeverityNumber())
	assert.Equal(t, "WARN", lr.SeverityText())
	assert.Zero(t, lr.Timestamp())
	assert.Equal(t, observed, lr.ObservedTimestamp())
	assert.Equal(t, map[string]any{
		"error.type":          "malformed_record",
		"aws.s3.parse_error":  "wrapped: odd ?sig=REDACTED",
		"log.record.original": "x Signature=REDACTED",
		"log.record.uid":      "ab000000000000000000000000000000",
	}, lr.Attributes().AsRaw())
}

// What the parser quotes of a line is redacted too.
func TestMalformedValueIsRedacted(t *testing.T) {
	text := line{status: "sig=5ecret"}.String()
	var r accesslog.Record
	require.ErrorContains(t, accesslog.Parse(text, &r), "5ecret")
	got := attributesOf(t, testOptions(), text)
	assert.Contains(t, got["aws.s3.parse_error"], "sig=REDACTED")
	for name, value := range got {
		assert.NotContains(t, value, "5ecret", name)
	}
}

func TestOneResourcePerBucketOwnerAccountAndRegion(t *testing.T) {
	c := NewConverter(testOptions())
	b := c.NewBatch(0)
	keys := []resourceKey{
		{"b", "o", "1", "r"},
		{"c", "o", "1", "r"},
		{"b", "p", "1", "r"},
		{"b", "o", "2", "r"},
		{"b", "o", "1", "s"},
		{"\xff", "o", "1", "r"},
		{"\xfe", "o", "1", "r"}, // the same once they are valid
	}
	for range 2 {
		for _, key := range keys {
			r := accesslog.Record{Bucket: key.bucket, Owner: key.owner}
			b.Append(&r, key.bucket, [16]byte{}, &Origin{Bucket: key.bucket, AccountID: key.account, Region: key.region}, enrich.Client{})
		}
	}
	assert.Equal(t, 2*len(keys), b.Len())
	logs := b.Logs()
	assert.Equal(t, len(keys)-1, logs.ResourceLogs().Len())
	assert.Equal(t, 4, logs.ResourceLogs().At(len(keys)-2).ScopeLogs().At(0).LogRecords().Len())
}

// A key that names another bucket than the record tells nothing of it: whoever sets a
// TargetPrefix writes it.
func TestAccountAndRegionOfTheRecordsBucketOnly(t *testing.T) {
	for bucket, want := range map[string]bool{"mybucket": true, "mybucket2": false, "MYBUCKET": false} {
		b := NewConverter(testOptions()).NewBatch(2)
		b.Append(&accesslog.Record{Bucket: bucket}, "a", [16]byte{}, testOrigin(), enrich.Client{})
		b.AppendMalformed(&accesslog.Record{Bucket: bucket}, "b", [16]byte{}, testOrigin(), errors.New("odd"))
		for _, rl := range b.Logs().ResourceLogs().All() {
			attributes := rl.Resource().Attributes().AsRaw()
			assert.Equal(t, bucket, attributes["aws.s3.bucket"])
			for _, name := range []string{"cloud.account.id", "cloud.region"} {
				assert.Equal(t, want, attributes[name] != nil, "%s of %s", name, bucket)
			}
		}
	}
}

// Merging many small batches gives what one batch of all their lines is.
func TestMerge(t *testing.T) {
	for _, buckets := range []int{1, 2, 300} {
		c := NewConverter(testOptions())
		whole, merged := c.NewBatch(0), c.NewBatch(0)
		for i := range 1000 {
			r := accesslog.Record{Bucket: fmt.Sprint("bucket-", i%buckets), Key: fmt.Sprint(i), Operation: "REST.GET.OBJECT"}
			small := c.NewBatch(2)
			for _, b := range []*Batch{whole, small} {
				b.Append(&r, "line", [16]byte{byte(i)}, testOrigin(), enrich.Client{})
				b.Append(&r, "line", [16]byte{byte(i), 1}, testOrigin(), enrich.Client{})
			}
			merged.Merge(small)
			assert.Zero(t, small.Len())
			assert.Zero(t, small.Size())
			assert.Zero(t, small.Logs().LogRecordCount())
		}
		assert.Equal(t, whole.Len(), merged.Len())
		assert.Equal(t, whole.Size(), merged.Size())
		got := merged.Logs()
		assert.Equal(t, buckets, got.ResourceLogs().Len())
		assert.Equal(t, jsonOf(t, whole.Logs()), jsonOf(t, got))
	}
}

func TestMergeWithItself(t *testing.T) {
	b := batchOf(testOptions(), testOrigin(), line{}.String())
	b.Merge(b)
	assert.Equal(t, 1, b.Len())
}

func TestEmptyBatch(t *testing.T) {
	b := NewConverter(testOptions()).NewBatch(10)
	assert.Zero(t, b.Len())
	assert.Zero(t, b.Size())
	assert.Zero(t, b.Logs().ResourceLogs().Len())
}

// Two batches of one line each do not share memory with what is made later.
func TestRecordsKeepTheirStrings(t *testing.T) {
	c := NewConverter(testOptions())
	b := c.NewBatch(1)
	want := make([]string, 2000)
	for i := range want {
		appendLine(b, line{key: fmt.Sprintf("a%%2520%d", i), uri: fmt.Sprintf("GET /k?sig=s&n=%d HTTP/1.1", i)}.String(), testOrigin())
		want[i] = fmt.Sprintf("a %d sig=REDACTED&n=%d", i, i)
	}
	for i, lr := range b.Logs().ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
		key, _ := lr.Attributes().Get("aws.s3.key")
		query, _ := lr.Attributes().Get("url.query")
		require.Equal(t, want[i], key.Str()+" "+query.Str())
	}
}

// Whatever a line holds, every string that comes out is valid UTF-8 and Size is
// not below the real size.
func TestHostileLines(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	o := testOptions()
	o.Original, o.Body, o.SourceObject = OriginalAlways, BodyOriginal, true
	seeds := samplelogs.Records(2, 200)
	for range 3000 {
		text := []byte(seeds[rng.IntN(len(seeds))])
		for range rng.IntN(4) {
			at := rng.IntN(len(text))
			switch rng.IntN(4) {
			case 0:
				text[at] = byte(rng.IntN(256))
			case 1:
				text = text[:at+1]
			case 2:
				text = append(text[:at:at], append([]byte("%FF%fe\xf0\x9f \"\xc3"), text[at:]...)...)
			case 3:
				text = append(text[:at:at], append([]byte(strings.Repeat("é\xff", rng.IntN(300))), text[at:]...)...)
			}
		}
		b := batchOf(o, &Origin{Bucket: "\xff", Path: "\xff", Region: "\xfe", Observed: observed}, string(text))
		checkUTF8(t, checkSize(t, b))
	}
}

func checkUTF8(t *testing.T, logs plog.Logs) {
	t.Helper()
	check := func(m pcommon.Map) {
		for name, value := range m.All() {
			require.True(t, utf8.ValidString(value.AsString()), name)
			if value.Type() == pcommon.ValueTypeSlice {
				for _, element := range value.Slice().All() {
					require.True(t, utf8.ValidString(element.Str()), name)
				}
			}
		}
	}
	for _, rl := range logs.ResourceLogs().All() {
		check(rl.Resource().Attributes())
		for _, lr := range rl.ScopeLogs().At(0).LogRecords().All() {
			check(lr.Attributes())
			require.True(t, utf8.ValidString(lr.Body().AsString()))
		}
	}
}
