package directory

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// commit commits what the source wants, and works as done, as the engine does.
func (r *rig) commit(t *testing.T, works ...*source.Work) {
	t.Helper()
	var c checkpoint.Change
	for _, w := range works {
		c.Done(w.Group, w.ID)
		if w.Alias != (source.ID{}) {
			c.Done(w.Group, w.Alias)
		}
	}
	own := r.Change()
	for name, value := range own.Cursors {
		c.Cursor(name, value)
	}
	for _, group := range own.Forget {
		c.Forget(group)
	}
	for group, ids := range own.Done {
		for _, id := range ids {
			c.Done(group, id)
		}
	}
	require.NoError(t, r.store.Commit(t.Context(), &c))
	for _, w := range works {
		w.Receipt.Ack()
	}
}

// restart makes a new source over the same files and progress.
func (r *rig) restart(t *testing.T) {
	t.Helper()
	require.NoError(t, r.Close())
	var err error
	r.Source, err = New(r.cfg, r.deps)
	require.NoError(t, err)
}

func (r *rig) paths(works []*source.Work) []string {
	paths := []string{}
	for _, w := range works {
		paths = append(paths, r.rel(w.Object.Key))
	}
	return paths
}

func TestOneShotReadsOnlyWhatIsNotDone(t *testing.T) {
	r := newRig(t, nil)
	for _, name := range []string{simpleName, partName, "deep/x", "y"} {
		r.write(t, name, "text")
	}
	done, err := r.Next(t.Context())
	require.NoError(t, err)
	r.commit(t, done)
	begun, err := r.Next(t.Context())
	require.NoError(t, err)
	var c checkpoint.Change
	c.Reached(begun.Group, begun.ID, 3, 2)
	require.NoError(t, r.store.Commit(t.Context(), &c))

	r.restart(t)
	seen := map[string]string{}
	for range 3 {
		w, err := r.Next(t.Context())
		require.NoError(t, err)
		seen[w.Object.Key] = read(t, w)
		if w.Object.Key == begun.Object.Key {
			assert.Equal(t, 2, w.Attempt)
		} else {
			assert.Zero(t, w.Offset)
		}
		r.commit(t, w)
	}
	assert.Len(t, seen, 3)
	assert.NotContains(t, seen, done.Object.Key)
	assert.Equal(t, "t", seen[begun.Object.Key], "from where it stopped")

	r.restart(t)
	assert.Empty(t, r.readAll(t), "nothing is left")
	r.write(t, "y", "other text")
	r.restart(t)
	assert.Equal(t, map[string]string{"y": "other text"}, r.readAll(t), "another size is another file")
}

func TestProgressDoesNotDependOnHowThePathIsWritten(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	require.NoError(t, os.MkdirAll("logs/a", 0o755))
	require.NoError(t, os.WriteFile("logs/a/x", nil, 0o644))
	ids := map[source.ID]bool{}
	for _, path := range []string{"logs", "logs/", "./logs", "./logs/", filepath.Join(dir, "logs"), dir + "/logs/"} {
		s, err := New(Config{Path: path}, Deps{Progress: checkpoint.InMemory()})
		require.NoError(t, err)
		w, err := s.Next(t.Context())
		require.NoError(t, err)
		ids[w.ID] = true
		require.NoError(t, s.Close())
	}
	assert.Len(t, ids, 1)
}

func TestFollowGoesOnAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFollower(t)
		r.write(t, "a", "1\n2\n")
		r.write(t, "b", "3\n")
		r.commit(t, r.works(t, time.Minute)...)
		r.write(t, "c", "4\n")

		r.restart(t)
		works := r.works(t, time.Minute)
		assert.Equal(t, []string{"c"}, r.paths(works))
		r.commit(t, works...)

		r.write(t, "a", "1\n2\nmore\n")
		works = r.works(t, time.Minute)
		require.Len(t, works, 1)
		assert.Equal(t, "more\n", read(t, works[0]), "appended to since the restart")
		r.commit(t, works...)
		assert.Empty(t, r.works(t, time.Hour))
	})
}

