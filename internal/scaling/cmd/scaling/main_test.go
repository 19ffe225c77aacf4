package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	require.NoError(t, os.WriteFile(page, []byte("# A\n<!-- table: inputs -->\nold\n<!-- end -->\n"), 0o600))
	require.NoError(t, run([]string{page}))
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	assert.Contains(t, string(text), "| number | value | from |")
	assert.NotContains(t, string(text), "old")

	require.Error(t, run(nil))
	require.Error(t, run([]string{page + ".gone"}))
	require.NoError(t, os.WriteFile(page, []byte("<!-- table: none -->\n<!-- end -->\n"), 0o600))
	require.Error(t, run([]string{page}))
}
