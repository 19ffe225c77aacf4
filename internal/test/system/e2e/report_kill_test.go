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

// Each life has objects of its own to read and is killed within the time that the first one,
// which is left to its end, takes for as many. Of every third life the objects come twice, in
// two objects that are read one after the other.
func TestTheReportCountsEachRecordOnceWhenItIsKilledAt20RandomMoments(t *testing.T) {
	t.Parallel()
	const kills, lives, objects, each = 20, 200, 6, 600
	logs, folder := t.TempDir(), t.TempDir()
	distinct := map[string]bool{}
	feed := func(life int) {
		text := samplelogs.Records(uint64(20+life), objects*each)
		for _, line := range text {
			distinct[line] = true
		}
		files := map[string][]byte{}
		for i := range objects {
			content := joined(text[i*each : (i+1)*each])
			name := fmt.Sprintf("2026-11-09-%02d-%02d-%02d-", life/60, life%60, i)
			files[name+"0123456789ABCDEF"] = content
			if life%3 == 0 {
				files[name+"FEDCBA9876543210"] = content
			}
		}
		write(t, logs, files)
	}
	path := filepath.Join(folder, "report.html")
	run := func(ctx context.Context) (output []byte, err error) {
		cmd := exec.CommandContext(ctx, program(t), "--config", filepath.Join(examplesDir, "report.yaml"),
			"--config", "yaml:receivers::s3_access_logs::logs: {batch_size: 20, flush_interval: 10ms}",
			"--config", "yaml:receivers::s3_access_logs::deliveries: 2",
			"--config", "yaml:exporters::s3_access_report::interval: 1s")
		cmd.Env = variables(map[string]string{"LOGS": logs, "REPORT": path, "STORAGE": filepath.Join(folder, "storage")})
		return cmd.CombinedOutput()
	}
	feed(0)
	begin := time.Now()
	output, err := run(t.Context())
	whole := time.Since(begin)
	require.NoError(t, err, string(output))
	const seed = 20
	random := rand.New(rand.NewPCG(seed, 0))
	for life, killed := 1, 0; killed < kills; life++ {
		require.Less(t, life, lives, "only %d were killed before their end", killed)
		feed(life)
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.Int64N(int64(whole))))
		output, err := run(ctx) // it is killed with SIGKILL when the time is over
		if err != nil {
			require.Error(t, ctx.Err(), "%v: %s", err, output)
			killed++
		}
		cancel()
	}
	output, err = run(t.Context())
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
