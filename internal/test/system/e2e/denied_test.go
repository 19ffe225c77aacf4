package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// denials are what S3 answers to a GET of what may not be read, by the first character
// of the unique part of a key.
var denials = map[byte]struct {
	status     int
	code, text string
}{
	'A': {http.StatusForbidden, "AccessDenied", "Access Denied"},
	'K': {http.StatusBadRequest, "KMS.DisabledException", "arn:aws:kms:us-east-1:111122223333:key/1 is disabled."},
}

// requests counts what S3 is asked for.
type requests struct{ lists, gets, denied atomic.Int64 }

// deny stands in front of a server and answers the GETs of denied objects.
func (n *requests) deny(w http.ResponseWriter, r *http.Request, next http.Handler) {
	key := path.Base(r.URL.Path)
	switch what := askedFor(r); {
	case r.URL.Query().Has("list-type"):
		n.lists.Add(1)
	case what == firstGet || what == resumedGet:
		n.gets.Add(1)
		no, denied := denials[key[len("2026-11-09-00-00-00-")]]
		if !denied {
			break
		}
		n.denied.Add(1)
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(no.status)
		_, _ = io.WriteString(w, fmt.Sprintf("<Error><Code>%s</Code><Message>%s</Message><RequestId>DOOR</RequestId></Error>", no.code, no.text))
		return
	}
	next.ServeHTTP(w, r)
}

// manyDenied is how many objects are denied: with E2E_DENIED as many as an account had.
func manyDenied() int {
	if os.Getenv("E2E_DENIED") != "" {
		return 12_000
	}
	return 2_500
}

// Objects that are denied come first, and are more than may wait to be tried again: those
// behind them are read, and the denied ones are given up.
func TestDeniedObjectsHideNothingBehindThem(t *testing.T) {
	t.Parallel()
	program(t)
	const readable, each = 400, 5
	denied := manyDenied()
	server := s3test.Start(t)
	server.CreateBucket(t, "logs")
	var keys []string
	for i := range denied {
		keys = append(keys, fmt.Sprintf("access/2026-11-09-%02d-%02d-%02d-%c%015d", i/3600, i/60%60, i%60, "AK"[i%2], i))
	}
	server.PutAll(t, "logs", keys, []byte("nobody may read this\n"))
	objects, want := map[string][]byte{}, uids{}
	text := samplelogs.Records(204, readable*each)
	for i := range readable {
		body := joined(text[i*each : (i+1)*each])
		want.add(body)
		objects[fmt.Sprintf("access/2026-11-10-00-%02d-%02d-%016d", i/60, i%60, i)] = body
	}
	put(t, server, "logs", objects)

	asked := &requests{}
	door := newDoor(t, server.Endpoint, asked.deny)
	back := newBack(t)
	begin := time.Now()
	c := start(t, setup{
		receivers: bucketReceiver("s3_access_logs", door.URL, "{name: logs, prefix: access/, start_from: earliest, poll_interval: 1s}"),
		exporters: otlpExporter(back.addr),
		env:       server.Env,
	})
	back.reached(t, time.Minute, len(want))
	all, gets := time.Since(begin), asked.gets.Load()
	c.settled(t, time.Minute, "denied", denied)
	given, most := time.Since(begin), asked.gets.Load()
	assert.Equal(t, readable, c.objects(t, "ok"))
	assert.Zero(t, back.assertAll(t, want), "records came twice")
	// Three tries each. Before others are known to be readable, the first 1,024 are tried once
	// a second without being charged.
	assert.LessOrEqual(t, asked.denied.Load(), int64(4*denied))
	time.Sleep(2 * time.Second)
	assert.Equal(t, most, asked.gets.Load(), "what was given up was asked for again")
	t.Log(withoutResource(c.logged(t, time.Second, "warn", "given up", "access denied", "KMS key")))
	c.stop(t, 15*time.Second)
	t.Logf("%d denied before %d readable: the last readable record after %.1f s and %d GETs, all given up after %.1f s and %d GETs, %d LISTs",
		denied, readable, all.Seconds(), gets, given.Seconds(), most, asked.lists.Load())
}
