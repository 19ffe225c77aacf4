package main

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const committed = "../../enrich/geo/testdata"

func TestTheCommittedFilesAreWhatThisWrites(t *testing.T) {
	out := t.TempDir()
	require.NoError(t, run([]string{"-out", out}))
	got, want := read(t, out), read(t, committed)
	assert.ElementsMatch(t, slices.Collect(maps.Keys(want)), slices.Collect(maps.Keys(got)), "run make generate, and remove what it writes no more")
	total := 0
	for name, data := range got {
		assert.True(t, bytes.Equal(want[name], data), "%s: run make generate", name)
		total += len(data)
	}
	assert.Less(t, total, 1_000_000)
}

// read returns the databases in a folder and those below it by their paths.
func read(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	require.NoError(t, fs.WalkDir(os.DirFS(folder), ".", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".mmdb" {
			files[path], err = os.ReadFile(filepath.Join(folder, path))
		}
		return err
	}))
	return files
}

func TestWrongArguments(t *testing.T) {
	require.ErrorContains(t, run(nil), "-out")
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.Error(t, run([]string{"-out", file}))
}
