package directory

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/later"
)

// works returns what comes within d, that of a scan at its end with it: Next is
// ended when it waits, never in the middle of a scan.
func (r *rig) works(t *testing.T, d time.Duration) (got []*source.Work) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	time.AfterFunc(d, func() {
		synctest.Wait()
		cancel()
	})
	for {
		w, err := r.Next(ctx)
		if errors.Is(err, context.Canceled) {
			return got
		}
		require.NoError(t, err)
		got = append(got, w)
	}
}

// look reads and settles what comes within d and returns the paths.
func (r *rig) look(t *testing.T, d time.Duration) (paths []string) {
	t.Helper()
	for _, w := range r.works(t, d) {
		read(t, w)
		w.Receipt.Ack()
		paths = append(paths, r.rel(w.Object.Key))
	}
	return paths
}

func newFollower(t *testing.T) *rig {
	t.Helper()
	return newRig(t, func(s *Config) { s.Follow = true })
}

func TestFollowReadsEachFileOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFollower(t)
		r.write(t, "a", "1\n")
		time.Sleep(time.Minute)
		assert.Equal(t, []string{"a"}, r.look(t, time.Second), "an old file is complete")
		r.write(t, "b/c", "2\n")
		assert.Equal(t, []string{"b/c"}, r.look(t, time.Minute))
		assert.Empty(t, r.look(t, time.Hour))
	})
}

func TestFollowWaitsUntilAFileIsQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFollower(t)
		text := ""
		for range 10 { // it grows at each look
			text += "line\n"
			r.write(t, "a", text)
			assert.Empty(t, r.works(t, scanInterval/2))
		}
		works := r.works(t, time.Minute)
		require.Len(t, works, 1)
		assert.Equal(t, text, read(t, works[0]))
	})
}

func TestFollowLeavesTemporaryNamesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFollower(t)
		r.write(t, simpleName+".6eF24cBa", "1\n") // as aws s3 sync does
		assert.Empty(t, r.works(t, time.Second))
		require.NoError(t, os.Rename(filepath.Join(r.dir, simpleName+".6eF24cBa"), filepath.Join(r.dir, simpleName)))
		assert.Equal(t, []string{simpleName}, r.look(t, time.Minute))
		assert.Len(t, r.files.files, 1, "what is gone is forgotten")
	})
}

func TestFollowReadsWhatWasAppended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFollower(t)
		r.write(t, "a", strings.Repeat("line\n", 100))
		assert.Equal(t, []string{"a"}, r.look(t, time.Minute))
		r.write(t, "a", strings.Repeat("line\n", 100)+"more\n")
		works := r.works(t, time.Minute)
		require.Len(t, works, 1)
		assert.Equal(t, int64(500), works[0].Offset)
		assert.Equal(t, "more\n", read(t, works[0]))

		// What comes while it is out is left for the next time.
		r.write(t, "a", strings.Repeat("line\n", 100)+"more\nand more\n")
		assert.Equal(t, "more\n", read(t, works[0]))
		assert.Empty(t, r.works(t, time.Minute), "never twice at a time")
		works[0].Receipt.Ack()
		works = r.works(t, time.Minute)
		require.Len(t, works, 1)
		assert.Equal(t, "and more\n", read(t, works[0]))
		works[0].Receipt.Ack()
		assert.Empty(t, r.works(t, time.Minute))
	})
}

func TestFollowReadsAnewWhatIsNotTheSame(t *testing.T) {
	for name, texts := range map[string][2]string{
		"other bytes":        {"line\n", "LINE\nmore\n"},
		"a torn line":        {"lin", "line\n"},
		"packed":             {"\x1f\x8b\x08...\n", "\x1f\x8b\x08...\nmore\n"},
		"shorter":            {"line\nline\n", "line\n"},
		"of the same length": {"line\n", "LINE\n"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newFollower(t)
				r.write(t, "a", texts[0])
				require.Equal(t, []string{"a"}, r.look(t, time.Minute))
				r.write(t, "a", texts[1])
				works := r.works(t, time.Minute)
				require.Len(t, works, 1)
				assert.Equal(t, int64(0), works[0].Offset)
				assert.Equal(t, texts[1], read(t, works[0]))
				works[0].Receipt.Ack()
			})
		})
	}
}

func TestFollowTellsAReplacedFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFollower(t)
		r.write(t, "a", "old\n")
		works := r.works(t, time.Minute)
		require.Len(t, works, 1)
		read(t, works[0])
		r.write(t, "new", "old\nand new\n")
		require.NoError(t, os.Rename(filepath.Join(r.dir, "new"), filepath.Join(r.dir, "a")))
		_, err := works[0].Content.OpenAt(t.Context(), 0)
		require.ErrorIs(t, err, source.ErrChanged)
		works[0].Receipt.Ack()
		works = r.works(t, time.Minute)
		require.Len(t, works, 1)
		assert.Equal(t, "old\nand new\n", read(t, works[0]), "from its beginning: nobody knows what was read of it")
		works[0].Receipt.Ack()
	})
}

func TestFollowReportsWhatItLeavesAloneOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFollower(t)
		r.write(t, ".hidden", "")
		assert.Empty(t, r.look(t, time.Hour))
		assert.Equal(t, []string{".hidden"}, r.skipped)
	})
}

func TestFollowLooksAtIntervals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFollower(t)
		scans := 0
		open := r.walk.openDir
		r.walk.openDir = func(path string) (*os.File, error) { scans++; return open(path) }
		assert.Empty(t, r.works(t, 20*time.Second-time.Millisecond))
		assert.Equal(t, 10, scans)
	})
}

func TestFollowTellsWhenThePathGoesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFollower(t)
		r.write(t, "a", "x\n")
		assert.Len(t, r.look(t, time.Minute), 1)
		require.NoError(t, os.RemoveAll(r.dir))
		_, err := r.Next(t.Context())
		require.ErrorIs(t, err, os.ErrNotExist)
		r.write(t, "b", "y\n")
		assert.Equal(t, []string{"b"}, r.look(t, time.Minute))
	})
}

func TestMemoryOfAFollowedFile(t *testing.T) {
	const n = 200_000
	w := newWatch(quietTime)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range n {
		key := idOf(strconv.Itoa(i))
		w.observe(key, 1, time.Time{}, time.Now())
		w.done(key, fileID(key), reading{}, false)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(w)
	perFile := float64(int64(after.HeapAlloc)-int64(before.HeapAlloc)) / n
	t.Logf("%.0f bytes for each file", perFile)
	assert.Less(t, perFile, 140.0)
}

// Next may hand the file out again before the call that gave it back returns.
func TestFileCanBeHandedBackAgainWhileItsReceiptIsBeingSettled(t *testing.T) {
	r := newRig(t, nil)
	r.later = later.New(0, retryLimit)
	r.write(t, simpleName, "text")
	w, err := r.Next(t.Context())
	require.NoError(t, err)
	for range 100 {
		var settled sync.WaitGroup
		settled.Go(func() { w.Receipt.Nack(0, true) })
		again, err := r.Next(t.Context())
		require.NoError(t, err)
		again.Receipt.Nack(0, true)
		settled.Wait()
		w, err = r.Next(t.Context())
		require.NoError(t, err)
	}
	assert.Equal(t, 200, w.Attempt)
}
