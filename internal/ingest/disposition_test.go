package ingest

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/lines"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

func TestDisposition(t *testing.T) {
	wrapped := func(err error) error { return fmt.Errorf("s3://logs/key: %w", err) }
	now := source.Object{Bucket: "logs", Key: "key", ETag: "new"}
	for name, c := range map[string]struct {
		err     error
		attempt int
		others  bool // others could be opened since it was denied first
		want    disposition
	}{
		"read":                       {want: disposition{outcome: OutcomeOK}},
		"shutdown":                   {err: context.Canceled, want: disposition{retry: true}},
		"gone":                       {err: source.ErrGone, want: disposition{outcome: OutcomeGone}},
		"changed":                    {err: source.ErrChanged, want: disposition{outcome: OutcomeGone}},
		"archived":                   {err: source.ErrArchived, want: disposition{outcome: OutcomeArchived}},
		"overwritten":                {err: &source.OverwrittenError{Now: now}, attempt: 9, want: disposition{retry: true, replacement: &now}},
		"corrupt, first":             {err: lines.ErrCorrupt, want: disposition{retry: true, charge: true}},
		"corrupt, last":              {err: lines.ErrCorrupt, attempt: 2, want: disposition{outcome: OutcomeCorrupt}},
		"not text, last":             {err: lines.ErrNotText, attempt: 2, want: disposition{outcome: OutcomeCorrupt}},
		"too large, first":           {err: lines.ErrTooLarge, want: disposition{outcome: OutcomeTooLarge}},
		"denied like all":            {err: source.ErrDenied, attempt: 9, want: disposition{retry: true, storageFailed: true}},
		"denied while others, first": {err: source.ErrDenied, others: true, want: disposition{retry: true, charge: true}},
		"denied while others, last":  {err: source.ErrDenied, others: true, attempt: 2, want: disposition{outcome: OutcomeDenied}},
		"out of reach":               {err: source.ErrUnreachable, attempt: 9, want: disposition{retry: true, storageFailed: true}},
		"anything else":              {err: errors.New("disk on fire"), attempt: 9, want: disposition{retry: true, storageFailed: true}},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.err
			if err != nil {
				err = wrapped(err)
			}
			assert.Equal(t, c.want, dispose(err, c.attempt, c.others))
		})
	}
}

func TestDenialsCountOnceOthersWereOpened(t *testing.T) {
	d := make(denials)
	one, two := &source.Work{ID: source.ID{1}}, &source.Work{ID: source.ID{2}}
	one.Object.Bucket, two.Object.Bucket = "b", "b"
	check := func(o *source.Work, opened int64, others bool, attempts int, why string) {
		t.Helper()
		got, before := d.others(o, opened)
		assert.Equal(t, others, got, why)
		assert.Equal(t, attempts, before, why)
	}
	check(one, 5, false, 0, "what was opened before says nothing: the permission may have gone since")
	check(two, 5, false, 0, "")
	check(one, 5, false, 1, "still the same for all")
	check(one, 6, true, 1, "the first of three is not charged counts now")
	one.Attempt = 1
	check(one, 6, true, 2, "also when nothing else comes")
	check(two, 6, true, 1, "")

	file := &source.Work{}
	check(file, 0, false, 0, "")
	check(file, 1, true, 0, "")
}

func TestDeniedObjectIsGivenUpAlsoAsTheLastOne(t *testing.T) {
	denied := &fakeObject{key: "denied", fault: fmt.Errorf("%w: s3:GetObject", source.ErrDenied)}
	objects, want := sampleObjects(24, 3000, 10)
	r := newRig(testConfig(), newFakeSource(append([]*fakeObject{denied}, objects...)...), &fakeSink{})
	require.NoError(t, r.Run(t.Context()))
	assert.Equal(t, want, r.sink.uids)
	assert.Equal(t, 1, denied.acked)
	assert.Equal(t, 1, denied.charged, "the first of three is not charged")
	assert.Equal(t, 2, denied.nacked)
	assert.Len(t, r.logged.FilterMessageSnippet("given up").All(), 1)
	assert.NoError(t, r.concerns.latest[ConcernObjects], "recovered")
}

func TestBrokenObjectIsGivenUpAfterThreeAttempts(t *testing.T) {
	records := samplelogs.Records(20, 4000)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write([]byte(strings.Join(records, "\n") + "\n"))
	require.NoError(t, w.Close())
	broken := &fakeObject{key: "broken.gz", content: packed.Bytes()[:packed.Len()/2]}
	good := textObject(samplelogs.Records(21, 10)...)

	r := newRig(testConfig(), newFakeSource(broken, good), &fakeSink{})
	require.NoError(t, r.Run(t.Context()))
	assert.Equal(t, 1, good.acked)
	assert.Equal(t, 1, broken.acked)
	assert.Equal(t, 2, broken.nacked)

	// What stood before the break came, once, although it was tried three times.
	before := 0
	for _, rec := range records {
		n := r.sink.uids[hexID(rec)]
		require.LessOrEqual(t, n, 1)
		before += n
	}
	assert.Greater(t, before, 1000)

	warnings := r.logged.FilterMessageSnippet("given up").All()
	require.Len(t, warnings, 1)
	assert.True(t, strings.HasSuffix(warnings[0].Message, ": s3://logs/broken.gz"), warnings[0].Message)
	assert.Equal(t, "corrupt", warnings[0].ContextMap()["outcome"])
	assert.Empty(t, r.concerns.errors(), "a fault of one object is not the component's")
}

