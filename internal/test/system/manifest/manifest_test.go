// Package manifest tests what the OpenTelemetry Collector Builder makes of a manifest that
// takes a part of this repository.
package manifest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const repository = "../../../.."

// Whoever builds a collector with the receiver alone downloads none of the libraries that
// the other components of this repository need.
func TestReceiverAloneDownloadsNoOtherComponentsLibraries(t *testing.T) {
	root, err := filepath.Abs(repository)
	require.NoError(t, err)
	builder, err := exec.LookPath(filepath.Join(root, ".tools/bin/builder"))
	require.NoError(t, err, "make build installs it")
	folder := t.TempDir()
	manifest := filepath.Join(folder, "builder-config.yaml")
	require.NoError(t, os.WriteFile(manifest, []byte(`
dist: {name: alone, module: example.com/alone, output_path: `+folder+`/alone}
receivers:
  - gomod: github.com/otelcol-s3audit/otelcol-s3audit v0.0.0
    import: github.com/otelcol-s3audit/otelcol-s3audit/receiver/s3accesslogsreceiver
    path: `+root+`
exporters:
  - gomod: `+pinned(t, root, "go.opentelemetry.io/collector/exporter/nopexporter")+`
providers:
  - gomod: `+pinned(t, root, "go.opentelemetry.io/collector/confmap/provider/yamlprovider")+`
`), 0o600))
	output, err := exec.CommandContext(t.Context(), builder, "--skip-compilation", "--config", manifest).CombinedOutput()
	require.NoError(t, err, string(output))

	downloaded := sums(t, filepath.Join(folder, "alone/go.sum"))
	assert.True(t, downloaded["github.com/aws/aws-sdk-go-v2/service/s3"])
	own := required(t, filepath.Join(root, "go.mod"))
	others := 0
	for _, module := range []string{"exporter/s3accessreportexporter", "converter/deliveryguard", "extension/shutdownwhendoneextension"} {
		for library, direct := range required(t, filepath.Join(root, module, "go.mod")) {
			if _, shared := own[library]; shared || !direct || strings.HasPrefix(library, "go.opentelemetry.io/collector/") {
				continue
			}
			others++
			assert.False(t, downloaded[library], "%s of %s", library, module)
		}
	}
	assert.Positive(t, others)
}

// pinned returns a module with the version that the distribution has.
func pinned(t *testing.T, root, module string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "builder-config.yaml"))
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		if _, found, ok := strings.Cut(strings.TrimSpace(line), "gomod: "); ok && strings.HasPrefix(found, module+" ") {
			return found
		}
	}
	t.Fatalf("builder-config.yaml has no %s", module)
	return ""
}

// required returns the modules that a go.mod names, and whether its own code needs them.
func required(t *testing.T, path string) map[string]bool {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json", path).Output()
	require.NoError(t, err, path)
	var file struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	require.NoError(t, json.Unmarshal(output, &file))
	all := map[string]bool{}
	for _, r := range file.Require {
		all[r.Path] = all[r.Path] || !r.Indirect
	}
	return all
}

// sums returns the modules of a go.sum that were downloaded whole, not their go.mod alone.
func sums(t *testing.T, path string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	all := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) == 3 && !strings.HasSuffix(fields[1], "/go.mod") {
			all[fields[0]] = true
		}
	}
	return all
}
