package check

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	yaml "go.yaml.in/yaml/v3"
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

// What the unit starts and reads is what the package holds.
func TestPackageHoldsWhatTheUnitNeeds(t *testing.T) {
	var recipe struct {
		Contents []struct{ Src, Dst, Type string }
		Scripts  map[string]string
	}
	require.NoError(t, yaml.Unmarshal([]byte(read(t, "deploy/packages/nfpm.yaml")), &recipe))
	holds := map[string]string{}
	for _, content := range recipe.Contents {
		holds[content.Dst] = content.Type
		if !strings.HasPrefix(content.Src, "$") {
			assert.FileExists(t, filepath.Join(root, content.Src))
		}
	}
	for _, script := range recipe.Scripts {
		assert.FileExists(t, filepath.Join(root, script))
	}
	u := unit(t)
	start := strings.Fields(u["ExecStart"])
	require.Len(t, start, 4)
	assert.Equal(t, "--feature-gates=+extension.healthcheck.useComponentStatus", start[3])
	assert.Contains(t, holds, start[0])
	assert.Equal(t, "config|noreplace", holds[start[2]])
	assert.Equal(t, "config|noreplace", holds[strings.TrimPrefix(u["EnvironmentFile"], "-")])
	assert.Contains(t, read(t, "deploy/systemd/otelcol-s3audit.sysusers"), "u "+u["User"]+" ")
	assert.Equal(t, "GOGC=400 GOMEMLIMIT=400MiB", u["Environment"], "as it was measured")
	assert.Equal(t, "512M", u["MemoryMax"])
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

// The package for Debian is made, installed into a root of its own, where its script
// makes the user, and what the unit starts runs as that user and ends when it is told.
func TestDebianPackageInstallsAndRuns(t *testing.T) {
	nfpm := filepath.Join(root, ".tools", "bin", "nfpm")
	if _, err := os.Stat(nfpm); err != nil {
		t.Skip("there is no nfpm: make packages builds it")
	}
	for _, tool := range []string{"dpkg", "systemd-sysusers"} {
		if _, err := exec.LookPath(tool); err != nil || os.Getuid() != 0 {
			t.Skip("takes root and ", tool)
		}
	}
	nfpm, err := filepath.Abs(nfpm)
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755)) // the service's user has to get in
	install(t, nfpm, dir)

	uid := userOf(t, dir, unit(t)["User"])
	state := filepath.Join(dir, "var/lib/otelcol-s3audit")
	require.NoError(t, os.MkdirAll(state, 0o700))
	require.NoError(t, os.Chown(state, uid, uid))
	start := strings.Fields(unit(t)["ExecStart"])
	cmd := exec.Command(dir+start[0], start[1], dir+start[2], start[3], "--config",
		"yaml:{extensions: {health_check: {endpoint: 127.0.0.1:0}}, service: {telemetry: {metrics: {level: none}}}}")
	cmd.Env = []string{
		"STATE_DIRECTORY=" + state, "LOG_BUCKET=logs", "OTLP_ENDPOINT=127.0.0.1:1", "OTLP_TOKEN=token",
		"AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", "AWS_ENDPOINT_URL_S3=http://127.0.0.1:1",
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	log, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	watchdog := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
	defer watchdog.Stop()
	ready, lines := false, bufio.NewScanner(log)
	for !ready && lines.Scan() {
		ready = strings.Contains(lines.Text(), "Everything is ready")
	}
	assert.True(t, ready)
	time.Sleep(200 * time.Millisecond) // it says so before it heeds signals
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	for lines.Scan() { // or it would be stuck
	}
	assert.NoError(t, cmd.Wait())
	entries, err := os.ReadDir(state)
	require.NoError(t, err)
	assert.NotEmpty(t, entries, "nothing was stored")
}

// install makes the package and installs it into a directory, as dpkg does when it
// sets up another system.
func install(t *testing.T, nfpm, dir string) {
	t.Helper()
	repository, err := filepath.Abs(root)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "package.deb")
	run(t, repository, []string{"VERSION=v0.0.1", "ARCH=amd64", "BINARY=" + program(t)},
		nfpm, "package", "-f", "deploy/packages/nfpm.yaml", "-p", "deb", "-t", file)
	for _, name := range []string{"info", "updates"} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "var/lib/dpkg", name), 0o755))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "var/lib/dpkg/status"), nil, 0o600))
	run(t, dir, []string{"PATH=" + os.Getenv("PATH")},
		"dpkg", "--root="+dir, "--log="+filepath.Join(dir, "dpkg.log"), "--force-script-chrootless", "--force-depends", "--force-architecture", "-i", file)
}

func run(t *testing.T, dir string, env []string, command ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir, cmd.Env = dir, env
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%v: %s", command, output)
}

// userOf returns the id of a user of the system in a directory.
func userOf(t *testing.T, dir, name string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "etc/passwd"))
	require.NoError(t, err)
	_, line, found := strings.Cut(string(text), name+":x:")
	require.True(t, found, string(text))
	id, _, _ := strings.Cut(line, ":")
	uid, err := strconv.Atoi(id)
	require.NoError(t, err)
	return uid
}
