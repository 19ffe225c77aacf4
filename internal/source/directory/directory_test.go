package directory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	simpleName = "2026-11-22-10-00-00-AAAAAAAAAAAAAAAA"
	partName   = "111122223333/eu-west-1/bucket/2026/11/22/2026-11-22-00-00-00-BBBBBBBBBBBBBBBB.gz"
)

// rig is a source over a temporary folder. The tests that follow run in a
// synctest bubble: waiting takes no time there, and files get its times.
type rig struct {
	*Source
	store    *checkpoint.Store
	dir      string
	skipped  []string
	problems map[string]error
}

func newRig(t *testing.T, change func(*Config)) *rig {
	t.Helper()
	r := &rig{dir: t.TempDir(), store: checkpoint.InMemory(), problems: map[string]error{}}
	cfg, deps := Config{Path: r.dir}, Deps{
		Progress: r.store,
		Skipped:  func(path string) { r.skipped = append(r.skipped, r.rel(path)) },
		Problem:  func(path string, err error) { r.problems[r.rel(path)] = err },
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	r.Source, err = New(cfg, deps)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

func (r *rig) rel(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, r.dir), "/")
}

// write makes a file that was modified now.
func (r *rig) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(r.dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	r.touch(t, name)
}

func (r *rig) touch(t *testing.T, name string) {
	t.Helper()
	require.NoError(t, os.Chtimes(filepath.Join(r.dir, name), time.Now(), time.Now()))
}

func read(t *testing.T, w *source.Work) string {
	t.Helper()
	r, err := w.Content.OpenAt(t.Context(), w.Offset)
	require.NoError(t, err)
	defer r.Close()
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(text)
}

// readAll reads and settles everything up to io.EOF.
func (r *rig) readAll(t *testing.T) map[string]string {
	t.Helper()
	got := map[string]string{}
	for {
		w, err := r.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return got
		}
		require.NoError(t, err)
		require.NotContains(t, got, r.rel(w.Object.Key))
		got[r.rel(w.Object.Key)] = read(t, w)
		w.Receipt.Ack()
	}
}

func TestOneShotReadsAllThereIs(t *testing.T) {
	r := newRig(t, nil)
	want := map[string]string{
		simpleName: "simple", partName: "partitioned", "plain.log": "whatever its name",
		"deep/er/and/deeper/x": "deep", "empty": "",
	}
	for name, text := range want {
		r.write(t, name, text)
	}
	r.write(t, ".hidden", "no")
	r.write(t, ".git/config", "no")
	require.NoError(t, os.Symlink(filepath.Join(r.dir, "plain.log"), filepath.Join(r.dir, "link")))
	delete(want, "plain.log") // it is the same file, and its records count once
	want["link"] = "whatever its name"
	require.NoError(t, os.Symlink(r.dir, filepath.Join(r.dir, "deep", "loop")))
	require.NoError(t, os.Symlink("nowhere", filepath.Join(r.dir, "dangling")))

	assert.Equal(t, want, r.readAll(t))
	assert.ElementsMatch(t, []string{".hidden", ".git", "deep/loop"}, r.skipped)
	require.Len(t, r.problems, 1)
	assert.ErrorIs(t, r.problems["dangling"], fs.ErrNotExist)
	_, err := r.Next(t.Context())
	assert.Equal(t, io.EOF, err, "the end stays")
}

func TestObjectIsNamedAsTheUserKnowsIt(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	require.NoError(t, os.MkdirAll("logs/"+filepath.Dir(partName), 0o755))
	require.NoError(t, os.WriteFile("logs/"+partName, []byte("12345"), 0o644))
	for _, path := range []string{"./logs", "./logs/"} {
		s, err := New(Config{Path: path}, Deps{Progress: checkpoint.InMemory()})
		require.NoError(t, err)
		w, err := s.Next(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "./logs/"+partName, w.Object.Key)
		assert.Equal(t, "./logs/"+partName, w.Object.URI())
		assert.Equal(t, int64(5), w.Object.Size)
		assert.Equal(t, "111122223333", w.Object.Name.AccountID)
		assert.Equal(t, "bucket", w.Object.Name.Bucket)
		w.Receipt.Ack()
	}
}

func TestPathThatIsAFile(t *testing.T) {
	r := newRig(t, nil)
	r.write(t, ".one", "text")
	r.walk.root = filepath.Join(r.dir, ".one")
	assert.Equal(t, map[string]string{".one": "text"}, r.readAll(t))
}

func TestManyFilesComeInOrder(t *testing.T) {
	r := newRig(t, nil)
	for i := range batchSize {
		r.write(t, fmt.Sprintf("%05d", i), "")
	}
	for i := range batchSize {
		w, err := r.Next(t.Context())
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf("%05d", i), r.rel(w.Object.Key))
		w.Receipt.Ack()
	}
	_, err := r.Next(t.Context())
	assert.Equal(t, io.EOF, err)
}

func TestMoreFilesThanABatch(t *testing.T) {
	r := newRig(t, nil)
	for i := range 2*batchSize + 10 {
		r.write(t, fmt.Sprintf("d/%05d", i), "x")
	}
	assert.Len(t, r.readAll(t), 2*batchSize+10)
}

