package otlplogs

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// checkSize holds Size against the size of what Logs returns, and returns that.
func checkSize(t testing.TB, b *Batch) plog.Logs {
	t.Helper()
	estimate := b.Size()
	logs := b.Logs()
	size := (&plog.ProtoMarshaler{}).LogsSize(logs)
	require.GreaterOrEqual(t, estimate, size)
	require.LessOrEqual(t, estimate, size+size/20+64)
	return logs
}

func TestSizeOfGoldens(t *testing.T) {
	files, err := filepath.Glob("../../testdata/accesslog/*.log")
	require.NoError(t, err)
	for _, file := range files {
		lines := linesOf(t, file)
		checkSize(t, batchOf(testOptions(), testOrigin(), lines...))
		for _, line := range lines {
			checkSize(t, batchOf(testOptions(), testOrigin(), line))
		}
	}
}

func TestSizeOfTheMix(t *testing.T) {
	o := testOptions()
	for _, o.Original = range []Original{OriginalOnError, OriginalAlways} {
		checkSize(t, batchOf(o, testOrigin(), samplelogs.Records(3, 2000)...))
	}
}

// The sizes of lengths change at 128, 16384 and 2 MiB.
func TestSizeAtTheEdges(t *testing.T) {
	o := testOptions()
	for _, edge := range []int{1 << 7, 1 << 14, 1 << 21} {
		for n := edge - 60; n < edge+8; n++ {
			checkSize(t, batchOf(o, testOrigin(), line{agent: strings.Repeat("a", n)}.String()))
		}
	}
}

// With all that makes a record large, none is larger than the limit: what is
// long in it is cut, on a character's boundary.
func TestMaxRecordSize(t *testing.T) {
	const limit = 1 << 20
	o := testOptions()
	o.Original, o.Body, o.MaxRecordSize = OriginalAlways, BodyOriginal, limit
	lines := map[string]string{
		"user agent":   line{agent: strings.Repeat("\xffé", 1<<18)}.String(),
		"key and path": line{key: strings.Repeat("k", 1<<18), uri: "GET /" + strings.Repeat("k", 1<<18) + " HTTP/1.1"}.String(),
		"query":        line{uri: "GET /k?" + strings.Repeat("sig=a&", 1<<17) + " HTTP/1.1"}.String(),
		"extra fields": line{}.String() + strings.Repeat(" 1", 1<<18),
		"malformed":    strings.Repeat("\xff ", 1<<19),
		"bucket":       strings.Replace(line{}.String(), "mybucket", strings.Repeat("b", 1<<19), 1),
	}
	for name, text := range lines {
		t.Run(name, func(t *testing.T) {
			b := batchOf(o, testOrigin(), text)
			assert.Less(t, b.Size(), limit)
			logs := checkSize(t, b)
			checkUTF8(t, logs)
			lr := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
			original, ok := lr.Attributes().Get("log.record.original")
			require.True(t, ok)
			assert.Equal(t, original.Str(), lr.Body().Str())
			assert.InDelta(t, cutLength, len(original.Str()), 3)
		})
	}

	t.Run("a smaller one stays whole", func(t *testing.T) {
		agent := strings.Repeat("a", 10_000)
		assert.Equal(t, agent, attributesOf(t, o, line{agent: agent}.String())["user_agent.original"])
	})
	t.Run("without a limit all stay whole", func(t *testing.T) {
		o := testOptions()
		agent := strings.Repeat("a", 2<<20)
		assert.Equal(t, agent, attributesOf(t, o, line{agent: agent}.String())["user_agent.original"])
	})
}

func TestCut(t *testing.T) {
	exact := strings.Repeat("a", cutLength)
	assert.Equal(t, exact, cut(exact))
	assert.Equal(t, exact, cut(exact+"b"))
	assert.Equal(t, exact[1:], cut(exact[1:]+"é"))
	assert.Equal(t, exact[2:]+"é", cut(exact[2:]+"é"))
	assert.Empty(t, cut(""))
}
