package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The figures are counted here with patterns over the lines.
func TestMakeRunPrintsWhatStandsOutInTheSamplesAndEndsByItself(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	program(t)
	run := exec.CommandContext(t.Context(), "../../../../examples/run.sh")
	run.Env = variables(map[string]string{"OUT": out})
	output, err := run.CombinedOutput()
	require.NoError(t, err, string(output))
	text := string(output)

	lines := sampleLines(t)
	n := func(pattern string) (n int) {
		expression := regexp.MustCompile(pattern)
		for line := range lines {
			if expression.MatchString(line) {
				n++
			}
		}
		return n
	}
	rush := `^\S+ example-shop-assets \[15/Nov/2026:22:(1\d|20):.* HTTP/1.1" `
	scanned := n(`^\S+ example-partner-exchange \S+ \S+ 203\.0\.113\.\d+ - .* HTTP/1.1" 403 AccessDenied `)
	stolen := n(`^\S+ example-partner-exchange \[15/Nov/2026:2\d:\S+ \S+ 203\.0\.113\.101 arn:\S+ .* HTTP/1.1" 200 `)
	require.Equal(t, []int{160, 48}, []int{scanned, stolen})
	for _, want := range []string{
		fmt.Sprintf("Last 3 h: 503 SlowDown from example-shop-assets: %d of %d requests failed (66%%), 15 Nov, 22:10 to 22:21 UTC.", n(rush+`503 SlowDown `), n(rush)),
		fmt.Sprintf("Last 3 h: FICTIONAL OTTER, high confidence, was answered by example-partner-exchange: 55 requests from 7 known clients, %d of them answered.", stolen),
		"Last 24 h: example-backup-vault took in 2.51 GiB: 72 times as much as in the period before, 35.6 MiB.",
		fmt.Sprintf("Last 7 d: Anonymous requests to example-partner-exchange from 203.0.113.0/24: %d requests, all denied. Last at 12 Nov, 02:24 UTC.", scanned),
	} {
		assert.Contains(t, text, "\n  "+want+"\n")
	}
	assert.Contains(t, text, "\n  All: ")
	path := filepath.Join(out, "report.html")
	assert.Contains(t, text, path)
	assert.Equal(t, readReport(t, path).Records+readReport(t, path).Quality.Malformed, len(lines))
}

// sampleLines are the different lines of the sample week that are not blank.
func sampleLines(t *testing.T) map[string]bool {
	t.Helper()
	lines := map[string]bool{}
	eachSample(t, func(_ string, _, text []byte) {
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimRight(line, "\r\n"); line != "" {
				lines[line] = true
			}
		}
	})
	return lines
}
