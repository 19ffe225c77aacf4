package cookbook

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/machine"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// logs is a folder with the log objects that all tests read.
func logs(t *testing.T) (folder string, lines [][]byte) {
	t.Helper()
	folder = t.TempDir()
	require.NoError(t, os.CopyFS(folder, os.DirFS(filepath.Join(machine.Repository(t), "testdata", "sample"))))
	more, err := os.ReadFile("testdata/more.log")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "more.log"), more, 0o600))
	require.NoError(t, filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		stored, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		text, err := samplelogs.ReadText(stored)
		if err != nil {
			return err
		}
		for line := range bytes.Lines(text) {
			lines = append(lines, bytes.TrimRight(line, "\r\n"))
		}
		return nil
	}))
	return folder, lines
}

// run has the built collector read a folder to its end, as a configuration says in which
// FOLDER and FEED stand for the logs and the feed of threats.
func run(t *testing.T, folder, config string) {
	t.Helper()
	if testing.Short() {
		t.Skip("runs the built collector")
	}
	root := machine.Repository(t)
	file := filepath.Join(t.TempDir(), "config.yaml")
	config = strings.NewReplacer("FOLDER", folder, "FEED", filepath.Join(root, "testdata", "feeds", "sample.json")).Replace(config)
	require.NoError(t, os.WriteFile(file, []byte(config), 0o600))
	command := exec.CommandContext(t.Context(), filepath.Join(root, "bin", "otelcol-s3audit"), "--config", file)
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
}

// pipeline is the configuration of a collector that reads the logs, gives a signal to one
// exporter over HTTP, with an end point and other settings, and ends by itself.
func pipeline(signal, more, exporter string) string {
	return `
receivers:
  s3_access_logs:` + receiver + more + `
exporters:
  otlp_http:` + exporter + `
    sending_queue: {enabled: false}
extensions:
  shutdown_when_done:
service:
  extensions: [shutdown_when_done]
  telemetry: {metrics: {level: none}}
  pipelines:
    ` + signal + `: {receivers: [s3_access_logs], exporters: [otlp_http]}
`
}

// receiver reads the logs and knows the feed.
const receiver = `
    directory: {path: FOLDER}
    threat_intel: {feeds: [{name: indicators, path: FEED}]}
`
