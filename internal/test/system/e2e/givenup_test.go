package e2e

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// Objects that were denied and given up are read at the first start after the permission
// is there, also when no list shows them any more.
func TestWhatWasGivenUpIsReadAtAStartAtWhichItCanBe(t *testing.T) {
	t.Parallel()
	program(t)
	server := s3test.Start(t)
	server.CreateBucket(t, "logs")
	objects, want, readable := map[string][]byte{}, uids{}, uids{}
	text := samplelogs.Records(205, 500)
	for i := range 6 {
		body := joined(text[i*10 : i*10+10])
		want.add(body)
		unique := fmt.Sprintf("A%015d", i) // denied
		if i%2 == 0 {
			unique = fmt.Sprintf("%016d", i)
			readable.add(body)
		}
		objects[fmt.Sprintf("access/2026-11-09-00-00-%02d-%s", i, unique)] = body
	}
	put(t, server, "logs", objects)
	next := 60
	more := func() { // what is denied is given up while others can be read; an old day is not listed again
		body := joined(text[next : next+1])
		want.add(body)
		readable.add(body)
		put(t, server, "logs", map[string][]byte{fmt.Sprintf("access/%s-%016d", time.Now().UTC().Format("2006-01-02-15-04-05"), next): body})
		next++
	}

	asked, denies := &requests{}, atomic.Bool{}
	denies.Store(true)
	door := newDoor(t, server.Endpoint, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if denies.Load() {
			asked.deny(w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	})
	back := newBack(t)
	s := setup{
		receivers:  bucketReceiver("s3_access_logs", door.URL, "{name: logs, prefix: access/, start_from: earliest, poll_interval: 1s}") + "  storage: file_storage\n",
		exporters:  otlpExporter(back.addr),
		extensions: "file_storage: {directory: " + t.TempDir() + "}",
		env:        server.Env,
	}
	const gauge = "otelcol_receiver_s3_access_logs_objects_given_up"
	for range 2 { // at the second start they are tried once, in vain
		before := asked.denied.Load()
		c := start(t, s)
		back.reached(t, time.Minute, len(readable))
		c.until(t, time.Minute, "all that are denied are given up", func() bool {
			done := c.metric(t, objectsMetric, `outcome="denied"`) == 3
			if !done && next < len(text) {
				more()
			}
			return done
		})
		assert.InDelta(t, 3, c.metric(t, gauge, ""), 0)
		if before > 0 {
			assert.Equal(t, int64(3), asked.denied.Load()-before)
		}
		c.ready(t)
		c.stop(t, 15*time.Second)
	}

	denies.Store(false)
	c := start(t, s)
	back.reached(t, time.Minute, len(want))
	c.until(t, 30*time.Second, "none are given up", func() bool { return c.metric(t, gauge, "") == 0 })
	c.ready(t)
	c.stop(t, 15*time.Second)
	assert.Zero(t, back.assertAll(t, want), "records came twice")
}
