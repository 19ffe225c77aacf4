package e2e

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/fakesqs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
)

const internalError = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>InternalError</Code>` +
	`<Message>We encountered an internal error. Please try again.</Message><RequestId>PROXY0001</RequestId></Error>`

// manyFaults is what n requests to S3 meet: a third of them an answer of 500 or
// 503, or a body that breaks off within its first kilobytes.
func manyFaults(rng *rand.Rand, n int) []s3test.Fault {
	faults := make([]s3test.Fault, n)
	for i := range faults {
		switch rng.IntN(12) {
		case 0:
			faults[i] = s3test.Fault{Status: http.StatusInternalServerError, Body: internalError}
		case 1:
			faults[i] = s3test.Fault{Status: http.StatusServiceUnavailable} // SlowDown
		case 2, 3:
			faults[i] = s3test.Fault{Cut: 1 + rng.Int64N(50_000)}
		}
	}
	return faults
}

// slowly passes requests on, some of them late.
func slowly(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if rand.IntN(4) == 0 {
		linger(r.Context(), 100*time.Millisecond)
	}
	next.ServeHTTP(w, r)
}

// Everything goes wrong at once, for a while: S3 answers late, with errors and
// with bodies that break off, the back end refuses every third batch and half of
// the metrics, the queue gives messages out early, loses answers and fails calls.
// Nobody dies, so no record comes twice either.
func TestFaultsOnAllSides(t *testing.T) {
	t.Parallel()
	program(t)
	c := makeCorpus(86, 200, 8, 1000)
	for _, kind := range []string{"bucket", "queue"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			f := newFollowing(t, feeds[kind](t, c))
			proxy := s3test.NewProxy(t, f.server.Endpoint)
			proxy.Inject(manyFaults(rand.New(rand.NewPCG(86, 1)), 3*len(c.objects))...)
			door := newDoor(t, proxy.URL, slowly)
			f.source = strings.Replace(f.source, f.server.Endpoint, door.URL, 1)
			f.back.set(func(b *back) { b.slow, b.refuse = 10*time.Millisecond, 0.33 })
			f.back.metrics.set(func(l *ledger) { l.unavailable, l.invalid = 0.4, 0.1 })
			trouble := troubleQueue(t, f)

			begin := time.Now()
			collector := f.start(t)
			f.back.reached(t, 5*time.Minute, len(c.want))
			trouble()
			f.back.metrics.set(func(l *ledger) { l.unavailable, l.invalid = 0, 0 })
			collector.settled(t, time.Minute, "ok", len(c.objects))
			collector.until(t, time.Minute, "end of work", func() bool { return f.looked(t, collector) })
			collector.stop(t, 15*time.Second)
			assert.Zero(t, f.back.assertAll(t, c.want), "records came twice")
			f.back.metrics.assertAll(t, c.sums, 1)
			for _, outcome := range []string{"gone", "corrupt", "denied", "too_large"} {
				assert.Zero(t, collector.objects(t, outcome), outcome)
			}
			assert.Positive(t, f.back.refused)
			t.Logf("%d objects, %d records: %d GETs, %d refused requests; %.1f s",
				len(c.objects), len(c.want), proxy.Gets(), f.back.refused, time.Since(begin).Seconds())
		})
	}
}

// troubleQueue lets a queue, if there is one, fail in many ways until the
// function that it returns is called.
func troubleQueue(t testing.TB, f *following) (end func()) {
	t.Helper()
	if f.queue == nil {
		return func() {}
	}
	lost := fakesqs.Unavailable
	lost.Lost = true
	heal := func() {
		for _, action := range []string{"ReceiveMessage", "DeleteMessageBatch", "ChangeMessageVisibilityBatch"} {
			f.sqs.Heal(action)
		}
	}
	stop := make(chan struct{})
	var redelivering sync.WaitGroup
	redelivering.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-time.After(250 * time.Millisecond):
			}
			f.queue.RedeliverEarly() // also what was returned with a delay
			heal()                   // nobody calls while it waits, and faults must not pile up
			switch i % 8 {
			case 1:
				f.sqs.Fail("ReceiveMessage", 1, lost)
			case 2:
				f.sqs.Fail("DeleteMessageBatch", 1, fakesqs.EntryMissing)
				f.sqs.Fail("ChangeMessageVisibilityBatch", 1, fakesqs.EntryDenied)
			case 3:
				f.sqs.Fail("DeleteMessageBatch", 1, fakesqs.EntryFailure)
			case 4:
				f.sqs.Fail("DeleteMessageBatch", 1, fakesqs.StaleReceipt)
			case 6:
				f.sqs.Fail("DeleteMessageBatch", 1, fakesqs.EntryDenied)
				f.sqs.Fail("ChangeMessageVisibilityBatch", 1, fakesqs.EntryMissing)
			case 5:
				f.sqs.Fail("DeleteMessageBatch", 1, lost)
			case 7:
				f.sqs.Fail("ReceiveMessage", 1, fakesqs.Throttled)
				f.sqs.Fail("ChangeMessageVisibilityBatch", 1, fakesqs.EntryFailure)
			}
		}
	})
	end = sync.OnceFunc(func() {
		close(stop)
		redelivering.Wait()
		heal()
		f.queue.RedeliverEarly()
	})
	t.Cleanup(end)
	return end
}
