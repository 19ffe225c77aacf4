package output

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/goleak"

	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/intake"
	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/page"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type rig struct {
	*Output
	mu   sync.Mutex
	told []error
}

func start(t *testing.T, path string) *rig {
	t.Helper()
	p, err := page.New()
	require.NoError(t, err)
	r := &rig{}
	r.Output = New(Settings{
		Intake: intake.New(720*time.Hour, time.Now), Page: p, Title: "S3 access", Path: path, Interval: 20 * time.Millisecond, Clock: time.Now,
		Written: func(err error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.told = append(r.told, err)
		},
	})
	r.Start()
	return r
}

func (r *rig) count(t *testing.T) {
	t.Helper()
	logs := plog.NewLogs()
	of := logs.ResourceLogs().AppendEmpty()
	of.Resource().Attributes().PutStr("aws.s3.bucket", "b")
	record := of.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	record.SetEventName("aws.s3.server_access")
	record.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	require.NoError(t, r.Intake.Consume(t.Context(), logs))
}

func (r *rig) results() []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.told
}

func TestTheFileIsWrittenWhenSomethingChangedAndAtTheEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.html")
	r := start(t, path)
	require.Eventually(t, func() bool { return r.Current() != nil }, 10*time.Second, time.Millisecond, "a server has something before")
	assert.NoFileExists(t, path, "nothing was counted")
	r.count(t)
	require.Eventually(t, func() bool { _, err := os.Stat(path); return err == nil }, 10*time.Second, time.Millisecond)
	opened, err := os.Open(path) // so that no other file gets its inode
	require.NoError(t, err)
	defer func() { require.NoError(t, opened.Close()) }()
	first, err := opened.Stat()
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		assert.Equal(t, os.FileMode(0o600), first.Mode().Perm(), "it holds personal data")
	}
	etag := r.Current().ETag
	r.count(t)
	require.Eventually(t, func() bool { return r.Current().ETag != etag }, 10*time.Second, time.Millisecond)
	require.NoError(t, r.Stop(t.Context()))
	last, err := os.Stat(path)
	require.NoError(t, err)
	assert.False(t, os.SameFile(first, last), "another file in its place, not written over")
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, entries, 1, "nothing is left beside it")
}

func TestAFolderThatIsNotThereIsToldAndTriedAgain(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "folder")
	path := filepath.Join(folder, "report.html")
	r := start(t, path)
	r.count(t)
	require.Eventually(t, func() bool { return len(r.results()) > 1 }, 10*time.Second, time.Millisecond)
	require.ErrorIs(t, r.results()[1], os.ErrNotExist)
	require.NoError(t, os.Mkdir(folder, 0o700))
	require.Eventually(t, func() bool { _, err := os.Stat(path); return err == nil }, 10*time.Second, time.Millisecond)
	require.NoError(t, r.Stop(t.Context()))
}

// What hangs is the page, as a disk would in the write of it.
func TestStopLeavesBehindWhatHangs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.html")
	r := start(t, path)
	require.Eventually(t, func() bool { return r.Current() != nil }, 10*time.Second, time.Millisecond)
	<-r.idle // a write that hangs has it
	r.count(t)
	require.Eventually(t, func() bool { return len(r.results()) > 0 }, 10*time.Second, time.Millisecond)
	require.ErrorIs(t, r.results()[0], ErrBehind)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	begin := time.Now()
	require.ErrorIs(t, r.Stop(ctx), ErrBehind)
	assert.Less(t, time.Since(begin), 2*time.Second)
	assert.NoFileExists(t, path)
	r.idle <- struct{}{} // the disk is back: the last report is written after all
	require.Eventually(t, func() bool { _, err := os.Stat(path); return err == nil }, 10*time.Second, time.Millisecond)
}

func TestAFileIsReplacedAtOnceOrNotAtAll(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	require.NoError(t, os.WriteFile(path+".tmp", []byte("left behind by a kill"), 0o600))
	failed := errors.New("failed")
	err := writeFile(path, func(w io.Writer) error {
		_, _ = io.WriteString(w, "half")
		return failed
	})
	require.ErrorIs(t, err, failed)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "old", string(text))
	assert.NoFileExists(t, path+".tmp")
	require.NoError(t, writeFile(path, func(w io.Writer) error {
		_, err := io.WriteString(w, "new")
		return err
	}))
	text, err = os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "new", string(text))
}
