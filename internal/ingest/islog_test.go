package ingest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// stored is the content of an object that is not handed out.
type stored struct {
	bytes []byte
	err   error // of OpenAt
}

func (s stored) OpenAt(context.Context, int64) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(s.bytes)), s.err
}

// What lies beside access logs in a bucket is not taken for one.
func TestIsLog(t *testing.T) {
	record := samplelogs.Records(55, 1)[0]
	object := `{"schema_version_id":"V_1_0","bucket_name":"b","request_time":"2026-02-06T00:00:38.000Z","operation":"REST.GET.OBJECT"}`
	for name, c := range map[string]struct {
		text string
		want bool
	}{
		"text":                      {record, true},
		"blank lines before it":     {"\r\n \n" + record + "\n", true},
		"cut off behind it":         {record + "\n" + record[:50], true},
		"JSON":                      {object + "\n", true},
		"JSON without newlines":     {object + object + object, true},
		"JSON of a later version":   {strings.Replace(object, "V_1_0", "V_9_0", 1), true},
		"JSON with a wrong member":  {`{"bucket_name":"b","operation":"REST.GET.OBJECT","http_status":"none"}`, true},
		"CloudTrail":                {`{"Records":[{"eventVersion":"1.08","eventName":"GetObject"}]}`, false},
		"another JSON":              {`{"bucket_name":"b"}`, false},
		"flow log":                  {"version account-id interface-id srcaddr\n2 111122223333 eni-1 10.0.0.1\n", false},
		"load balancer":             {`https 2026-11-22T05:12:33.123456Z app/web/50dc6c495c0c9188 192.0.2.1:2817 10.0.0.1:80 0.000 0.001 0.000 200 200 34 366 "GET https://example.com:443/ HTTP/1.1" "curl/8.5.0"` + "\n", false},
		"a record behind something": {"# exported\n" + record, false},
		"CSV":                       {"bucket,key\n", false},
		"HTML":                      {"<html>\n", false},
		"an image":                  {"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00", false},
		"broken gzip":               {"\x1f\x8b\x08\x00broken", false},
	} {
		t.Run(name, func(t *testing.T) {
			e := newRig(testConfig(), newFakeSource(), &fakeSink{})
			for _, content := range [][]byte{[]byte(c.text), packed(t, c.text)} {
				got, err := e.IsLog(t.Context(), stored{bytes: content})
				require.NoError(t, err)
				assert.Equal(t, c.want, got)
			}
		})
	}
}

func TestIsLogOfWhatCannotTell(t *testing.T) {
	e := newRig(testConfig(), newFakeSource(), &fakeSink{})
	for name, c := range map[string]struct {
		content stored
		want    error
	}{
		"empty":      {stored{}, errNoLine},
		"blank":      {stored{bytes: []byte("\n \n\n")}, errNoLine},
		"empty gzip": {stored{bytes: packed(t, "")}, errNoLine},
		"denied":     {stored{err: source.ErrDenied}, source.ErrDenied},
		"away":       {stored{err: errors.New("no answer")}, nil},
	} {
		got, err := e.IsLog(t.Context(), c.content)
		require.Error(t, err, name)
		assert.False(t, got, name)
		if c.want != nil {
			assert.ErrorIs(t, err, c.want, name)
		}
	}
}

func TestArchivedObjectsAreDone(t *testing.T) {
	a, b := &fakeObject{key: "a", fault: source.ErrArchived}, &fakeObject{key: "b", fault: source.ErrArchived}
	c := &fakeObject{key: "c", content: []byte(samplelogs.Records(55, 1)[0] + "\n")}
	r := newRig(testConfig(), newFakeSource(a, b, c), &fakeSink{})
	require.NoError(t, r.Run(t.Context()))
	for _, o := range []*fakeObject{a, b, c} {
		assert.Equal(t, 1, o.acked, o.key)
		assert.Zero(t, o.nacked)
	}
	assert.Empty(t, r.logged.FilterLevelExact(zapcore.WarnLevel).All(), "their source tells")
}
