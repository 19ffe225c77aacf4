package ingest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/lines"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

func TestWhatIsLeftToARedrivePolicyIsReportedOnce(t *testing.T) {
	now := source.Object{Bucket: "logs", Key: "key", ETag: "new"}
	for name, c := range map[string]struct {
		err     error
		attempt int
		others  bool
		last    bool
		want    disposition
	}{
		"read":                      {last: true, want: disposition{outcome: OutcomeOK}},
		"gone":                      {err: source.ErrGone, last: true, want: disposition{outcome: OutcomeGone}},
		"too large":                 {err: lines.ErrTooLarge, want: disposition{outcome: OutcomeTooLarge}},
		"shutdown":                  {err: context.Canceled, last: true, want: disposition{retry: true}},
		"overwritten":               {err: &source.OverwrittenError{Now: now}, last: true, want: disposition{retry: true, replacement: &now}},
		"corrupt, second":           {err: lines.ErrCorrupt, attempt: 1, want: disposition{retry: true, charge: true}},
		"corrupt, third":            {err: lines.ErrCorrupt, attempt: 2, want: disposition{outcome: OutcomeCorrupt, retry: true, charge: true, left: true}},
		"corrupt, third and last":   {err: lines.ErrCorrupt, attempt: 2, last: true, want: disposition{outcome: OutcomeCorrupt, retry: true, charge: true, left: true}},
		"corrupt, fourth":           {err: lines.ErrCorrupt, attempt: 3, want: disposition{outcome: OutcomeCorrupt, retry: true, charge: true}},
		"corrupt, fourth and last":  {err: lines.ErrCorrupt, attempt: 3, last: true, want: disposition{outcome: OutcomeCorrupt, retry: true, charge: true}},
		"corrupt, first and last":   {err: lines.ErrCorrupt, last: true, want: disposition{outcome: OutcomeCorrupt, retry: true, charge: true, left: true}},
		"not text, second and last": {err: lines.ErrNotText, attempt: 1, last: true, want: disposition{outcome: OutcomeCorrupt, retry: true, charge: true, left: true}},
		"denied, third":             {err: source.ErrDenied, others: true, attempt: 2, want: disposition{outcome: OutcomeDenied, retry: true, charge: true, left: true}},
		"denied like all":           {err: source.ErrDenied, attempt: 9, want: disposition{retry: true, storageFailed: true}},
		"denied like all, last":     {err: source.ErrDenied, last: true, want: disposition{outcome: OutcomeDenied, retry: true, storageFailed: true, left: true}},
		"out of reach":              {err: source.ErrUnreachable, attempt: 9, want: disposition{retry: true, storageFailed: true}},
		"out of reach, last":        {err: source.ErrUnreachable, last: true, want: disposition{outcome: OutcomeUnreachable, retry: true, storageFailed: true, left: true}},
		"anything else, last":       {err: errors.New("?"), last: true, want: disposition{outcome: OutcomeUnreachable, retry: true, storageFailed: true, left: true}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, dispose(c.err, c.attempt, c.others).leave(c.err, c.attempt, c.last))
		})
	}
}

// Each object that goes to the dead-letter queue is named and counted once, whether its
// policy allows more receives than its third failure, or fewer.
func TestObjectsThatGoToTheDeadLetterQueueAreNamedAndCounted(t *testing.T) {
	unzipped := []byte("\x1f\x8bno gzip")
	for _, offers := range []int{1, 2, 3, 6} {
		t.Run(fmt.Sprint(offers), func(t *testing.T) {
			objects := []*fakeObject{
				{key: "corrupt", content: unzipped, redrive: offers},
				{key: "denied", fault: fmt.Errorf("%w: s3:GetObject", source.ErrDenied), redrive: offers},
			}
			good, want := sampleObjects(24, 300, 10)
			r := newRig(testConfig(), newFakeSource(append(objects, good...)...), &fakeSink{})
			counted := r.countObjects()
			require.NoError(t, r.Run(t.Context()))
			assert.Equal(t, want, r.sink.uids)
			for _, o := range objects {
				assert.Zero(t, o.acked, o.key)
				assert.Equal(t, offers, o.nacked, o.key)
				warnings := r.logged.FilterMessageSnippet("left to the queue's redrive policy, the records before the fault stand: s3://logs/" + o.key).All()
				require.Len(t, warnings, 1, o.key)
				assert.Equal(t, o.key, warnings[0].ContextMap()["outcome"])
				assert.Contains(t, warnings[0].ContextMap()["error"], map[string]string{"corrupt": "compressed data is corrupt", "denied": "s3:GetObject"}[o.key])
			}
			assert.Equal(t, map[string]int64{"ok": int64(len(good)), "corrupt": 1, "denied": 1}, counted.sums)
			assert.EqualValues(t, len(good), r.Totals().Objects)
		})
	}
}

