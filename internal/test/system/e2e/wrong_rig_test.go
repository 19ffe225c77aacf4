package e2e

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/fakesqs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// wrongCorpora are what is read while answers are wrong, by prefix: days that are
// listed once, yesterday, which only sweeps list, and days in folders. Their keys
// tell times before now, or a window would not be where it is to be.
var wrongCorpora = sync.OnceValue(func() map[string]*corpus {
	now := time.Now().UTC()
	corpora := map[string]*corpus{
		"access/":  timedCorpus(201, now.AddDate(0, 0, -20), func(int) string { return "access/" }),
		"recent/":  timedCorpus(202, now.AddDate(0, 0, -1).Add(-2*time.Hour), func(int) string { return "recent/" }),
		partPrefix: timedCorpus(203, now.AddDate(0, 0, -20), partOf(now.AddDate(0, 0, -20))),
	}
	return corpora
})

const (
	wrongObjects = 60
	wrongPage    = 25 // objects of a list
	wrongRecords = 5  // of an object
)

// timedCorpus makes objects with names of one time in folders.
func timedCorpus(seed uint64, at time.Time, folder func(i int) string) *corpus {
	c := &corpus{objects: map[string][]byte{}, want: uids{}, records: map[string]uids{}, sums: sums{}}
	text := samplelogs.Records(seed, wrongObjects*wrongRecords)
	for i := range wrongObjects {
		c.add(fmt.Sprintf("%s%s%016X", folder(i), at.Format("2006-01-02-15-04-05-"), i), joined(text[i*wrongRecords:(i+1)*wrongRecords]))
	}
	return c
}

// partOf is a folder of one of two source buckets.
func partOf(at time.Time) func(int) string {
	return func(i int) string {
		return fmt.Sprintf("%s111122223333/us-east-1/bucket-%d/%s/", partPrefix, i%2, at.Format("2006/01/02"))
	}
}

// newWrongServer holds all corpora. Nobody changes it, so all cells share it.
func newWrongServer(t testing.TB) *s3test.Server {
	t.Helper()
	server := s3test.Start(t)
	server.CreateBucket(t, "logs")
	for _, c := range wrongCorpora() {
		put(t, server, "logs", c.objects)
	}
	return server
}

// wrongRig is a cell at work: a collector whose servers a liar stands before.
type wrongRig struct {
	*following
	cell    cell
	liar    *liar
	corpus  *corpus
	notices []string      // bodies of messages, of a queue
	held    chan struct{} // closed when the back end may answer; nil: it always may

	redelivered time.Time
}

// newWrongRig makes a rig of a bucket or a queue.
func newWrongRig(t *testing.T, server *s3test.Server, c cell) *wrongRig {
	t.Helper()
	l := newLiar(t)
	l.server, l.pageSize, l.choose = server, wrongPage, c.choose
	rig := &wrongRig{cell: c, liar: l}
	prefix, layout := "access/", "simple"
	switch c.row.what {
	case searchList:
		prefix, layout = partPrefix, "partitioned"
	case sweepList:
		prefix = "recent/"
	}
	rig.corpus = wrongCorpora()[prefix]
	f := &feed{env: slices.Clone(server.Env), died: func() {}, server: server}
	where := fmt.Sprintf("aws: {endpoint: %q, force_path_style: true", l.before(t, server.Endpoint))
	if c.row.what == assumeRole {
		where += `, role_arn: "arn:aws:iam::111122223333:role/reader"`
		f.env = append(f.env, "AWS_ENDPOINT_URL_STS="+l.before(t, newSTS(t, server)))
	}
	switch c.source {
	case "bucket":
		f.source = fmt.Sprintf("bucket: {name: logs, prefix: %s, layout: %s, start_from: earliest, poll_interval: 1s}\n", prefix, layout)
	case "queue":
		f.sqs = fakesqs.Start()
		t.Cleanup(f.sqs.Close)
		f.queue = f.sqs.CreateQueue("logs", fakesqs.Settings{})
		f.source = queueAt(strings.Replace(f.queue.URL(), f.sqs.URL, l.before(t, f.sqs.URL), 1))
		listed := list(t, server)
		for keys := range slices.Chunk(slices.Sorted(maps.Keys(rig.corpus.objects)), 2) {
			rig.notices = append(rig.notices, notification(t, keys, listed))
		}
	}
	f.source += where + "}\n"
	rig.following = newFollowing(t, f)
	return rig
}

// choose is the liar's part in a cell: which requests meet the answer, and what
// has to happen so that they are made.
func (c cell) choose(what asked, left int) (give func(*exchange), counts bool) {
	switch {
	case left == 0:
	case what == c.row.what:
		return func(x *exchange) { c.row.give(c.answer, x) }, true
	case what == firstGet && (c.row.what == resumedGet || c.row.what == headAsked):
		return breakOff, false
	case what == resumedGet && c.row.what == headAsked:
		return beyond, false
	}
	return nil, false
}

// notify puts the notifications into the queue, if there is one.
func (rig *wrongRig) notify() {
	for _, body := range rig.notices {
		rig.queue.Send(body)
	}
}

// hold keeps the back end from answering, so that messages have to be extended. All
// batches may be on their way to it: it is the queue that is in trouble here.
func (rig *wrongRig) hold(t testing.TB) {
	t.Helper()
	rig.held = make(chan struct{})
	held := rig.held
	rig.more = withBatches(batchSize, wrongObjects)
	rig.back.set(func(b *back) { b.accepted = func(int) { <-held } })
	t.Cleanup(rig.release)
}

func (rig *wrongRig) release() {
	if rig.held != nil {
		close(rig.held)
		rig.held = nil
	}
}

// newSTS gives the server's own key to who assumes a role.
func newSTS(t testing.TB, server *s3test.Server) (url string) {
	t.Helper()
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/xml")
		w.Header().Set("X-Amzn-Requestid", "STS0")
		_, _ = fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>`+
			`<AssumedRoleUser><AssumedRoleId>AROA:otelcol</AssumedRoleId><Arn>arn:aws:sts::111122223333:assumed-role/reader/otelcol</Arn></AssumedRoleUser>`+
			`<Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey><SessionToken>%s</SessionToken><Expiration>%s</Expiration></Credentials>`+
			`</AssumeRoleResult><ResponseMetadata><RequestId>STS0</RequestId></ResponseMetadata></AssumeRoleResponse>`,
			server.AccessKey, server.SecretKey, roleToken, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	}))
	t.Cleanup(func() {
		sts.CloseClientConnections()
		sts.Close()
	})
	return sts.URL
}
