package directory

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

const (
	lines100 = "a line\na line\na line\na line\na line\na line\na line\na line\na line\na line\n"
	torn     = "a li"
)

// extend appends to a file, as cat >> does.
func (r *rig) extend(t *testing.T, name, text string) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(r.dir, name), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
	require.NoError(t, err)
	_, err = f.WriteString(text)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	r.touch(t, name)
}

func (r *rig) rename(t *testing.T, from, to string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(r.dir, to)), 0o755))
	require.NoError(t, os.Rename(filepath.Join(r.dir, from), filepath.Join(r.dir, to)))
}

// texts reads, commits and settles what comes within d, and returns it.
func (r *rig) texts(t *testing.T, d time.Duration) string {
	t.Helper()
	var all strings.Builder
	works := r.works(t, d)
	for _, w := range works {
		all.WriteString(read(t, w))
	}
	r.commit(t, works...)
	return all.String()
}

// Each tool's way of writing: half of the file, a pause in which nothing happens, the
// rest, and what it does at the end. Every whole line comes once.
func TestEachToolsWayOfWriting(t *testing.T) {
	const stall = time.Minute
	synced := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC) // the times that a tool sets at the end
	for tool, c := range map[string]struct {
		temporary string // "": it writes to the name itself
		preserves bool   // the time of modification
	}{
		"aws s3 sync":    {simpleName + ".6E8b2d1a", true},
		"aws sdk":        {simpleName + ".s3tmp.x1Y2z3W4", false},
		"rclone":         {simpleName + ".1f2e3d4c.partial", true},
		"rsync":          {"." + simpleName + ".Xk3v9Q", true},
		"s5cmd":          {simpleName + "3141592653", false},
		"gsutil":         {simpleName + "_.gstmp", false},
		"mc":             {simpleName + ".part.minio", false},
		"WinSCP":         {simpleName + ".filepart", true},
		"browser":        {simpleName + ".crdownload", false},
		"curl":           {"", false},
		"wget":           {"", true},
		"rsync inplace":  {"", true},
		"an unknown one": {"copying-" + simpleName, true},
	} {
		t.Run(tool, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newFollower(t)
				name := c.temporary
				if name == "" {
					name = simpleName
				}
				r.extend(t, name, lines100)
				got := r.texts(t, stall)
				r.extend(t, name, lines100[:35]) // five lines
				got += r.texts(t, stall)
				r.extend(t, name, "the rest\n")
				if c.preserves {
					require.NoError(t, os.Chtimes(filepath.Join(r.dir, name), synced, synced))
				}
				if c.temporary != "" {
					r.rename(t, c.temporary, simpleName)
				}
				got += r.texts(t, stall)
				assert.Equal(t, lines100+lines100[:35]+"the rest\n", got)
				assert.Empty(t, r.texts(t, time.Hour))
				r.restart(t)
				assert.Empty(t, r.texts(t, time.Hour), "after a restart")
			})
		})
	}
}

func TestTemporaryNames(t *testing.T) {
	for name, want := range map[string]bool{
		simpleName + ".6E8b2d1a":       true,
		simpleName + ".gz.6E8b2d1a":    true,
		"x.deadbeef":                   true,
		simpleName + ".gz1234567890":   true,
		simpleName + "123456789":       true,
		simpleName:                     false,
		simpleName + ".gz":             false,
		"access.log.20261122":          false, // a day
		"access.log.00000017":          false, // a number
		"access.log20261122":           false,
		"access.log.6E8b2d1":           false, // seven
		"access.log.6E8b2d1ab":         false,
		"access.log.6E8b2d1g":          false,
		".6E8b2d1a":                    false, // hidden anyway
		"1234567890":                   false,
		"access-1234567890":            false,
		"2026-11-22-10-00-00-AAAAAAAA": false,
		"2026-11-22-10-00-00-AAAAAAAAAAAAAAAB" + strings.Repeat("C", 10): false,
		"partial": false,
		"tmp":     false,
	} {
		assert.Equal(t, want, isTemporary(name), name)
	}
}

