//go:build unix

package directory

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

func TestFIFONeverHangs(t *testing.T) {
	r := newRig(t, nil)
	require.NoError(t, syscall.Mkfifo(filepath.Join(r.dir, "fifo"), 0o644))
	require.NoError(t, os.Symlink("fifo", filepath.Join(r.dir, "link")))
	r.write(t, "a", "1\n")
	w, err := r.Next(t.Context())
	require.NoError(t, err)
	require.NoError(t, os.Remove(filepath.Join(r.dir, "a")))
	require.NoError(t, syscall.Mkfifo(filepath.Join(r.dir, "a"), 0o644))
	_, err = w.Content.OpenAt(t.Context(), 0)
	require.ErrorContains(t, err, "replaced by what is no file")
	w.Receipt.Ack()
	assert.Empty(t, r.readAll(t))

	r.walk.root = filepath.Join(r.dir, "fifo")
	r.cfg.Path = r.walk.root
	require.ErrorContains(t, r.walk.start(), "neither a folder nor a regular file")
}

// A link that leads out of the path would let who may write there have any file read and
// sent. The path itself may be a link.
func TestLinksThatLeadOutAreLeftOut(t *testing.T) {
	outside := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(outside, "secret"), []byte("secret\n"), 0o644))
	for _, follow := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, func(c *Config) { c.Follow = follow })
			var logged []string
			r.deps.LeftOut = func(path string, why error) {
				logged = append(logged, r.rel(path))
				assert.ErrorIs(t, why, errOutside)
				assert.ErrorContains(t, why, outside)
			}
			r.write(t, "a", "1\n")
			link := func(to, name string) { require.NoError(t, os.Symlink(to, filepath.Join(r.dir, name))) }
			link(filepath.Join(outside, "secret"), "absolute")
			relative, err := filepath.Rel(r.dir, filepath.Join(outside, "secret"))
			require.NoError(t, err)
			link(relative, "relative")
			link("relative", "twice")
			link(outside, "folder")
			link("../"+filepath.Base(r.dir)+"/a", "z-inside") // out and in again

			path := r.dir
			r.dir = filepath.Join(t.TempDir(), "logs")
			require.NoError(t, os.Symlink(path, r.dir))
			r.cfg.Path = r.dir
			r.restart(t)
			got := ""
			if follow {
				got = r.texts(t, time.Minute)
			} else {
				for _, text := range r.readAll(t) {
					got += text
				}
			}
			assert.Equal(t, "1\n", got)
			assert.Equal(t, []string{"absolute", "folder", "relative", "twice"}, logged)
			assert.Equal(t, logged, r.skipped)
			assert.Empty(t, r.problems)
		})
	}
}

// A file may be replaced by a link between the look and the reading.
func TestLinkThatWasPutInAFilesPlaceIsNotFollowed(t *testing.T) {
	outside := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(outside, "a"), []byte("secret\n"), 0o644))
	for name, replace := range map[string]func(dir string) error{
		"the file":   func(dir string) error { return os.Symlink(filepath.Join(outside, "a"), filepath.Join(dir, "sub", "a")) },
		"its folder": func(dir string) error { return os.Symlink(outside, filepath.Join(dir, "sub")) },
	} {
		r := newRig(t, nil)
		r.write(t, "sub/a", "1\n")
		w, err := r.Next(t.Context())
		require.NoError(t, err)
		require.NoError(t, os.RemoveAll(filepath.Join(r.dir, "sub")))
		if name == "the file" {
			require.NoError(t, os.Mkdir(filepath.Join(r.dir, "sub"), 0o755))
		}
		require.NoError(t, replace(r.dir))
		_, err = w.Content.OpenAt(t.Context(), 0)
		require.ErrorIs(t, err, source.ErrGone, name)
		require.ErrorContains(t, err, "replaced by what is no file", name)
		w.Receipt.Ack()
	}
}

// A file with several names is read once, in a one-shot run too, and while it is read.
func TestFileWithSeveralNamesIsReadOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.write(t, "a", "1\n")
		require.NoError(t, os.Link(filepath.Join(r.dir, "a"), filepath.Join(r.dir, "b")))
		require.NoError(t, os.Symlink("a", filepath.Join(r.dir, "c")))
		w, err := r.Next(t.Context())
		require.NoError(t, err)
		time.AfterFunc(time.Minute, func() { w.Receipt.Ack() })
		assert.Equal(t, "1\n", read(t, w))
		assert.Empty(t, r.readAll(t))
	})
}
