package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	yaml "go.yaml.in/yaml/v3"
)

const repositoryDir = "../../../.."

var (
	yamlBlock = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")
	// shownCommand is a command of the collector in the text of a page, or in a block.
	shownCommand = regexp.MustCompile("(?m)(?:^|`)((?:[A-Z_]+=\\S+ )*(?:bin/)?otelcol-s3audit (?:validate )?--[^`\n]+)(?:`|$)")
)

// What a page shows of a configuration is completed with the rest of one, and the built
// collector checks it.
func TestDocsConfigurationsAreValid(t *testing.T) {
	t.Parallel()
	collector := program(t)
	checked := 0
	for page, text := range shownPages(t) {
		for _, block := range yamlBlock.FindAllStringSubmatch(text, -1) {
			if strings.Contains(block[1], "gomod:") {
				continue // of the builder: package manifest builds it
			}
			checked++
			shown, rest := completed(t, block[1])
			dir := t.TempDir()
			command := exec.CommandContext(t.Context(), collector, "validate",
				"--config", writeConfig(t, dir, "rest.yaml", rest), "--config", writeConfig(t, dir, "shown.yaml", shown))
			command.Dir = t.TempDir()
			command.Env = append(os.Environ(), "ISAC=a", "EXTERNAL_ID=a")
			output, err := command.CombinedOutput()
			assert.NoError(t, err, "%s: %s\n%s", page, block[1], output)
		}
	}
	assert.GreaterOrEqual(t, checked, 14)
}

// shownPages returns README.md, the pages of docs and those of the components.
func shownPages(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	for _, pattern := range []string{"README.md", "docs/*.md", "receiver/*/README.md", "exporter/*/README.md", "extension/*/README.md", "converter/*/README.md"} {
		found, err := filepath.Glob(filepath.Join(repositoryDir, pattern))
		require.NoError(t, err)
		require.NotEmpty(t, found, pattern)
		for _, file := range found {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			pages[strings.TrimPrefix(file, repositoryDir+"/")] = string(text)
		}
	}
	return pages
}

// completed returns a block of a page as a part of a configuration, and what it lacks to be
// a whole one. A block with other keys than a configuration has is of the receiver.
func completed(t *testing.T, block string) (shown, rest string) {
	t.Helper()
	var parts map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(block), &parts), block)
	shown = block
	for key := range parts {
		switch key {
		case "receivers", "processors", "exporters", "extensions", "service":
			continue
		}
		indent := strings.Repeat(" ", 4-(len(block)-len(strings.TrimLeft(block, " "))))
		shown = "receivers:\n  s3_access_logs:\n" + indent + strings.TrimRight(strings.ReplaceAll(block, "\n", "\n"+indent), " ")
		parts = nil
		require.NoError(t, yaml.Unmarshal([]byte(shown), &parts), shown)
		break
	}
	section := func(of map[string]any, name string) map[string]any {
		found, _ := of[name].(map[string]any)
		return found
	}
	lacks := map[string]any{}
	extensions := map[string]any{"file_storage": map[string]any{"directory": ".", "create_directory": true}}
	if receiver := section(section(parts, "receivers"), "s3_access_logs"); receiver["bucket"] == nil && receiver["queue"] == nil && receiver["directory"] == nil {
		lacks["receivers"] = map[string]any{"s3_access_logs": map[string]any{"directory": map[string]any{"path": "."}}}
	} else if bucket := section(receiver, "bucket"); len(bucket) > 0 && bucket["name"] == nil && bucket["names"] == nil {
		lacks["receivers"] = map[string]any{"s3_access_logs": map[string]any{"bucket": map[string]any{"name": "logs"}}}
	}
	if parts["service"] == nil || section(parts, "service")["pipelines"] == nil {
		names := func(name string) (all []string) {
			for id := range section(parts, name) {
				all = append(all, id)
			}
			return all
		}
		exporters := append(names("exporters"), "nop")
		lacks["exporters"] = map[string]any{"nop": nil}
		lacks["service"] = map[string]any{
			"extensions": append(names("extensions"), "file_storage"),
			"pipelines": map[string]any{
				"logs":    map[string]any{"receivers": []string{"s3_access_logs"}, "processors": names("processors"), "exporters": exporters},
				"metrics": map[string]any{"receivers": []string{"s3_access_logs"}, "exporters": []string{"nop"}},
			},
		}
	}
	lacks["extensions"] = extensions
	text, err := yaml.Marshal(lacks)
	require.NoError(t, err)
	return shown, string(text)
}

// A command that a page shows runs as it is written, from the repository's folder, with
// the sample logs in ./logs.
func TestDocsCommandsRun(t *testing.T) {
	t.Parallel()
	collector := program(t)
	repository, err := filepath.Abs(repositoryDir)
	require.NoError(t, err)
	var mine string // the receiver's example of a folder, which ends by itself
	pages := shownPages(t)
	for _, block := range yamlBlock.FindAllStringSubmatch(pages["receiver/s3accesslogsreceiver/README.md"], -1) {
		if strings.Contains(block[1], "shutdown_when_done") {
			mine = block[1]
		}
	}
	require.NotEmpty(t, mine)
	ran := 0
	for page, text := range pages {
		for _, command := range shownCommand.FindAllStringSubmatch(text, -1) {
			ran++
			dir := t.TempDir()
			require.NoError(t, os.Symlink(filepath.Join(repository, "examples"), filepath.Join(dir, "examples")))
			require.NoError(t, os.Symlink(filepath.Join(repository, "bin"), filepath.Join(dir, "bin")))
			require.NoError(t, os.CopyFS(filepath.Join(dir, "logs"), os.DirFS(filepath.Join(repository, "testdata/sample"))))
			writeConfig(t, dir, "my.yaml", mine)
			shell := exec.CommandContext(t.Context(), "bash", "-c", command[1])
			shell.Dir = dir
			shell.Env = append(os.Environ(), "PATH="+filepath.Dir(collector)+":"+os.Getenv("PATH"))
			output, err := shell.CombinedOutput()
			assert.NoError(t, err, "%s: %s\n%s", page, command[1], output[max(0, len(output)-2000):])
		}
	}
	assert.GreaterOrEqual(t, ran, 5)
}

func writeConfig(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}
