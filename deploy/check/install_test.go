package check

import (
	"bufio"
	"compress/gzip"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The package for Debian is installed into a root of its own, where its script makes the
// user and the state folder, and what the unit starts runs as that user and ends when it is
// told. An upgrade keeps what the operator wrote, removal also the progress, and purging
// leaves nothing but the user.
func TestDebianPackageInstallsRunsAndGoes(t *testing.T) {
	needs(t, "dpkg", "systemd-sysusers", "systemd-tmpfiles")
	first := makePackage(t, "deb", "v0.0.1", program(t))
	second := makePackage(t, "deb", "v0.0.2", filepath.Join(root, "LICENSE")) // not run
	dir := emptyRoot(t)
	for _, name := range []string{"info", "updates"} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "var/lib/dpkg", name), 0o755))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "var/lib/dpkg/status"), nil, 0o600))
	dpkg := func(args ...string) {
		run(t, dir, []string{"PATH=" + os.Getenv("PATH")}, append([]string{
			"dpkg", "--root=" + dir, "--log=" + filepath.Join(dir, "var/lib/dpkg/log"),
			"--force-script-chrootless", "--force-depends", "--force-architecture",
		}, args...)...)
	}
	dpkg("-i", first)
	installed := ours(t, dir)
	assert.Subset(t, installed, slices.Collect(maps.Keys(packaged(t))))
	serve(t, dir)

	config := filepath.Join(dir, "etc/otelcol-s3audit/config.yaml")
	require.NoError(t, os.WriteFile(config, []byte("the operator's"), 0o600))
	dpkg("-i", second)
	text, err := os.ReadFile(config)
	require.NoError(t, err)
	assert.Equal(t, "the operator's", string(text))

	dpkg("-r", "otelcol-s3audit")
	assert.Subset(t, []string{
		"/etc/otelcol-s3audit", "/etc/otelcol-s3audit/config.yaml", "/etc/otelcol-s3audit/environment",
		"/var/lib/otelcol-s3audit", "/var/lib/otelcol-s3audit/receiver_s3_access_logs_", "/var/lib/otelcol-s3audit/receiver_s3_access_logs__marker",
	}, ours(t, dir))
	assert.FileExists(t, config)
	dpkg("-P", "otelcol-s3audit")
	assert.Empty(t, ours(t, dir))
}

// The package for Red Hat is installed into a root that has a shell and systemd's tools
// only, its scripts run there, and removal leaves nothing but the user and the progress.
func TestRedHatPackageInstallsAndGoes(t *testing.T) {
	needs(t, "rpm", "ldd", "sh", "systemd-sysusers", "systemd-tmpfiles")
	file, dir := makePackage(t, "rpm", "v0.0.1", program(t)), emptyRoot(t)
	for _, tool := range []string{"sh", "systemd-sysusers", "systemd-tmpfiles"} {
		furnish(t, dir, tool)
	}
	rpm := func(args ...string) {
		run(t, dir, []string{"PATH=" + os.Getenv("PATH")}, append([]string{"rpm", "--root=" + dir, "--nodeps"}, args...)...)
	}
	rpm("-i", file)
	installed := ours(t, dir)
	assert.Subset(t, installed, slices.Collect(maps.Keys(packaged(t))))
	userOf(t, dir, unit(t)["User"])
	cmd := exec.CommandContext(t.Context(), "/usr/bin/otelcol-s3audit", "components")
	cmd.Dir, cmd.SysProcAttr = "/", &syscall.SysProcAttr{Chroot: dir}
	output, err := cmd.CombinedOutput()
	assert.NoError(t, err)
	assert.Contains(t, string(output), "s3_access_logs")

	rpm("-e", "otelcol-s3audit")
	assert.Subset(t, []string{"/var/lib/otelcol-s3audit"}, ours(t, dir))
}

// needs skips the test where it is not run as root, or where a tool is not there.
func needs(t *testing.T, tools ...string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("takes root")
	}
	if _, err := os.Stat(nfpm); err != nil {
		t.Skip("there is no nfpm: make packages builds it")
	}
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("there is no ", tool)
		}
	}
}

var nfpm = filepath.Join(root, ".tools", "bin", "nfpm")

// makePackage makes a package around a program and returns its path.
func makePackage(t *testing.T, kind, version, binary string) string {
	t.Helper()
	tool, err := filepath.Abs(nfpm)
	require.NoError(t, err)
	binary, err = filepath.Abs(binary)
	require.NoError(t, err)
	page := filepath.Join(t.TempDir(), "otelcol-s3audit.1.gz")
	f, err := os.Create(page)
	require.NoError(t, err)
	w := gzip.NewWriter(f)
	_, err = w.Write([]byte(read(t, manPage)))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, f.Close())
	file := filepath.Join(t.TempDir(), "package."+kind)
	run(t, root, []string{"VERSION=" + version, "ARCH=amd64", "BINARY=" + binary, "MAN_PAGE=" + page},
		tool, "package", "-f", "deploy/packages/nfpm.yaml", "-p", kind, "-t", file)
	return file
}

// emptyRoot returns a folder that a user of its own can get into.
func emptyRoot(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755))
	return dir
}

// furnish copies a program and the libraries that it needs into another root.
func furnish(t *testing.T, dir, tool string) {
	t.Helper()
	program, err := exec.LookPath(tool)
	require.NoError(t, err)
	libraries, err := exec.CommandContext(t.Context(), "ldd", program).Output()
	require.NoError(t, err)
	files := regexp.MustCompile(`/\S+`).FindAllString(string(libraries), -1)
	if tool == "sh" {
		program = "/bin/sh"
	}
	for _, file := range append(files, program) {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(file)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), content, 0o755))
	}
}

// serve lets what the unit starts run in a root, as its user and from what was installed,
// until it is ready.
func serve(t *testing.T, dir string) {
	t.Helper()
	uid := userOf(t, dir, unit(t)["User"])
	state := filepath.Join(dir, "var/lib/otelcol-s3audit")
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

// ours returns the paths in a root that have the package's name in them, but for what the
// package manager itself keeps.
func ours(t *testing.T, dir string) []string {
	t.Helper()
	all := []string{}
	require.NoError(t, filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		in := strings.TrimPrefix(name, dir)
		if entry != nil && entry.IsDir() && (in == "/var/lib/dpkg" || in == "/var/lib/rpm") {
			return fs.SkipDir
		}
		if strings.Contains(in, "otelcol-s3audit") {
			all = append(all, in)
		}
		return err
	}))
	return all
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
