package e2e

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Into a directory that is followed, tools copy in their ways; what is read is moved, and
// the collector is killed meanwhile. No half file is read, and nothing twice but what a
// kill allows.
func TestFollowedDirectoryWhileToolsCopyAndMove(t *testing.T) {
	t.Parallel()
	program(t)
	c := makeCorpus(91, 90, 6, 800)
	dir := t.TempDir()
	f := newFollowing(t, &feed{source: "directory: {path: " + dir + ", follow: true}\n"})
	f.back.slowDown(20 * time.Millisecond)
	stored := c.stored(t)
	keys := slices.Sorted(maps.Keys(stored))
	const runs = 3
	written, kills := uids{}, 0
	for run := range runs {
		part := keys[run*len(keys)/runs : (run+1)*len(keys)/runs]
		victim := f.start(t)
		victim.ready(t)
		copyAsTools(t, dir, part, stored)
		for _, key := range part {
			maps.Copy(written, c.records[key])
		}
		f.back.reached(t, time.Minute, len(written)-len(written)/10)
		victim.kill(t)
		kills++

		next := f.start(t)
		next.ready(t)
		f.back.reached(t, time.Minute, len(written))
		time.Sleep(6 * time.Second) // a commit without a batch, and looks that must find nothing
		move(t, dir, part, "followed")
		time.Sleep(5 * time.Second)
		next.stop(t, 15*time.Second)
		move(t, filepath.Join(dir, "followed"), part, "stopped")
	}
	last := f.start(t)
	last.ready(t)
	time.Sleep(6 * time.Second)
	last.stop(t, 15*time.Second)
	twice := f.back.assertAll(t, c.want)
	assert.LessOrEqual(t, twice, kills*atMostAgain)
	f.back.metrics.assertAll(t, c.sums, 1)
	t.Logf("%d files, %d records, %d kills: %d records came twice", len(keys), len(c.want), kills, twice)
}

// copyAsTools writes files in three parts with some looks between them: as the AWS CLI and
// rclone do, to another name, and as curl does, to the name itself, where it stops behind
// a line. That such a file grows is known, and stored, when the last part comes: it has
// enough lines for that.
func copyAsTools(t *testing.T, dir string, keys []string, stored map[string][]byte) {
	t.Helper()
	const parts = 3
	old := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	names, written := map[string]string{}, map[string]int{}
	for i, key := range keys {
		name := filepath.Join(dir, key)
		switch {
		case i%3 == 0:
			name += ".6E8b2d1a"
		case i%3 == 1 || !isText(stored[key]) || bytes.Count(stored[key], []byte("\n")) < parts:
			name += ".1f2e3d4c.partial"
		}
		names[key] = name
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
	}
	for part := 1; part <= parts; part++ {
		for key, name := range names {
			text := stored[key]
			to := len(text) * part / parts
			for name == filepath.Join(dir, key) && to > written[key] && text[to-1] != '\n' {
				to--
			}
			file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
			require.NoError(t, err)
			_, err = file.Write(text[written[key]:to])
			require.NoError(t, err)
			require.NoError(t, file.Close())
			written[key] = to
			if part == parts {
				require.NoError(t, os.Chtimes(name, old, old))
				require.NoError(t, os.Rename(name, filepath.Join(dir, key)))
			}
		}
		if part < parts {
			time.Sleep(8 * time.Second)
		}
	}
}

// isText reports whether an object is not packed.
func isText(stored []byte) bool { return stored[0] != 0x1f && stored[0] != 0x28 }

// move moves files into a folder.
func move(t *testing.T, dir string, keys []string, folder string) {
	t.Helper()
	for _, key := range keys {
		to := filepath.Join(dir, folder, key)
		require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o755))
		require.NoError(t, os.Rename(filepath.Join(dir, key), to))
	}
}
