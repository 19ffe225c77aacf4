package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const docsDir = "../../../../docs"

var yamlBlock = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")

// What a page shows of a configuration is completed with the rest of one, and the built
// collector checks it.
func TestDocsConfigurationsAreValid(t *testing.T) {
	t.Parallel()
	collector := program(t)
	const (
		logs     = "receivers: {s3_access_logs: {directory: {path: .}}}\nexporters: {nop: }\n"
		pipeline = "service: {pipelines: {logs: {receivers: [s3_access_logs], processors: [transform], exporters: [nop]}}}\n"
		both     = "service: {pipelines: {metrics: {receivers: [s3_access_logs], exporters: [nop]}}}\n"
	)
	for page, rests := range map[string][]string{
		"cookbook.md":  {logs + both, ""}, // of metrics; of files, which is whole
		"migration.md": {logs + pipeline},
	} {
		text, err := os.ReadFile(filepath.Join(docsDir, page))
		require.NoError(t, err)
		blocks := yamlBlock.FindAllStringSubmatch(string(text), -1)
		require.Len(t, blocks, len(rests), page)
		for i, rest := range rests {
			dir := t.TempDir()
			arguments := []string{"validate", "--config", writeConfig(t, dir, "shown.yaml", blocks[i][1])}
			if rest != "" {
				arguments = append(arguments, "--config", writeConfig(t, dir, "rest.yaml", rest))
			}
			command := exec.CommandContext(t.Context(), collector, arguments...)
			command.Dir = t.TempDir()
			output, err := command.CombinedOutput()
			assert.NoError(t, err, "%s: %s\n%s", page, blocks[i][1], output)
		}
	}
}

func writeConfig(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}
