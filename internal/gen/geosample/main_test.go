package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const committed = "../../../testdata/geo/sample.mmdb"

func TestTheCommittedFileIsWhatThisWrites(t *testing.T) {
	out := filepath.Join(t.TempDir(), "sample.mmdb")
	require.NoError(t, run([]string{"-out", out}))
	got, err := os.ReadFile(out)
	require.NoError(t, err)
	want, err := os.ReadFile(committed)
	require.NoError(t, err)
	assert.Equal(t, want, got, "run make generate")
	assert.Less(t, len(want), 200_000)
}

func TestAllocationsAreComplete(t *testing.T) {
	for _, a := range allocations {
		assert.NotEmpty(t, continents[a.continent], a.network)
		assert.NotEmpty(t, organizations[a.as], a.network)
	}
}

func TestWrongArguments(t *testing.T) {
	require.ErrorContains(t, run(nil), "-out")
	require.Error(t, run([]string{"-out", filepath.Join(t.TempDir(), "no", "such", "folder")}))
}
