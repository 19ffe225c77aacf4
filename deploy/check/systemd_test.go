package check

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// unit returns the settings of the service, by name; the last one wins.
func unit(t testing.TB) map[string]string {
	t.Helper()
	settings := map[string]string{}
	for line := range strings.Lines(read(t, "deploy/systemd/otelcol-s3audit.service")) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), "="); found && !strings.HasPrefix(line, "#") {
			settings[name] = value
		}
	}
	return settings
}

// environment returns the variables that the packaged file names.
func environment(t testing.TB) []string {
	t.Helper()
	var names []string
	for line := range strings.Lines(read(t, "deploy/systemd/environment")) {
		if name, _, found := strings.Cut(strings.TrimSpace(line), "="); found && !strings.HasPrefix(line, "#") {
			names = append(names, name)
		}
	}
	return names
}

func TestPackagedConfigurationIsValid(t *testing.T) {
	config := read(t, "deploy/systemd/config.yaml")
	env := []string{"STATE_DIRECTORY=" + t.TempDir()}
	for _, name := range environment(t) {
		assert.Contains(t, config, "${env:"+name+"}")
		env = append(env, name+"=localhost:4317")
	}
	for _, match := range variable.FindAllStringSubmatch(config, -1) {
		assert.Contains(t, environment(t), match[1])
	}
	validate(t, config, env...)
}

// systemd itself knows every setting, and finds little that the service could harm.
func TestUnitIsHardened(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze")
	}
	file := filepath.Join(t.TempDir(), "otelcol-s3audit.service")
	text := strings.ReplaceAll(read(t, "deploy/systemd/otelcol-s3audit.service"), "/usr/bin/otelcol-s3audit", program(t))
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	output, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", file).CombinedOutput()
	require.NoError(t, err, string(output))
	assert.Empty(t, string(output))
	// The threshold is 1.5 of 10; whoever hardens nothing has 9.6.
	output, err = exec.CommandContext(t.Context(), analyze, "security", "--offline=true", "--threshold=15", "--no-pager", file).CombinedOutput()
	assert.NoError(t, err, string(output))
}
