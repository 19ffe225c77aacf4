package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/benchtable"
)

func TestRun(t *testing.T) {
	var out strings.Builder
	in := "pkg: " + module + "/internal/lines\nBenchmarkOther-2   10   1500 ns/op\n"
	require.NoError(t, run([]string{"-commit", "abc", "-command", "make bench"}, strings.NewReader(in), &out))
	assert.Contains(t, out.String(), "commit abc")
	assert.Contains(t, out.String(), "\n    make bench\n")
	assert.Contains(t, out.String(), "| `lines.Other` on 2 | 1.50 us |")
	require.ErrorIs(t, run(nil, strings.NewReader("FAIL\n"), &out), benchtable.ErrNoBenchmarks)
	require.Error(t, run([]string{"-unknown"}, strings.NewReader(in), &out))
}
