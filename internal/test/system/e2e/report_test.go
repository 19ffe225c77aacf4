package e2e

import (
	"bufio"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

const sampleDir = "../../../../testdata/sample"

// eachSample reads each log object of the sample week: its file's name, the file and its
// text.
func eachSample(t testing.TB, read func(name string, stored, text []byte)) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(sampleDir, func(file string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		stored, err := os.ReadFile(file)
		require.NoError(t, err)
		text, err := samplelogs.ReadText(stored)
		require.NoError(t, err)
		read(filepath.Base(file), stored, text)
		return nil
	}))
}

// reported is what a test reads in a report.
type reported struct {
	Records int
	Cells   struct{ N []int }
	Hours   struct{ N []int }
	Quality struct{ Malformed, NoUID, Ignored int }
}

func readReport(t *testing.T, path string) (r reported) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	data := regexp.MustCompile(`<script type="text/plain" id="data"[^>]*>([^<]*)</script>`).FindStringSubmatch(string(text))
	require.NotNil(t, data)
	unpacked, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(data[1])))
	require.NoError(t, err)
	require.NoError(t, json.NewDecoder(unpacked).Decode(&r))
	return r
}

// distinctUIDs are how many different records the sample logs have, by event, as the
// receiver's log records tell.
func distinctUIDs(t *testing.T) map[string]int {
	t.Helper()
	out := t.TempDir()
	cmd := exec.CommandContext(t.Context(), program(t), "--config", "testdata/config-run.yaml")
	cmd.Dir = "../../../.."
	cmd.Env = variables(map[string]string{"SAMPLES": "testdata/sample", "OUT": out})
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, string(output))
	file, err := os.Open(filepath.Join(out, "records.jsonl"))
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	uids := map[[2]string]bool{}
	record := regexp.MustCompile(`"key":"log\.record\.uid","value":\{"stringValue":"([0-9a-f]{32})"\}.*?"eventName":"([a-z0-9_.]+)"`)
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		for _, m := range record.FindAllStringSubmatch(lines.Text(), -1) {
			uids[[2]string{m[1], m[2]}] = true
		}
	}
	require.NoError(t, lines.Err())
	n := map[string]int{}
	for uid := range uids {
		n[uid[1]]++
	}
	return n
}

// The example is run twice: the second time there is nothing new.
func TestTheReportCountsEachRecordOfTheSamplesOnce(t *testing.T) {
	t.Parallel()
	want := distinctUIDs(t)
	require.Greater(t, want["aws.s3.server_access"], 1000)
	folder := t.TempDir()
	path := filepath.Join(folder, "report.html")
	logs, err := filepath.Abs(sampleDir)
	require.NoError(t, err)
	for range 2 {
		cmd := exec.CommandContext(t.Context(), program(t), "--config", filepath.Join(examplesDir, "report.yaml"))
		cmd.Env = variables(map[string]string{"LOGS": logs, "REPORT": path, "STORAGE": filepath.Join(folder, "storage")})
		output, err := cmd.CombinedOutput()
		require.NoError(t, err, string(output))
		assert.NotRegexp(t, `(?m)\t(warn|error)\t`, string(output))
		assert.Contains(t, string(output), "the report is written")
		r := readReport(t, path)
		assert.Equal(t, want["aws.s3.server_access"], r.Records)
		for name, column := range map[string][]int{"cells": r.Cells.N, "hours": r.Hours.N} {
			sum := 0
			for _, n := range column {
				sum += n
			}
			assert.Equal(t, r.Records, sum, name)
		}
		assert.Equal(t, want["aws.s3.server_access.malformed"], r.Quality.Malformed)
		assert.Zero(t, r.Quality.NoUID+r.Quality.Ignored)
	}
}
