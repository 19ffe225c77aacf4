package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/gen/dashboards"
)

func TestWritesAFileForEachDashboard(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, write(dir))
	for _, d := range dashboards.All() {
		want, err := d.JSON()
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join(dir, d.Name+".json"))
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got))
	}
	assert.ErrorIs(t, write(filepath.Join(dir, "missing")), os.ErrNotExist)
}
