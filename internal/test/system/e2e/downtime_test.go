package e2e

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// What came while nobody looked is found, in both layouts; partitioned by event
// time, names of the same day come before and behind those that were read, and
// some are yesterday's. That the time in between may be days is tested with a
// clock that can be moved, in package listing.
func TestObjectsThatCameWhileItWasStopped(t *testing.T) {
	t.Parallel()
	program(t)
	const each = 60
	server := s3test.Start(t)
	server.CreateBucket(t, "logs")
	rng := rand.New(rand.NewPCG(88, 1))
	text := samplelogs.Records(88, 4*each*3)
	want := uids{}
	objectsNow := func() map[string][]byte {
		objects := map[string][]byte{}
		now := time.Now().UTC()
		for i := range each {
			day := now.AddDate(0, 0, -i%2)
			for _, key := range []string{
				"access/" + now.Format("2006-01-02-15-04-05-"),
				"parts/111122223333/us-east-1/example-shop-assets/" + day.Format("2006/01/02/2006-01-02-00-00-00-"),
			} {
				body := joined(text[:3])
				text = text[3:]
				want.add(body)
				objects[key+unique(rng)] = body
			}
		}
		return objects
	}

	f := newFollowing(t, &feed{env: server.Env})
	bucket := "{name: logs, prefix: %s, start_from: earliest, poll_interval: 1s}"
	run := func() {
		c := start(t, setup{
			receivers: bucketReceiver("s3_access_logs/simple", server.Endpoint, fmt.Sprintf(bucket, "access/")) + "  storage: file_storage\n" +
				bucketReceiver("s3_access_logs/parts", server.Endpoint, fmt.Sprintf(bucket, "parts/")) + "  storage: file_storage\n",
			exporters:  otlpExporter(f.back.addr),
			extensions: "file_storage: {directory: " + f.storage + "}",
			env:        server.Env,
		})
		c.ready(t)
		f.back.reached(t, 30*time.Second, len(want))
		time.Sleep(2 * time.Second) // polls that must find nothing more
		c.stop(t, 15*time.Second)
	}
	for range 2 {
		put(t, server, "logs", objectsNow())
		run()
	}
	assert.Zero(t, f.back.assertAll(t, want), "records came twice")
}
