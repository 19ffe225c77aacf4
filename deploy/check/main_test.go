// Package check holds the tests of what is in deploy: templates, manifests, units
// and packages. They need nothing but Go and the built collector; what takes more is
// skipped where that is not there.
package check

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const root = "../.." // of the repository

func read(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	require.NoError(t, err)
	return string(text)
}

func glob(t testing.TB, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
	require.NoError(t, err)
	require.NotEmpty(t, files, pattern)
	return files
}

// program returns the path of the built collector.
func program(t testing.TB) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, "bin", "otelcol-s3audit"))
	require.NoError(t, err)
	_, err = os.Stat(path)
	require.NoError(t, err, "there is no collector to test: run `make build` first")
	return path
}

// validate lets the collector check a configuration.
func validate(t testing.TB, config string, env ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program(t), "validate", "--config", "env:CHECK_CONFIG")
	cmd.Env = append([]string{"CHECK_CONFIG=" + config}, env...)
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, string(output))
	require.Empty(t, string(output))
}