func TestObjectThatIsTooLargeIsReadOnce(t *testing.T) {
	records := samplelogs.Records(20, 4000)
	large := textObject(records...)
	good := textObject(samplelogs.Records(21, 10)...)
	cfg := testConfig()
	cfg.Lines.Object = int64(len(large.content)) / 2
	r := newRig(cfg, newFakeSource(large, good), &fakeSink{})
	require.NoError(t, r.Run(t.Context()))
	assert.Equal(t, 1, good.acked)
	assert.Equal(t, 1, large.acked)
	assert.Zero(t, large.nacked, "its version stays as large as it is")
	assert.EqualValues(t, 2, r.Totals().Objects)
	assert.Greater(t, len(r.sink.uids), 1000, "what stood before the limit came")

	warnings := r.logged.FilterMessageSnippet("given up").All()
	require.Len(t, warnings, 1)
	assert.True(t, strings.HasSuffix(warnings[0].Message, ": s3://logs/"+large.key), warnings[0].Message)
	assert.Equal(t, "too_large", warnings[0].ContextMap()["outcome"])
	assert.Contains(t, warnings[0].ContextMap()["error"], "object is larger than max_object_size")
	assert.Empty(t, r.concerns.errors())
}

func TestGoneObjectIsDoneSilently(t *testing.T) {
	gone := &fakeObject{key: "gone", fault: source.ErrGone}
	r := newRig(testConfig(), newFakeSource(gone), &fakeSink{})
	require.NoError(t, r.Run(t.Context()))
	assert.Equal(t, 1, gone.acked)
	assert.Zero(t, r.logged.Len())
}

func TestOverwrittenObjectIsReplacedAndItsRecordsStand(t *testing.T) {
	records := samplelogs.Records(25, 4000)
	before := textObject(records[:1500]...)
	before.next = textObject(records[1000:]...).content
	before.breaks = fmt.Errorf("read: %w", &source.OverwrittenError{Now: source.Object{Bucket: "logs", Key: before.key, ETag: "new"}})
	unread := textObject(records[0])
	unread.fault, unread.next = &source.OverwrittenError{Now: source.Object{ETag: "newer"}}, textObject(samplelogs.Records(26, 5)...).content
	src := newFakeSource(before, unread)
	r := newRig(testConfig(), src, &fakeSink{})
	require.NoError(t, r.Run(t.Context()))
	for i, rec := range records {
		want := 1
		if i >= 1000 && i < 1500 {
			want = 2
		}
		require.Equal(t, want, r.sink.uids[hexID(rec)], i)
	}
	for o, etag := range map[*fakeObject]string{before: "new", unread: "newer"} {
		assert.Equal(t, []string{etag}, o.replacedBy)
		assert.Equal(t, 1, o.acked)
		assert.Zero(t, o.nacked)
	}
	assert.EqualValues(t, 2, r.Totals().Objects)
	warnings := r.logged.FilterMessageSnippet("overwritten").All()
	require.Len(t, warnings, 1, "where nothing was delivered of it there is nothing to tell")
	assert.Equal(t, "s3://logs/"+before.key, warnings[0].ContextMap()["object"])
	assert.Equal(t, 1, r.logged.Len())
	assert.Empty(t, r.concerns.errors())
}

func TestUnreachableObjectIsTriedUntilItIsThere(t *testing.T) {
	away := textObject(samplelogs.Records(22, 3)...)
	away.fault = fmt.Errorf("%w: s3://logs/%s: 503", source.ErrUnreachable, away.key)
	src := newFakeSource(away)
	r := newRig(testConfig(), src, &fakeSink{})
	done := make(chan error, 1)
	go func() { done <- r.Run(t.Context()) }()
	require.Eventually(t, func() bool { return len(r.concerns.errors()) > 5 }, 100*time.Second, time.Millisecond)
	src.mu.Lock()
	away.fault = nil
	src.mu.Unlock()
	require.NoError(t, <-done)
	assert.Equal(t, 1, away.acked)
	assert.Zero(t, away.charged)
	assert.ErrorContains(t, r.concerns.errors()[0], "s3://logs/"+away.key)
	assert.NoError(t, r.concerns.latest[ConcernObjects], "recovered")
}

func TestSourceInTroubleIsAskedAgainWithBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		object := textObject(samplelogs.Records(23, 3)...)
		src := newFakeSource(object)
		trouble := errors.New("listing s3://logs: access denied: the role needs s3:ListBucket")
		src.troubles = []error{trouble, trouble, trouble}
		r := newRig(testConfig(), src, &fakeSink{})
		begin := time.Now()
		require.NoError(t, r.Run(t.Context()))
		assert.Greater(t, time.Since(begin), 2*time.Second)
		assert.Less(t, time.Since(begin), time.Minute)
		assert.Equal(t, 1, object.acked)
		assert.Equal(t, []error{trouble, trouble, trouble}, r.concerns.errors())
	})
}
