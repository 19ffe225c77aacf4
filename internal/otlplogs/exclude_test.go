package otlplogs

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// large are attributes that take much of a record and that many do without.
var large = []string{"aws.extended_request_id", "user.id", "url.path", "tls.cipher", "tls.protocol.name", "server.address"}

func excluding(names ...string) Options {
	o := testOptions()
	o.ExcludeAttributes = names
	return o
}

// without takes attributes out of the well-formed records of logs.
func without(logs plog.Logs, names []string) plog.Logs {
	for _, rl := range logs.ResourceLogs().All() {
		for _, lr := range rl.ScopeLogs().At(0).LogRecords().All() {
			if lr.EventName() == "aws.s3.server_access" {
				lr.Attributes().RemoveIf(func(name string, _ pcommon.Value) bool { return slices.Contains(names, name) })
			}
		}
	}
	return logs
}

// checkExcluded checks that an exclusion changes nothing but what it names.
func checkExcluded(t *testing.T, lines, names []string) {
	t.Helper()
	o := everything()
	for _, o.Body = range []Body{BodyOriginal, BodySummary} {
		o.ExcludeAttributes = nil
		want := jsonOf(t, without(batchOf(o, testOrigin(), lines...).Logs(), names))
		o.ExcludeAttributes = names
		require.Equal(t, want, jsonOf(t, checkSize(t, batchOf(o, testOrigin(), lines...))), names)
	}
}

func TestExclusionChangesNoOtherAttribute(t *testing.T) {
	files, err := filepath.Glob("../../testdata/accesslog/*.log")
	require.NoError(t, err)
	lines := samplelogs.Records(1, 50)
	for _, file := range files {
		lines = append(lines, linesOf(t, file)...)
	}
	names := Excludable()
	for _, name := range names {
		checkExcluded(t, lines, []string{name})
		checkExcluded(t, lines, slices.DeleteFunc(slices.Clone(names), func(other string) bool { return other == name }))
	}
	checkExcluded(t, lines, names)
	checkExcluded(t, lines, large)
}

func TestWhatCannotBeExcluded(t *testing.T) {
	names := Excludable()
	for _, a := range slices.Concat(ResourceAttributes(), MalformedAttributes()) {
		assert.NotContains(t, names, a.Name)
	}
	assert.Len(t, names, len(RecordAttributes())-4-2)
	assert.Subset(t, names, large)
}

// Texts that are decoded, redacted or looked up for an excluded attribute are not made.
func TestWhatIsExcludedIsNotMade(t *testing.T) {
	const uid = 32
	record := line{
		key: "a%2520b", uri: "PUT http://h;X-Amz-Signature=" + secret + "/k?uploadId=a%2Bb HTTP/1.1", requester: "arn:aws:iam::1:user/a?X-Amz-Signature=" + secret,
	}.String()
	made := func(names ...string) int {
		b := batchOf(excluding(names...), testOrigin(), record)
		return len(b.arena.block)
	}
	users := []string{"user.id", "user.name", "aws.requester.session_name", "aws.requester.account_id", "aws.requester.type"}
	others := []string{"aws.s3.key", "url.path", "aws.s3.upload_id"}
	for _, name := range others {
		assert.Less(t, made(name), made(), name)
	}
	assert.Less(t, made(users...), made())
	assert.Equal(t, uid, made(append(others, users...)...))
}

// An excluded attribute costs no allocation.
func TestAllocationsWithExclusion(t *testing.T) {
	lines, from := mix().lines[:2*batchRecords], testOrigin()
	excluded := 0
	for _, lr := range batchOf(testOptions(), from, lines...).Logs().ResourceLogs().All() {
		for _, lr := range lr.ScopeLogs().At(0).LogRecords().All() {
			for _, name := range large {
				if _, ok := lr.Attributes().Get(name); ok {
					excluded++
				}
			}
		}
	}
	allocations := func(c *Converter) float64 {
		return testing.AllocsPerRun(5, func() { convertMix(c, from, lines) })
	}
	saved := allocations(NewConverter(testOptions())) - allocations(NewConverter(excluding(large...)))
	// A pool that the garbage collector, or the race detector, empties costs a few again.
	assert.InEpsilon(t, excluded, saved, 0.01)
}

// Without its large attributes a record is at least 25 % smaller in OTLP.
func TestExclusionSavesBytes(t *testing.T) {
	var all, some int
	var marshaler plog.ProtoMarshaler
	for _, chunk := range [][]string{samplelogs.Records(1, 5000), samplelogs.Records(2, 5000)} {
		with, err := marshaler.MarshalLogs(batchOf(testOptions(), testOrigin(), chunk...).Logs())
		require.NoError(t, err)
		less, err := marshaler.MarshalLogs(checkSize(t, batchOf(excluding(large...), testOrigin(), chunk...)))
		require.NoError(t, err)
		all, some = all+len(with), some+len(less)
	}
	t.Logf("%d bytes a record, %d without %d attributes: %.1f %% fewer", all/10000, some/10000, len(large), 100-100*float64(some)/float64(all))
	assert.LessOrEqual(t, some, all*3/4)
}

// A malformed record keeps all of its attributes, whatever the options name.
func TestMalformedRecordsKeepTheirAttributes(t *testing.T) {
	o := everything()
	for _, a := range MalformedAttributes() {
		o.ExcludeAttributes = append(o.ExcludeAttributes, a.Name)
	}
	b := NewConverter(o).NewBatch(1)
	b.AppendMalformed(&accesslog.Record{}, "torn", [16]byte{}, testOrigin(), accesslog.ErrMalformed)
	lr := b.Logs().ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
	assert.Equal(t, len(MalformedAttributes()), lr.Attributes().Len())
}