// A name that is left out is logged when it stays, once.
func TestNameThatStaysTemporaryIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFollower(t)
		var logged []string
		r.deps.LeftOut = func(path string, why error) {
			logged = append(logged, r.rel(path))
			assert.ErrorContains(t, why, "rename what is whole")
		}
		r.write(t, "a.6E8b2d1a", "1\n")
		assert.Empty(t, r.look(t, 30*time.Minute))
		assert.Empty(t, logged, "it is being written")
		r.write(t, "b.6E8b2d1a", "1\n")
		assert.Empty(t, r.look(t, 2*time.Hour))
		assert.Equal(t, []string{"a.6E8b2d1a"}, logged)
		assert.Equal(t, []string{"a.6E8b2d1a", "b.6E8b2d1a"}, r.skipped)
	})
	r := newRig(t, nil)
	logged := 0
	r.deps.LeftOut = func(string, error) { logged++ }
	r.write(t, "a.6E8b2d1a", "1\n")
	assert.Empty(t, r.readAll(t))
	assert.Equal(t, 1, logged, "a one-shot run looks once")
}

// A last line without a newline may be half a line: it waits, and the whole lines
// before it do not.
func TestTornLineWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFollower(t)
		r.write(t, "a", lines100+torn)
		time.Sleep(time.Minute) // it is old when it is found
		assert.Equal(t, lines100, r.texts(t, time.Second))
		r.extend(t, "a", "ne, whole now\n")
		assert.Equal(t, "a line, whole now\n", r.texts(t, time.Minute))
		assert.Empty(t, r.texts(t, time.Hour))
	})
}

func TestLastLineWithoutNewlineIsReadInTheEnd(t *testing.T) {
	for _, text := range []string{lines100 + "last", "one line", "x", strings.Repeat("y", 3*lineLen)} {
		synctest.Test(t, func(t *testing.T) {
			r := newFollower(t)
			r.write(t, "a", text)
			got := ""
			for range 5 { // the last line comes when the others are done
				got += r.texts(t, scanInterval)
			}
			assert.Equal(t, text, got)
			assert.Empty(t, r.texts(t, time.Hour))
			r.restart(t)
			assert.Empty(t, r.texts(t, time.Hour))
		})
	}
}

// A restart between the whole lines and the last one loses neither.
func TestTornLineWaitsOverARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFollower(t)
		r.write(t, "a", lines100+torn)
		time.Sleep(time.Minute)
		assert.Equal(t, lines100, r.texts(t, time.Second))
		r.restart(t)
		assert.Empty(t, r.texts(t, time.Second))
		assert.Equal(t, torn, r.texts(t, time.Minute))
		r.restart(t)
		assert.Empty(t, r.texts(t, time.Minute))
		r.extend(t, "a", "ne\n")
		assert.Equal(t, "a line\n", r.texts(t, time.Minute), "from the beginning of the line")
	})
}

func TestRenamedFileIsReadOnce(t *testing.T) {
	for when, restart := range map[string]bool{"while it is followed": false, "between two runs": true} {
		for where, to := range map[string]string{"beside it": "b", "into another folder": "archive/2026/a"} {
			t.Run(when+" "+where, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newFollower(t)
					r.write(t, "z", lines100) // so that something is there
					r.write(t, "a", lines100)
					assert.Equal(t, lines100+lines100, r.texts(t, time.Minute))
					for _, name := range []string{to, "c", "d/e/f"} {
						if restart {
							r.commit(t)
							r.restart(t)
						}
						r.rename(t, map[string]string{to: "a", "c": to, "d/e/f": "c"}[name], name)
						assert.Empty(t, r.texts(t, time.Minute), name)
					}
					r.extend(t, "d/e/f", "more\n")
					assert.Equal(t, "more\n", r.texts(t, time.Minute))
					r.restart(t)
					assert.Empty(t, r.texts(t, time.Minute))
				})
			})
		}
	}
}

func TestRenamedFileThatGrewGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFollower(t)
		r.write(t, "a", lines100)
		assert.Equal(t, lines100, r.texts(t, time.Minute))
		r.extend(t, "a", "more\n")
		r.rename(t, "a", "a.1")
		r.write(t, "a", "new\n") // as logrotate does
		assert.Equal(t, "new\nmore\n", r.texts(t, time.Minute))
		r.restart(t)
		assert.Empty(t, r.texts(t, time.Minute))
	})
}

// A file that grew while it was followed is expected to grow while it is not.
func TestFileThatGrewBetweenTwoRunsGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFollower(t)
		r.write(t, "a", lines100)
		assert.Equal(t, lines100, r.texts(t, time.Minute))
		r.extend(t, "a", "more\n")
		assert.Equal(t, "more\n", r.texts(t, time.Minute))
		r.commit(t)
		require.NoError(t, r.Close())
		r.extend(t, "a", "and more\n")
		r.restart(t)
		assert.Equal(t, "and more\n", r.texts(t, time.Minute))
	})
}

