package dashboards

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The columns of a graph count each event once: those of a new series, few ones that lie
// between the samples of a step, and none for what was counted before Prometheus was away.
// A counter that begins anew counts nothing in the step of its reset.
func TestServersPrometheusCountsEachEventOnceInItsStep(t *testing.T) {
	query := strings.ReplaceAll(perStep("aws_s3_bucket", "m{}"), "$__interval", "5m")
	text := `
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      # 1 event a step of five minutes, each between two steps' samples.
      - {series: 'm{aws_s3_bucket="quiet"}', values: "100 100 100 100 100 100 101 101 101 101 101 102x14"}
      # It begins in the second step: the receiver sends a 0 before its first value.
      - {series: 'm{aws_s3_bucket="new"}', values: "_x6 0 7x18"}
      # Prometheus gets nothing for a quarter of an hour.
      - {series: 'm{aws_s3_bucket="away"}', values: "500x5 _x14 900 902 902 902 902 902"}
      - {series: 'm{aws_s3_bucket="reset"}', values: "50x12 2x14"}
    promql_expr_test:
`
	for _, step := range []struct{ at, quiet, fresh, away, reset string }{
		{"5m", "0", "", "0", "0"},
		{"10m", "1", "7", "", "0"},
		{"15m", "1", "0", "", "0"},
		{"24m", "0", "0", "2", "0"},
	} {
		text += "      - eval_time: " + step.at + "\n        expr: '" + query + "'\n        exp_samples:\n"
		for _, of := range [][2]string{{"quiet", step.quiet}, {"new", step.fresh}, {"away", step.away}, {"reset", step.reset}} {
			if of[1] != "" {
				text += "          - {labels: '{aws_s3_bucket=\"" + of[0] + "\"}', value: " + of[1] + "}\n"
			}
		}
	}
	file := filepath.Join(t.TempDir(), "steps_test.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	promtool(t, "test", "rules", file)
}
