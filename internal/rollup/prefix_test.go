package rollup

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/redact"
)

func prefixOf(t *testing.T, depth int, r accesslog.Record) any {
	t.Helper()
	s := testSettings()
	s.KeyPrefixDepth, s.Clean = depth, redact.New(nil).Redact
	only(&s, "aws.s3.server.requests", keyPrefix)
	l := newProcess(t, s)
	l.add(r)
	return l.emitAccepted()[1].attributes.AsRaw()[keyPrefix]
}

func TestKeyPrefix(t *testing.T) {
	const get, batch = "REST.GET.OBJECT", "BATCH.DELETE.OBJECT"
	long := strings.Repeat("a", 127)
	for _, test := range []struct {
		depth          int
		operation, key string
		want           any
	}{
		{1, get, "", nil},
		{1, get, "file", nil},
		{1, get, "a/", "a/"},
		{1, get, "a/b/c/d/e", "a/"},
		{2, get, "a/b/c/d/e", "a/b/"},
		{4, get, "a/b/c/d/e", "a/b/c/d/"},
		{4, get, "a/b", "a/"},
		{1, get, "/a/b", "/"},
		{2, get, "a//b", "a//"},
		{1, get, "a%2520b/c", "a b/"},
		{1, get, "a/b%2520c", "a/"},
		{2, get, "a/b%252Fc", "a/b/"}, // an encoded slash is one
		{1, get, "a%252Fb", "a/"},
		{1, get, "a%2Fb", "a/"},
		{1, get, "a%25/b%", "a%25/"}, // a bad escape anywhere stops the decoding
		{1, get, "a+b/c", "a+b/"},
		{1, batch, "a+b/c", "a b/"},
		{1, batch, "a%2520b/c", "a%20b/"},
		{1, get, "a%25FFb/c", "a\ufffdb/"},
		{1, get, "\xff\xfe/c", "\ufffd/"},
		{1, get, long + "/b", long + "/"},
		{2, get, long + "/b/", long + "/"},
		{2, get, long[1:] + "/%25C3%25A9/", long[1:] + "/"},
		{1, get, "a?X-Amz-Signature=s/b", nil}, // its slash is the secret's
		{1, get, "a/b?X-Amz-Signature=s", "a/"},
		{1, get, "a?X-Amz-Signature=s&b/c", "a?X-Amz-Signature=REDACTED&b/"},
		{1, get, "a&sig=s&b/c", "a&sig=s&b/"},
		{1, get, "a&sig=s&b/c?AWSAccessKeyId=k", "a&sig=REDACTED&b/"},
	} {
		r := with(func(r *accesslog.Record) { r.Operation, r.Key = test.operation, test.key })
		assert.Equal(t, test.want, prefixOf(t, test.depth, r), "%d of %s %s", test.depth, test.operation, test.key)
	}
	assert.Equal(t, "a%2520b/", prefixOf(t, 1, with(func(r *accesslog.Record) { r.Key, r.RawKey = "a%2520b/c", true })))
}

// Keys in the same folders are one series, however they are encoded and however many
// there are.
func TestKeysOfAFolderAreOneSeries(t *testing.T) {
	s := testSettings()
	s.KeyPrefixDepth, s.CardinalityLimit = 2, 3
	only(&s, "aws.s3.server.requests", keyPrefix)
	l := newProcess(t, s)
	for _, key := range []string{"a/b/c", "a/b/c%2520", "a%252Fb/d", "%2561/b/", "a/e", "f"} {
		l.add(with(func(r *accesslog.Record) { r.Key = key }))
	}
	l.add(with(func(r *accesslog.Record) { r.Key = "beyond/the/limit" }))
	got := map[any]int64{}
	for _, p := range l.emitAccepted() {
		_, overflow := p.attributes.Get(overflowName)
		assert.Equal(t, overflow, p.attributes.AsRaw()[overflowName] != nil)
		if overflow {
			got[overflowName] += p.values.sum
			continue
		}
		got[p.attributes.AsRaw()[keyPrefix]] += p.values.sum
	}
	assert.Equal(t, map[any]int64{"a/b/": 4, "a/": 1, nil: 1, overflowName: 1}, got)
}

// The prefix of a key costs no allocation once it is known, encoded or not, nor does a new
// one beyond the limit.
func TestKeyPrefixAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector's pools allocate")
	}
	s := testSettings()
	s.KeyPrefixDepth, s.Clean = 2, redact.New(nil).Redact
	only(&s, "aws.s3.server.requests", "aws.s3.bucket", keyPrefix)
	counter := s.state(epoch).NewCounter()
	r := get()
	for _, key := range []string{"", "a", "a/b/c", "a%2520b/c", "a/b%252Fc/d", "a/b/c%2520"} {
		add := func() {
			r.Key = key
			counter.Add(&r, enrich.Client{})
		}
		add()
		assert.Zero(t, testing.AllocsPerRun(100, add), key)
	}
}