func TestEndWaitsForTheLastReceipt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.write(t, "a", "one")
		r.write(t, "b", "two")
		a, err := r.Next(t.Context())
		require.NoError(t, err)
		b, err := r.Next(t.Context())
		require.NoError(t, err)
		next := make(chan *source.Work)
		var end error
		go func() {
			for {
				w, err := r.Next(t.Context())
				if err != nil {
					end = err
					close(next)
					return
				}
				next <- w
			}
		}()
		began := time.Now()
		a.Receipt.Nack(2, true)
		again := <-next
		assert.Equal(t, retryAfter, time.Since(began))
		assert.Equal(t, a.Object.Key, again.Object.Key)
		assert.Equal(t, int64(2), again.Offset)
		assert.Equal(t, 1, again.Attempt)
		assert.Equal(t, "e", read(t, again))
		synctest.Wait()
		again.Receipt.Ack()
		synctest.Wait()
		require.NoError(t, end)
		b.Receipt.Ack()
		<-next
		assert.Equal(t, io.EOF, end)
	})
}

func TestPathIsMissingForAWhile(t *testing.T) {
	r := newRig(t, nil)
	r.walk.root = filepath.Join(r.dir, "later")
	r.cfg.Path = r.walk.root
	for range 2 {
		_, err := r.Next(t.Context())
		require.ErrorIs(t, err, fs.ErrNotExist)
		assert.Contains(t, err.Error(), "directory.path")
		assert.Contains(t, err.Error(), r.walk.root)
		t.Log(err)
	}
	r.write(t, "later/x", "text")
	assert.Equal(t, map[string]string{"later/x": "text"}, r.readAll(t))
}

func TestPathBelowAFileIsNamed(t *testing.T) {
	r := newRig(t, nil)
	r.write(t, "file", "x")
	r.walk.root = filepath.Join(r.dir, "file", "below")
	r.cfg.Path = r.walk.root
	_, err := r.Next(t.Context())
	require.ErrorContains(t, err, "directory.path: ")
	require.ErrorContains(t, err, r.walk.root)
}

func TestFolderThatCannotBeRead(t *testing.T) {
	denied := func(path string) (*os.File, error) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
	}
	t.Run("the root is an error", func(t *testing.T) {
		r := newRig(t, nil)
		r.walk.openDir = denied
		_, err := r.Next(t.Context())
		require.ErrorIs(t, err, source.ErrDenied)
		assert.Contains(t, err.Error(), "directory.path")
		t.Log(err)
	})
	t.Run("any other is reported once and the rest goes on", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, func(s *Config) { s.Follow = true })
			reports := 0
			problem := r.deps.Problem
			r.deps.Problem = func(path string, err error) { reports++; problem(path, err) }
			open := r.walk.openDir
			r.walk.openDir = func(path string) (*os.File, error) {
				if filepath.Base(path) == "secret" {
					return denied(path)
				}
				return open(path)
			}
			r.write(t, "a/x", "1")
			r.write(t, "secret/x", "2")
			r.write(t, "z/x", "3")
			assert.Equal(t, []string{"a/x", "z/x"}, r.look(t, time.Minute))
			assert.ErrorIs(t, r.problems["secret"], fs.ErrPermission)
			assert.Equal(t, 1, reports)
			r.walk.openDir = open
			assert.Equal(t, []string{"secret/x"}, r.look(t, time.Minute), "it healed")
		})
	})
}

func TestContentErrors(t *testing.T) {
	r := newRig(t, nil)
	r.write(t, "x", "12345")
	w, err := r.Next(t.Context())
	require.NoError(t, err)
	_, err = w.Content.OpenAt(t.Context(), 6)
	require.ErrorIs(t, err, source.ErrChanged)

	content, err := w.Content.OpenAt(t.Context(), 5)
	require.NoError(t, err)
	_, err = content.Read(make([]byte, 1))
	assert.Equal(t, io.EOF, err, "at its end")
	require.NoError(t, content.Close())

	content, err = w.Content.OpenAt(t.Context(), 0)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(w.Object.Key, 2))
	_, err = io.ReadAll(content)
	require.ErrorIs(t, err, source.ErrChanged)
	require.NoError(t, content.Close())

	require.NoError(t, os.Remove(w.Object.Key))
	_, err = w.Content.OpenAt(t.Context(), 0)
	require.ErrorIs(t, err, source.ErrGone)
	assert.Contains(t, err.Error(), w.Object.Key)
	assert.ErrorIs(t, readError("x", fs.ErrPermission), source.ErrDenied)
	assert.ErrorIs(t, readError("x", errors.New("input/output error")), source.ErrUnreachable)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = w.Content.OpenAt(ctx, 0)
	assert.ErrorIs(t, err, context.Canceled)
}

func TestHandedBackWorkIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		for i := range retryLimit + 10 {
			r.write(t, fmt.Sprintf("%05d", i), "")
		}
		for range retryLimit + 1 { // one passes, in case the trouble is with the others alone
			w, err := r.Next(t.Context())
			require.NoError(t, err)
			w.Receipt.Nack(0, false)
		}
		began := time.Now()
		_, err := r.Next(t.Context())
		require.NoError(t, err)
		assert.Equal(t, retryAfter, time.Since(began))
	})
}

func TestWrongSettings(t *testing.T) {
	_, err := New(Config{}, Deps{})
	require.ErrorContains(t, err, "`directory::path` is missing")
}