// A file that was found empty is expected to grow, too.
func TestFileThatWasEmptyGoesOnAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFollower(t)
		r.write(t, "a", "")
		assert.Empty(t, r.texts(t, time.Minute))
		r.extend(t, "a", lines100)
		assert.Equal(t, lines100, r.texts(t, time.Minute))
		r.commit(t)
		require.NoError(t, r.Close())
		r.extend(t, "a", "more\n")
		r.restart(t)
		assert.Equal(t, "more\n", r.texts(t, time.Minute))
	})
}

// A collector that dies while it reads what was appended goes on behind what was read
// before.
func TestFileThatGrewIsKnownAfterAKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFollower(t)
		r.write(t, "a", lines100)
		assert.Equal(t, lines100, r.texts(t, time.Minute))
		r.extend(t, "a", "more\n")
		require.Len(t, r.works(t, time.Minute), 1)
		r.commit(t) // of other files; then it dies
		r.restart(t)
		assert.Equal(t, "more\n", r.texts(t, time.Minute))
	})
}

// A file that is renamed while it is read is not read a second time meanwhile, nor when
// it is done.
func TestFileRenamedWhileItIsReadIsReadOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFollower(t)
		r.write(t, "a", lines100)
		works := r.works(t, time.Minute)
		require.Len(t, works, 1)
		assert.Equal(t, lines100, read(t, works[0]))
		r.rename(t, "a", "b")
		assert.Empty(t, r.works(t, time.Minute), "it is being read")
		r.commit(t, works...)
		assert.Empty(t, r.texts(t, time.Hour))
	})
}

// A file that is renamed before it is opened is read under its new name.
func TestFileRenamedBeforeItIsOpenedIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFollower(t)
		r.write(t, "a", lines100)
		works := r.works(t, time.Minute)
		require.Len(t, works, 1)
		r.rename(t, "a", "b")
		_, err := works[0].Content.OpenAt(t.Context(), 0)
		require.Error(t, err)
		works[0].Alias = source.ID{} // it is given up: no alias is committed
		r.commit(t, works...)
		assert.Equal(t, lines100, r.texts(t, time.Minute))
	})
}

// What is another file is read: its inode, size and time may be those of one that was
// removed.
func TestFileThatOnlyLooksTheSameIsRead(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"other bytes":     func(path string) error { return os.WriteFile(path, []byte(strings.ToUpper(lines100)), 0o644) },
		"other last byte": func(path string) error { return os.WriteFile(path, []byte(lines100[:len(lines100)-2]+"X\n"), 0o644) },
		"a copy": func(path string) error {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if err := os.WriteFile(path+"~", text, 0o644); err != nil {
				return err
			}
			return os.Rename(path+"~", path)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newFollower(t)
				r.write(t, "a", lines100)
				info, err := os.Stat(filepath.Join(r.dir, "a"))
				require.NoError(t, err)
				assert.Equal(t, lines100, r.texts(t, time.Minute))
				r.rename(t, "a", ".hidden") // out of sight while it changes
				path := filepath.Join(r.dir, ".hidden")
				require.NoError(t, change(path))
				require.NoError(t, os.Chtimes(path, info.ModTime(), info.ModTime()))
				want, err := os.ReadFile(path)
				require.NoError(t, err)
				r.rename(t, ".hidden", "b")
				assert.Equal(t, string(want), r.texts(t, time.Minute))
			})
		})
	}
}

func TestTruncatedFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFollower(t)
		r.write(t, "a", lines100)
		assert.Equal(t, lines100, r.texts(t, time.Minute))
		r.write(t, "copy", lines100) // logrotate's copytruncate
		require.NoError(t, os.Truncate(filepath.Join(r.dir, "a"), 0))
		r.touch(t, "a")
		assert.Equal(t, lines100, r.texts(t, time.Minute), "a copy is another file")
		r.extend(t, "a", "new\n")
		assert.Equal(t, "new\n", r.texts(t, time.Minute))
		r.write(t, "a", "newer than before, and longer than ever\n"+lines100+lines100)
		assert.Equal(t, "newer than before, and longer than ever\n"+lines100+lines100, r.texts(t, time.Minute))
	})
}
