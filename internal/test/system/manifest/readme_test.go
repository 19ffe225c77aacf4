package manifest

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var yamlBlock = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")

// What README.md shows for a collector of one's own is built as it says, in a folder
// beside a clean clone, and takes the configuration that the page shows.
func TestManifestOfTheReadmeBuilds(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a collector")
	}
	root, err := filepath.Abs(repository)
	require.NoError(t, err)
	page, err := os.ReadFile(filepath.Join(root, "README.md"))
	require.NoError(t, err)
	var manifest, config string
	for _, block := range yamlBlock.FindAllStringSubmatch(string(page), -1) {
		switch {
		case strings.HasPrefix(block[1], "dist:"):
			manifest = block[1]
		case strings.Contains(block[1], "\nservice:"):
			config = block[1]
		}
	}
	require.NotEmpty(t, manifest)
	require.NotEmpty(t, config)
	assert.LessOrEqual(t, strings.Count(manifest, "\n"), 12)

	folder := t.TempDir()
	mine := filepath.Join(folder, "mine")
	require.NoError(t, os.Mkdir(mine, 0o700))
	run(t, folder, "git", "clone", "--quiet", "--no-hardlinks", root, "otelcol-s3audit")
	require.NoError(t, os.WriteFile(filepath.Join(mine, "otelcol.yaml"), []byte(manifest), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(mine, "config.yaml"), []byte(config), 0o600))

	builder := filepath.Join(root, ".tools/bin/builder")
	_, words, found := strings.Cut(string(page), "collector/cmd/builder@v")
	require.True(t, found)
	words, _, _ = strings.Cut(words, "`")
	version, arguments, _ := strings.Cut(words, " ")
	assert.Contains(t, run(t, mine, "go", "version", "-m", builder), "go.opentelemetry.io/collector/cmd/builder\tv"+version)
	run(t, mine, builder, strings.Fields(arguments)...)
	collector := filepath.Join(mine, "my-collector", "my-collector")
	assert.Contains(t, run(t, mine, collector, "components"), "name: s3_access_logs")
	run(t, mine, collector, "validate", "--config", "config.yaml")
}

// run runs a command in a folder and returns what it prints.
func run(t *testing.T, folder, name string, arguments ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, arguments...)
	command.Dir = folder
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s %s\n%s", name, strings.Join(arguments, " "), output)
	return string(output)
}
