package e2e

import (
	"cmp"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	yaml "go.yaml.in/yaml/v3"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/machine"
)

const (
	binary = "../../../../bin/otelcol-s3audit"
	// withKillPoints is the same with the tag killpoints, see package killpoint.
	withKillPoints = binary + "-killpoints"
)

// program returns the path of the built collector. It is the first call of
// every test: it leaves the test out of short runs, and fails without a binary.
func program(t testing.TB) string {
	t.Helper()
	return built(t, binary)
}

func built(t testing.TB, binary string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("runs the built collector")
	}
	path, err := filepath.Abs(binary)
	require.NoError(t, err)
	_, err = os.Stat(path)
	require.NoError(t, err, "there is no collector to test: run `make build killpoints` first")
	return path
}

// setup is what a collector is started with. All but receivers and exporters
// may be left out.
type setup struct {
	receivers  string // YAML: settings by component id
	exporters  string
	extensions string
	signals    []string // of which there is a pipeline each; none: logs
	env        []string // beside HOME and PATH
	uid        uint32   // the user it runs as; 0: as the tests do
	noMetrics  bool     // without telemetry of its own, as memory is measured
	program    string   // another binary; "": the built one
}

// collector is a running process of the built binary.
type collector struct {
	metrics string // URL of its own telemetry
	cmd     *exec.Cmd
	logFile string
	exited  chan struct{} // closed when the process has ended
	memory  *memory
}

// start starts a collector. It is killed when the test ends.
func start(t testing.TB, s setup) *collector {
	t.Helper()
	addr := machine.FreeAddr(t)
	// The configuration comes from the environment, since another user cannot
	// read the test's directory.
	cmd := exec.Command(cmp.Or(s.program, program(t)), "--config", "env:E2E_CONFIG")
	cmd.Env = append([]string{"E2E_CONFIG=" + configuration(t, s, addr)}, s.env...)
	if s.uid != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: s.uid, Gid: s.uid}}
	}
	return launch(t, cmd, addr)
}

// launch starts a collector that serves its own metrics at addr. It is killed when
// the test ends. What every collector needs is added to the command's environment.
func launch(t testing.TB, cmd *exec.Cmd, addr string) *collector {
	t.Helper()
	dir := t.TempDir()
	c := &collector{
		metrics: "http://" + addr + "/metrics",
		cmd:     cmd,
		logFile: filepath.Join(dir, "collector.log"),
		exited:  make(chan struct{}),
	}
	log, err := os.Create(c.logFile)
	require.NoError(t, err)
	defer log.Close()

	own := []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "AWS_EC2_METADATA_DISABLED=true"}
	cmd.Env = append(own, cmd.Env...) // the command's win
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	c.memory = watchMemory(cmd.Process.Pid, c.exited)
	go func() {
		_ = cmd.Wait() // its result is in ProcessState
		close(c.exited)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-c.exited
		c.memory.done()
		if t.Failed() {
			t.Logf("the end of the collector's log:\n%s", tail(c.log(t), 40))
		}
	})
	return c
}

// configuration makes a pipeline of all receivers and exporters for each signal.
func configuration(t testing.TB, s setup, metricsAddr string) string {
	t.Helper()
	parse := func(text string) map[string]any {
		parts := map[string]any{}
		require.NoError(t, yaml.Unmarshal([]byte(text), &parts), text)
		return parts
	}
	names := func(parts map[string]any) []string { return slices.Sorted(maps.Keys(parts)) }
	receivers, exporters, extensions := parse(s.receivers), parse(s.exporters), parse(s.extensions)
	telemetry := parse(telemetryAt(t, metricsAddr))
	if s.noMetrics {
		telemetry = parse(`{metrics: {level: none}}`)
	}
	pipelines := map[string]any{}
	for _, signal := range s.signals {
		pipelines[signal] = map[string]any{"receivers": names(receivers), "exporters": names(exporters)}
	}
	if len(pipelines) == 0 {
		pipelines["logs"] = map[string]any{"receivers": names(receivers), "exporters": names(exporters)}
	}
	text, err := yaml.Marshal(map[string]any{
		"receivers": receivers, "exporters": exporters, "extensions": extensions,
		"service": map[string]any{
			"telemetry":  telemetry,
			"extensions": names(extensions),
			"pipelines":  pipelines,
		},
	})
	require.NoError(t, err)
	return string(text)
}