// 12,000 objects of a queue are denied in turn: each is charged when it comes again.
func TestManyDenialsAreRemembered(t *testing.T) {
	d := make(denials)
	works := make([]*source.Work, 12_000)
	for i := range works {
		works[i] = &source.Work{Object: source.Object{Bucket: "b"}, ID: source.Identify("b", fmt.Sprint(i), "")}
		others, _ := d.others(works[i], 0)
		require.False(t, others)
	}
	for _, w := range works {
		others, attempts := d.others(w, 1)
		require.True(t, others)
		require.Equal(t, 1, attempts)
	}
	for i := range maxDenials {
		d.others(&source.Work{Object: source.Object{Bucket: "b"}, ID: source.Identify("c", fmt.Sprint(i), "")}, 0)
	}
	assert.Len(t, d, maxDenials, "and no more")
}

// An object of CSV, HTML or another service's log is reported, and counted apart. Its lines
// are emitted: a bad line is data.
func TestObjectsWithoutAnyRecordAreTold(t *testing.T) {
	record := samplelogs.Records(24, 1)[0]
	empty, blank := &fakeObject{key: "empty"}, textObject("", "  ")
	mixed, csv := textObject("time,client", record), textObject("time,client", "1,2")
	html, html2 := textObject("<html>"), textObject("<html>", "<p>")
	half := textObject("time,client", "1,2") // resumed: what stands before is not known
	half.offset = 12
	r := newRig(testConfig(), newFakeSource(empty, blank, mixed, csv, html, html2, half), &fakeSink{})
	r.parts.NotALogHint = "set the prefix"
	counted := r.countObjects()
	require.NoError(t, r.Run(t.Context()))
	assert.Equal(t, map[string]int64{"ok": 4, "not_a_log": 3}, counted.sums)
	for _, o := range []*fakeObject{csv, html, html2} {
		assert.Equal(t, 1, o.acked)
		warnings := r.logged.FilterMessage("s3://logs/" + o.key + " holds no access log: set the prefix").All()
		require.Len(t, warnings, 1)
		assert.NotZero(t, warnings[0].ContextMap()["malformed_records"])
	}
	assert.Equal(t, 3, r.logged.Len())
	assert.EqualValues(t, 7, r.Totals().Malformed)
	assert.Equal(t, 2, r.sink.uids[hexID("time,client")])
	assert.Equal(t, 1, r.sink.uids[hexID("<p>")])
}

// Where a whole bucket of other files is announced, the log stays readable.
func TestWarningsAboutObjectsWithoutAnyRecordAreBounded(t *testing.T) {
	var objects []*fakeObject
	for i := range 3 * maxNotLogs {
		objects = append(objects, textObject(fmt.Sprint("no record ", i)))
	}
	r := newRig(testConfig(), newFakeSource(objects...), &fakeSink{})
	counted := r.countObjects()
	require.NoError(t, r.Run(t.Context()))
	assert.EqualValues(t, 3*maxNotLogs, counted.sums["not_a_log"])
	assert.Equal(t, maxNotLogs, r.logged.Len())

	r.notLogs.begin = r.notLogs.begin.Add(-notLogsInterval)
	o := &object{work: &source.Work{}}
	r.reportNotALog(o)
	last := r.logged.All()[maxNotLogs]
	assert.EqualValues(t, 2*maxNotLogs, last.ContextMap()["others_not_named"])
	r.reportNotALog(o)
	assert.NotContains(t, r.logged.All()[maxNotLogs+1].ContextMap(), "others_not_named")
}
