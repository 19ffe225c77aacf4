package e2e

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// Each layout has more objects than a page of a list holds.
func TestEveryRecordOfABucketOnceInBothLayouts(t *testing.T) {
	t.Parallel()
	program(t)
	const each = 1010
	server := s3test.Start(t)
	server.CreateBucket(t, "logs")
	text := samplelogs.Records(21, 20*each)
	want, partitioned := uids{}, uids{}
	objects := map[string][]byte{}
	rng := rand.New(rand.NewPCG(21, 1))
	for i := range 2 * each {
		n := 1 + rng.IntN(10)
		lines := text[:n]
		body := joined(lines)
		text = text[n:]
		want.add(body)
		key := simpleKey(rng)
		if i%2 == 0 {
			key = partitionedKey(rng)
			for _, line := range lines { // S3 does not mix buckets below a folder, but a TargetPrefix can
				if strings.Contains(key, "/"+samplelogs.Bucket(line)+"/") {
					partitioned.add([]byte(line))
				}
			}
		}
		switch i % 10 {
		case 0, 1:
			key, body = key+".gz", gzipped(t, body)
		case 2, 3:
			key, body = key+".zst", zstandard(t, body)
		}
		objects[key] = body
	}
	require.Len(t, objects, 2*each)
	put(t, server, "logs", objects)

	out := filepath.Join(t.TempDir(), "records.jsonl")
	c := start(t, setup{
		receivers: bucketReceiver("s3_access_logs/simple", server.Endpoint, "{name: logs, prefix: access/, start_from: earliest}") +
			bucketReceiver("s3_access_logs/partitioned", server.Endpoint, "{name: logs, prefix: parts/, start_from: earliest}"),
		exporters: "file: {path: " + out + "}",
		env:       server.Env,
	})
	c.settled(t, time.Minute, "ok", 2*each)
	assert.EqualValues(t, len(want), c.metric(t, recordsMetric, `outcome="ok"`))
	c.stop(t, 15*time.Second)

	fromPartitions := uids{}
	got := records(t, out, func(resource pcommon.Map, record plog.LogRecord) {
		if _, found := resource.Get("cloud.region"); found {
			uid, _ := record.Attributes().Get("log.record.uid")
			fromPartitions[uid.Str()]++
		}
	})
	assertSame(t, want, got)
	require.NotEmpty(t, partitioned)
	assertSame(t, partitioned, fromPartitions) // the key tells account and region of its own bucket
	t.Logf("%d objects, %d records", len(objects), len(want))
}

// bucketReceiver is the YAML of a receiver with a bucket on a server for tests.
func bucketReceiver(id, endpoint, bucket string) string {
	return fmt.Sprintf("%s:\n  bucket: %s\n  aws: {endpoint: %q, force_path_style: true}\n", id, bucket, endpoint)
}

func simpleKey(rng *rand.Rand) string {
	at := time.Date(2026, 11, 9, 0, 0, rng.IntN(7*24*3600), 0, time.UTC)
	return "access/" + at.Format("2006-01-02-15-04-05-") + unique(rng)
}

// partitionedKey is one by event time: hours, minutes and seconds are zero.
func partitionedKey(rng *rand.Rand) string {
	source := [...]string{
		"111122223333/us-east-1/example-shop-assets", "111122223333/eu-west-1/example-shop-eu", "444455556666/us-east-1/example-data-lake",
	}[rng.IntN(3)]
	day := time.Date(2026, 11, 9+rng.IntN(7), 0, 0, 0, 0, time.UTC)
	return "parts/" + source + day.Format("/2006/01/02/2006-01-02-15-04-05-") + unique(rng)
}

// unique is the 16 characters that end a key.
func unique(rng *rand.Rand) string { return fmt.Sprintf("%016X", rng.Uint64()) }
