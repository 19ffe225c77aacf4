package s3accesslogsreceiver

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

const (
	evil      = "a\x00\t\r\n\x1b[31m\x7f\u009b\u2028\u2029\u061c\u200e\u200f\u202e\u2066\u2069\xffz \u00e9 \u65e5"
	evilShown = `a\u{0}\u{9}\u{d}\u{a}\u{1b}[31m\u{7f}\u{9b}\u{2028}\u{2029}\u{61c}\u{200e}\u{200f}\u{202e}\u{2066}\u{2069}` + "\ufffdz \u00e9 \u65e5"
)

type named string

func (n named) String() string { return string(n) }

// Whatever is logged, and however, control characters do not reach the terminal.
func TestTheLogShowsControlCharacters(t *testing.T) {
	core, logged := observer.New(zap.InfoLevel)
	log := escaping(zap.New(core, zap.AddCaller()))
	log.With(zap.String("with", evil)).Warn("message "+evil,
		zap.String("text", evil), zap.Error(errors.New(evil)), zap.Strings("texts", []string{evil, "b"}),
		zap.Stringer("stringer", named(evil)), zap.ByteString("bytes", []byte(evil)), zap.Int("number", 5), zap.Duration("in", time.Second))
	log.Debug("not logged")
	require.Equal(t, 1, logged.Len())
	e := logged.All()[0]
	assert.Equal(t, "message "+evilShown, e.Message)
	assert.Equal(t, zap.WarnLevel, e.Level)
	assert.Contains(t, e.Caller.File, "log_test.go")
	assert.Equal(t, map[string]any{
		"with": evilShown, "text": evilShown, "error": evilShown, "texts": []any{evilShown, "b"},
		"stringer": evilShown, "bytes": evilShown, "number": int64(5), "in": time.Second,
	}, e.ContextMap())
}

// The core below still decides how often a message is logged.
func TestTheLogKeepsTheRateBelow(t *testing.T) {
	core, logged := observer.New(zap.InfoLevel)
	sampled := zapcore.NewSamplerWithOptions(core, time.Minute, 2, 0)
	log := escaping(zap.New(sampled))
	for i := range 5 {
		log.Warn("same", zap.Int("i", i))
		log.Warn(fmt.Sprint("other ", i))
	}
	assert.Equal(t, 2, logged.FilterMessage("same").Len())
	assert.Equal(t, 5, logged.FilterMessageSnippet("other").Len())
}

// Every object that is given up is named, however the collector samples its log,
// and whatever its name is.
func TestEachObjectGivenUpIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		for i := range 50 {
			writeFile(t, filepath.Join(dir, fmt.Sprintf("2026-11-09-10-00-00-%016d.gz", i)), "\x1f\x8bno gzip")
		}
		writeFile(t, filepath.Join(dir, "evil\x1b[2J\u202e.gz"), "\x1f\x8bno gzip")
		core, logged := observer.New(zap.InfoLevel)
		set := settings("sampled")
		set.Logger = zap.New(zapcore.NewSamplerWithOptions(core, 10*time.Second, 10, 100)) // the collector's default
		r, err := NewFactory().CreateLogs(t.Context(), set, directoryConfig(dir), consumertest.NewNop())
		require.NoError(t, err)
		require.NoError(t, r.Start(t.Context(), newStatusHost()))
		t.Cleanup(func() { assert.NoError(t, r.Shutdown(context.WithoutCancel(t.Context()))) })
		(&running{logged: logged}).awaitLogged(t, "directory read to its end")
		for i := range 50 {
			assert.Equal(t, 1, logged.FilterMessageSnippet(fmt.Sprintf("given up, the records before the fault stand: %s/2026-11-09-10-00-00-%016d.gz", dir, i)).Len())
		}
		assert.Equal(t, 1, logged.FilterMessageSnippet(`given up, the records before the fault stand: `+dir+`/evil\u{1b}[2J\u{202e}.gz`).Len())
	})
}

func TestWhatIsShownIsBounded(t *testing.T) {
	for _, char := range []string{"x", "\u202e", "\u65e5"} {
		text := escape(strings.Repeat(char, 300_000))
		assert.LessOrEqual(t, len(text), maxLogText)
		assert.True(t, strings.HasSuffix(text, "..."))
		assert.True(t, utf8.ValidString(text))
	}
}

// Thousands of buckets are found at once: the log has some of them, says that there are
// more, and goes on a minute later.
func TestLinesAboutSingleBucketsAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logged := observer.New(zap.InfoLevel)
		few := fewLines{log: zap.New(core), clock: systemClock{}}
		for i := range 2000 {
			few.notice(i%2 == 0, fmt.Sprint("bucket found: ", i))
		}
		require.Equal(t, maxBucketLines+1, logged.Len())
		assert.Equal(t, zap.WarnLevel, logged.All()[0].Level)
		assert.Equal(t, "bucket found: 99", logged.All()[99].Message)
		assert.Equal(t, "further lines about single buckets are left out for a minute", logged.All()[100].Message)
		time.Sleep(time.Minute)
		few.notice(false, "later")
		assert.Equal(t, "later", logged.All()[101].Message)
	})
}
