package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// panels are GoAccess's; each is a part of its report, and costs time.
var panels = []string{
	"VISITORS", "REQUESTS", "REQUESTS_STATIC", "NOT_FOUND", "HOSTS", "OS", "BROWSERS", "VISIT_TIMES", "VIRTUAL_HOSTS",
	"REFERRERS", "REFERRING_SITES", "KEYPHRASES", "STATUS_CODES", "REMOTE_USER", "CACHE_STATUS", "GEO_LOCATION", "MIME_TYPE", "TLS_TYPE",
}

// goAccessCases are none where GoAccess is not installed.
func goAccessCases(t *testing.T) []speedCase {
	t.Helper()
	if _, err := exec.LookPath("goaccess"); err != nil {
		t.Log("there is no goaccess (Debian: apt-get install goaccess): it is left out")
		return nil
	}
	few := []string{"--no-global-config"}
	for _, panel := range panels {
		if panel != "STATUS_CODES" {
			few = append(few, "--ignore-panel="+panel)
		}
	}
	return []speedCase{
		{"GoAccess, as it comes", func(t *testing.T, l speedLogs) ran { return runGoAccess(t, l) }},
		{"GoAccess, status codes alone", func(t *testing.T, l speedLogs) ran { return runGoAccess(t, l, few...) }},
	}
}

// runGoAccess makes a report of the same files. Of some records GoAccess says
// that they are none: those without a Request-URI, a status or a client's address.
func runGoAccess(t *testing.T, l speedLogs, args ...string) ran {
	t.Helper()
	report := filepath.Join(t.TempDir(), "report.json")
	files, err := filepath.Glob(filepath.Join(l.dir, "*"))
	require.NoError(t, err)
	args = append(args, "--log-format=AWSS3", "--no-progress", "--output="+report)
	cmd := exec.Command("goaccess", append(args, files...)...)
	begin := time.Now()
	out, err := cmd.CombinedOutput()
	took := time.Since(begin)
	require.NoError(t, err, string(out))

	text, err := os.ReadFile(report)
	require.NoError(t, err)
	var counted struct {
		General struct {
			Total int `json:"total_requests"`
			Valid int `json:"valid_requests"`
		} `json:"general"`
	}
	require.NoError(t, json.Unmarshal(text, &counted))
	assert.Equal(t, l.records, counted.General.Total)
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return ran{
		records: counted.General.Valid, took: took,
		cpu:  cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(),
		peak: usage.Maxrss << 10, // Linux counts it in KiB
	}
}
