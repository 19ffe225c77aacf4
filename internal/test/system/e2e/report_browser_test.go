package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const webDir = "../../../../exporter/s3accessreportexporter/web"

// The figures of reports of lines that are made anew from ten seeds, in tables and as
// charts drew them; use, refresh and what scripts in a log do. The scripts are those of
// the page's own tests.
func TestServersReportInABrowser(t *testing.T) {
	needsBrowser(t)
	const seeds = 10
	arguments := []string{"test/lines.mjs"}
	first := uint64(os.Getpid())
	for seed := first; seed < first+seeds; seed++ {
		lines := reportLines(seed)
		logs := t.TempDir()
		write(t, logs, map[string][]byte{
			"2026-11-17-00-00-00-0123456789ABCDEF": joined(lines[:len(lines)/2]),
			"2026-11-17-00-00-00-FEDCBA9876543210": joined(lines[len(lines)/3:]),
		})
		arguments = append(arguments, reportOf(t, logs)+"="+logs)
	}
	t.Logf("seeds %d to %d", first, first+seeds-1)
	t.Run("figures", func(t *testing.T) { inBrowser(t, arguments...) })
	t.Run("use, refresh and hostile lines", func(t *testing.T) {
		logs := t.TempDir()
		write(t, logs, map[string][]byte{"2026-11-17-00-00-00-0123456789ABCDEF": joined(hostileLines())})
		inBrowser(t, "test/smoke.mjs", "quick", reportOf(t, logs))
	})
}

// The bundle is committed, so that Go alone builds the binary.
func TestServersReportsBundleIsThatOfAFreshBuild(t *testing.T) {
	needsPackages(t)
	fresh := t.TempDir()
	build := exec.CommandContext(t.Context(), "node", "build.mjs", fresh)
	build.Dir = webDir
	output, err := build.CombinedOutput()
	require.NoError(t, err, string(output))
	for _, name := range []string{"page.html", "policy.txt"} {
		want, err := os.ReadFile(filepath.Join(fresh, name))
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join(webDir, "../internal/page/bundle", name))
		require.NoError(t, err)
		assert.True(t, string(want) == string(got), "%s is not what its sources make: run make web", name)
	}
}

// needsPackages skips where there is no Node, or make web has fetched nothing.
func needsPackages(t *testing.T) {
	t.Helper()
	if os.Getenv("TEST_SERVERS") == "" {
		t.Skip("needs TEST_SERVERS=1: see make test-servers")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("there is no node")
	}
	if _, err := os.Stat(filepath.Join(webDir, "node_modules")); err != nil {
		t.Skip("the page's packages are not there: make web or make test-servers fetches them")
	}
}

func needsBrowser(t *testing.T) {
	t.Helper()
	needsPackages(t)
	for _, name := range []string{os.Getenv("CHROMIUM"), "/usr/bin/chromium", "/usr/bin/chromium-browser"} {
		if _, err := os.Stat(name); name != "" && err == nil {
			return
		}
	}
	t.Skip("there is no Chromium; CHROMIUM names one")
}

// reportOf returns the report that the built collector makes of a folder.
func reportOf(t *testing.T, logs string) string {
	t.Helper()
	out := t.TempDir()
	cmd := exec.CommandContext(t.Context(), program(t), "--config", "testdata/config-run.yaml")
	cmd.Dir = "../../../.."
	cmd.Env = variables(map[string]string{"SAMPLES": logs, "OUT": out})
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, string(output))
	return filepath.Join(out, "report.html")
}

func inBrowser(t *testing.T, arguments ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", arguments...)
	cmd.Dir = webDir
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, string(output))
	require.Contains(t, string(output), "checks passed")
	t.Log(string(output))
}
