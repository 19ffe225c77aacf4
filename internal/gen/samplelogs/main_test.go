package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{"7": 7, "7B": 7, "2kB": 2000, "200MB": 200e6, "2GB": 2e9, "3KiB": 3072, "1MiB": 1 << 20, "2GiB": 2 << 30} {
		got, err := parseSize(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "GB", "-1MB", "1.5GB", "2TB", "2 GB"} {
		_, err := parseSize(text)
		assert.ErrorContains(t, err, "200MB", text)
	}
}

func TestManyObjectsOfASize(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, run([]string{"-bytes", "10kB", "-objects", "3", "-out", dir}))
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 3)
	for _, f := range files {
		_, ok := source.ParseName(f.Name())
		assert.True(t, ok, f.Name())
		info, err := os.Stat(filepath.Join(dir, f.Name()))
		require.NoError(t, err)
		assert.InDelta(t, 11_000, info.Size(), 1_000, "bytes: the size, and what the last record has over it")
	}
}

func TestFlagsThatDoNotFit(t *testing.T) {
	for _, args := range [][]string{{}, {"-bytes", "1MB"}, {"-week", "x", "-bytes", "1MB"}} {
		assert.ErrorContains(t, run(args), "-week DIR")
	}
}