// otherFolder names a folder whose files are of another group than those beside it.
// One in 256 shares it, and the names of temporary folders change.
func (r *rig) otherFolder() string {
	var g foundGroups
	folder := "d"
	for g.groupOf(filepath.Join(r.dir, folder, "x"), source.Name{}) == g.groupOf(filepath.Join(r.dir, "x"), source.Name{}) {
		folder += "d"
	}
	return folder
}

func TestWhatIsRemovedIsForgotten(t *testing.T) {
	const other = "2026-11-23-10-00-00-AAAAAAAAAAAAAAAA"
	synctest.Test(t, func(t *testing.T) {
		r := newFollower(t)
		folder := r.otherFolder()
		for _, name := range []string{simpleName, other, partName, folder + "/x", "y"} {
			r.write(t, name, "text")
		}
		r.commit(t, r.works(t, time.Minute)...)
		groups := r.store.Groups()
		assert.Len(t, groups, 4)
		assert.Contains(t, groups, "files/2026/11/22")

		look := func() {
			t.Helper()
			assert.Empty(t, r.works(t, time.Minute))
			r.commit(t)
		}
		require.NoError(t, os.Remove(filepath.Join(r.dir, simpleName)))
		look()
		assert.Equal(t, groups, r.store.Groups(), "another file of the day is there")

		require.NoError(t, os.Remove(filepath.Join(r.dir, other)))
		open := r.walk.openDir
		r.walk.openDir = func(path string) (*os.File, error) {
			if filepath.Base(path) == folder {
				return nil, fs.ErrPermission
			}
			return open(path)
		}
		look()
		assert.Equal(t, groups, r.store.Groups(), "nobody knows what could not be looked at")
		r.walk.openDir = open
		look()
		assert.Len(t, r.store.Groups(), 3)
		assert.NotContains(t, r.store.Groups(), "files/2026/11/23")

		require.NoError(t, os.Rename(r.dir, r.dir+"-away"))
		require.NoError(t, os.Mkdir(r.dir, 0o755))
		look()
		assert.Len(t, r.store.Groups(), 3, "an empty folder is a disk that is not mounted")
		require.NoError(t, os.Remove(r.dir))
		require.NoError(t, os.Rename(r.dir+"-away", r.dir))
		r.restart(t)
		look()
	})
}

func TestGroupsAreFewHoweverManyFolders(t *testing.T) {
	var g foundGroups
	groups := map[string]bool{}
	for i := range 100_000 {
		groups[g.groupOf(fmt.Sprintf("folder-%d/x", i), source.Name{})] = true
		day := source.Name{Time: time.Date(2026, 1, 1+i%365, i%24, 0, 0, 0, time.UTC)}
		groups[g.groupOf(fmt.Sprintf("bucket-%d/x", i), day)] = true
	}
	assert.Len(t, groups, folderGroups+365)
}

// What the first edition stored is the ID of a path, a size and a time.
func TestProgressOfTheFirstEditionGoesOn(t *testing.T) {
	for _, follow := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, func(c *Config) { c.Follow = follow })
			for _, name := range []string{"a", "b", "old"} {
				r.write(t, name, name+"\n")
			}
			month := time.Now().AddDate(0, -1, 0)
			require.NoError(t, os.Chtimes(filepath.Join(r.dir, "old"), month, month))
			var c checkpoint.Change
			for _, name := range []string{"a", "b", "old"} {
				path := filepath.Join(r.dir, name)
				info, err := os.Stat(path)
				require.NoError(t, err)
				version := fmt.Sprint(info.Size(), info.ModTime().UnixNano())
				c.Done(r.groups.groupOf(path, source.Name{}), source.Identify("", path, version))
			}
			require.NoError(t, r.store.Commit(t.Context(), &c))

			texts := func() string {
				if follow {
					return r.texts(t, time.Minute)
				}
				all := ""
				for _, text := range r.readAll(t) {
					all += text
				}
				r.commit(t)
				return all
			}
			r.restart(t)
			assert.Empty(t, texts())
			r.commit(t)
			r.rename(t, "old", "archive/old") // known by its name only until now
			r.rename(t, "a", "c")
			r.write(t, "d", "d\n")
			r.restart(t)
			assert.Equal(t, "d\n", texts(), "follow: %v", follow)
		})
	}
}