// telemetryAt is the settings, in YAML, by which a collector serves its own metrics.
func telemetryAt(t testing.TB, addr string) string {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	return `{metrics: {level: detailed, readers: [{pull: {exporter: {prometheus: {host: ` + host + `, port: ` + port + `}}}}]}}`
}

// log returns what the collector has logged so far.
func (c *collector) log(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(c.logFile)
	require.NoError(t, err)
	return string(text)
}

// logged waits until one line of the log holds all parts, and returns it.
func (c *collector) logged(t testing.TB, within time.Duration, parts ...string) string {
	t.Helper()
	var found string
	c.until(t, within, "a line of the log with "+strings.Join(parts, " + "), func() bool {
		for line := range strings.Lines(c.log(t)) {
			if containsAll(line, parts) {
				found = strings.TrimSpace(line)
				return true
			}
		}
		return false
	})
	return found
}

// ready waits until the collector heeds signals, which is soon after it says that
// it is ready: before, they end the process at once.
func (c *collector) ready(t testing.TB) {
	t.Helper()
	stamp, _, _ := strings.Cut(c.logged(t, 20*time.Second, "Everything is ready"), "\t")
	at, err := time.Parse(time.RFC3339, stamp)
	require.NoError(t, err)
	time.Sleep(time.Until(at.Add(300 * time.Millisecond)))
}

// readToEnd waits until a one-shot directory was read.
func (c *collector) readToEnd(t testing.TB, within time.Duration) string {
	t.Helper()
	return c.logged(t, within, "directory read to its end")
}

// limit is when a test gives up waiting for what is expected within a time: ten times
// that, at most 10 minutes, since all is slower on a machine that is busy.
func limit(within time.Duration) time.Duration {
	return max(within, min(10*within, 10*time.Minute))
}

// until waits for a condition. It fails at once when the collector ends before.
func (c *collector) until(t testing.TB, within time.Duration, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit(within)); ; {
		if condition() {
			return
		}
		select {
		case <-c.exited:
			t.Fatalf("the collector ended (%v) before: %s", c.cmd.ProcessState, what)
		case <-time.After(50 * time.Millisecond):
		}
		require.True(t, time.Now().Before(deadline), "after %v there is still not: %s", limit(within), what)
	}
}

// stop sends SIGTERM, once that is heeded, and returns how long it took. The collector
// must end by itself within a time, with exit code 0 and without having crashed.
func (c *collector) stop(t testing.TB, within time.Duration) time.Duration {
	t.Helper()
	c.ready(t)
	begin := time.Now()
	require.NoError(t, c.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-c.exited:
	case <-time.After(limit(within)):
		t.Fatalf("it still runs %v after SIGTERM", limit(within))
	}
	took := time.Since(begin)
	assert.Zero(t, c.cmd.ProcessState.ExitCode(), "%v", c.cmd.ProcessState)
	log := c.log(t)
	assert.NotContains(t, log, "panic")
	assert.NotContains(t, log, "goroutine ")
	assert.Contains(t, log, "Shutdown complete.")
	return took
}

// kill ends the collector as a crash would.
func (c *collector) kill(t testing.TB) {
	t.Helper()
	require.NoError(t, c.cmd.Process.Kill())
	<-c.exited
}

// dead waits until the collector has ended, which is somebody else's doing.
func (c *collector) dead(t testing.TB, within time.Duration) {
	t.Helper()
	select {
	case <-c.exited:
	case <-time.After(limit(within)):
		t.Fatalf("it still lives after %v", limit(within))
	}
}

// alive fails when the collector has ended.
func (c *collector) alive(t testing.TB) {
	t.Helper()
	select {
	case <-c.exited:
		t.Fatalf("the collector has ended: %v", c.cmd.ProcessState)
	default:
	}
}

func containsAll(s string, parts []string) bool {
	for _, part := range parts {
		if !strings.Contains(s, part) {
			return false
		}
	}
	return true
}

// tail returns the last lines of a text, each cut to a readable length.
func tail(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	lines = lines[max(0, len(lines)-n):]
	for i, line := range lines {
		lines[i] = line[:min(len(line), 1000)]
	}
	return strings.Join(lines, "\n")
}
