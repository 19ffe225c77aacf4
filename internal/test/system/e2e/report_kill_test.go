package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// The first third of the objects has each line twice, in two objects that are read one
// after the other.
func TestTheReportCountsEachRecordOnceWhenItIsKilledAt20RandomMoments(t *testing.T) {
	t.Parallel()
	const kills, objects, each = 20, 90, 600
	text := samplelogs.Records(20, objects*each)
	logs, folder := t.TempDir(), t.TempDir()
	files, distinct := map[string][]byte{}, map[string]bool{}
	for i := range objects {
		content := joined(text[i*each : (i+1)*each])
		name := fmt.Sprintf("2026-11-09-%02d-%02d-00-", i/60, i%60)
		files[name+"0123456789ABCDEF"] = content
		if i < objects/3 {
			files[name+"FEDCBA9876543210"] = content
		}
	}
	for _, line := range text {
		distinct[line] = true
	}
	write(t, logs, files)
	path := filepath.Join(folder, "report.html")
	run := func(ctx context.Context) (output []byte, err error) {
		cmd := exec.CommandContext(ctx, program(t), "--config", filepath.Join(examplesDir, "report.yaml"),
			"--config", "yaml:receivers::s3_access_logs::logs: {batch_size: 20, flush_interval: 10ms}",
			"--config", "yaml:receivers::s3_access_logs::deliveries: 2",
			"--config", "yaml:exporters::s3_access_report::interval: 1s")
		cmd.Env = variables(map[string]string{"LOGS": logs, "REPORT": path, "STORAGE": filepath.Join(folder, "storage")})
		return cmd.CombinedOutput()
	}
	const seed = 20
	random := rand.New(rand.NewPCG(seed, 0))
	for n := range kills {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(150+random.IntN(500))*time.Millisecond)
		output, err := run(ctx) // it is killed with SIGKILL when the time is over
		killed := ctx.Err() != nil
		cancel()
		require.Error(t, err, "kill %d came after the end: %s", n, output)
		require.True(t, killed, "%v: %s", err, output)
	}
	output, err := run(t.Context())
	require.NoError(t, err, string(output))
	assert.NotContains(t, string(output), "\terror\t")
	r := readReport(t, path)
	assert.Equal(t, len(distinct), r.Records)
	for name, column := range map[string][]int{"cells": r.Cells.N, "hours": r.Hours.N} {
		sum := 0
		for _, n := range column {
			sum += n
		}
		assert.Equal(t, r.Records, sum, name)
	}
	assert.Zero(t, r.Quality.Malformed+r.Quality.NoUID+r.Quality.Ignored)
}
