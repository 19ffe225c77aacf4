package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/machine"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

const (
	readLine   = "directory read to its end"
	endsLine   = "all is read and accepted, the collector ends"
	doneRuns   = 2 // of each case, without E2E_DONE
	watchdog   = time.Minute
	slowBegin  = 3 * time.Second // what another component's Start takes
	sinceReady = 20 * time.Second
)

// endings is what a test of collectors that end by themselves reads and writes. The
// storage stays when the collector has ended.
type endings struct {
	dirs    []string // of a receiver each; the names of the receivers are a, b, ...
	want    uids
	storage string
	out     string
	signals []string
	sigterm bool // the test sends one: the collector may end by that, before it says that all is read
}

func newEndings(t *testing.T, signals ...string) *endings {
	t.Helper()
	return &endings{want: uids{}, storage: t.TempDir(), signals: signals}
}

// add makes a directory of objects, which may be none, for another receiver.
func (e *endings) add(t *testing.T, objects int) {
	t.Helper()
	dir := t.TempDir()
	for i := range objects {
		text := joined(samplelogs.Records(rand.Uint64(), 50))
		e.want.add(text)
		write(t, dir, map[string][]byte{fmt.Sprintf("2026-11-09-00-00-00-%016d", i): text})
	}
	e.dirs = append(e.dirs, dir)
}

// start starts a collector that writes to a file of its own.
func (e *endings) start(t *testing.T) *collector {
	t.Helper()
	e.out = filepath.Join(t.TempDir(), "out.jsonl")
	var receivers strings.Builder
	for i, dir := range e.dirs {
		fmt.Fprintf(&receivers, "s3_access_logs/%c: {directory: {path: %s}, storage: file_storage}\n", 'a'+i, dir)
	}
	return start(t, setup{
		receivers:  receivers.String(),
		exporters:  "file: {path: " + e.out + ", append: true}", // a reload does not truncate it
		extensions: "file_storage: {directory: " + e.storage + ", timeout: 5m}\nshutdown_when_done: {}",
		signals:    e.signals,
		noMetrics:  true,
	})
}

// check compares what a collector that has ended by itself wrote, and starts another
// one, which must find nothing to read and end as well.
func (e *endings) check(t *testing.T, c *collector) {
	t.Helper()
	c.exitsWell(t)
	if !e.sigterm || strings.Contains(c.log(t), endsLine) {
		c.saidAll(t)
	}
	logs, points := e.written(t)
	assertSame(t, e.want, logs)
	for _, signal := range e.signals {
		if signal == "metrics" {
			assert.EqualValues(t, len(e.want), points)
		}
	}
	second := e.start(t)
	second.ended(t)
	logs, _ = e.written(t)
	assert.Empty(t, logs, "what is done was read again")
	log := second.log(t)
	assert.Equal(t, len(e.dirs), strings.Count(log, readLine), log)
	assert.Equal(t, len(e.dirs)+1, strings.Count(log, `"objects": 0`), "of each receiver, and the sum: %s", log)
}

// ended waits for the end that a collector comes to by itself.
func (c *collector) ended(t *testing.T) {
	t.Helper()
	c.exitsWell(t)
	c.saidAll(t)
}

// saidAll asserts that a collector ended because all was read, and that nothing failed
// from then on.
func (c *collector) saidAll(t *testing.T) {
	t.Helper()
	log := c.log(t)
	assert.Contains(t, log, endsLine)
	_, end, _ := strings.Cut(log, endsLine)
	assert.False(t, strings.Contains(end, "\terror\t"), end)
}

// exitsWell waits for a collector's end, which is in order.
func (c *collector) exitsWell(t *testing.T) {
	t.Helper()
	select {
	case <-c.exited:
	case <-time.After(watchdog + slowBegin + sinceReady):
		t.Fatal("it outlives the watchdog")
	}
	log := strings.TrimSpace(c.log(t))
	require.Zero(t, c.cmd.ProcessState.ExitCode(), "%v: %s", c.cmd.ProcessState, tail(log, 30))
	lines := strings.Split(log, "\n")
	assert.Contains(t, lines[len(lines)-1], "Shutdown complete.")
	for _, wrong := range []string{"panic", "goroutine "} {
		assert.False(t, strings.Contains(log, wrong), tail(log, 30))
	}
}

// written reads the exporter's file, which must have no line that is not complete, and
// returns the records of logs and the sum of the points of requests.
func (e *endings) written(t *testing.T) (logs uids, requests int64) {
	t.Helper()
	f, err := os.Open(e.out)
	require.NoError(t, err)
	defer f.Close()
	logs = uids{}
	perReceiver := map[string]int64{} // the latest emission of each
	in := bufio.NewReader(f)
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			break
		}
		require.NoError(t, err, "the file ends within a line")
		require.True(t, json.Valid(line))
		if bytes.HasPrefix(line, []byte(`{"resourceMetrics"`)) {
			name, sum := requestsOf(t, line)
			perReceiver[name] = sum
			continue
		}
		ld, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(line)
		require.NoError(t, err)
		for _, rl := range ld.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, record := range sl.LogRecords().All() {
					uid, _ := record.Attributes().Get("log.record.uid")
					logs[uid.Str()]++
				}
			}
		}
	}
	for _, n := range perReceiver {
		requests += n
	}
	return logs, requests
}

// requestsOf returns the receiver of an emission, and the sum over its requests.
func requestsOf(t *testing.T, line []byte) (receiver string, sum int64) {
	t.Helper()
	md, err := (&pmetric.JSONUnmarshaler{}).UnmarshalMetrics(line)
	require.NoError(t, err)
	for _, rm := range md.ResourceMetrics().All() {
		name, _ := rm.Resource().Attributes().Get("service.name")
		receiver = name.Str()
		for _, m := range rm.ScopeMetrics().At(0).Metrics().All() {
			if m.Name() != "aws.s3.server.requests" {
				continue
			}
			for _, p := range m.Sum().DataPoints().All() {
				sum += p.IntValue()
			}
		}
	}
	return receiver, sum
}

// eachTime runs a case as often as E2E_DONE says.
func eachTime(t *testing.T, test func(t *testing.T, run int)) {
	t.Helper()
	t.Parallel()
	program(t)
	runs := doneRuns
	if n, err := strconv.Atoi(os.Getenv("E2E_DONE")); err == nil {
		runs = n
	}
	t.Run("runs", func(t *testing.T) {
		for run := range runs {
			t.Run(strconv.Itoa(run), func(t *testing.T) {
				t.Parallel()
				test(t, run)
			})
		}
	})
	t.Logf("%d runs", runs)
}

func TestEmptyDirectoryEndsByItself(t *testing.T) {
	eachTime(t, func(t *testing.T, _ int) {
		e := newEndings(t, "logs", "metrics")
		e.add(t, 0)
		e.check(t, e.start(t))
	})
}

func TestLogsAndMetricsEndsByItself(t *testing.T) {
	eachTime(t, func(t *testing.T, _ int) {
		e := newEndings(t, "logs", "metrics")
		e.add(t, 40)
		e.check(t, e.start(t))
	})
}

func TestTwoReceiversEndsByItself(t *testing.T) {
	eachTime(t, func(t *testing.T, _ int) {
		e := newEndings(t, "logs", "metrics")
		e.add(t, 1)
		e.add(t, 40)
		e.check(t, e.start(t))
	})
}

// holdStart keeps the storage of a receiver, so that its Start takes slowBegin.
func (e *endings) holdStart(t *testing.T, receiver byte) (release func()) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(e.storage, "receiver_s3_access_logs_"+string(receiver)), 0o600, nil)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return func() { assert.NoError(t, db.Close()) }
}

// The other one is done, or has not begun, when the collector does not heed signals yet:
// which of the two starts first depends on a hash of their names.
func TestSlowStartOfAnotherComponentEndsByItself(t *testing.T) {
	var early atomic.Int32
	t.Cleanup(func() { t.Logf("in %d runs a receiver was done before the collector was ready", early.Load()) })
	eachTime(t, func(t *testing.T, run int) {
		e := newEndings(t, "logs", "metrics")
		e.add(t, 5)
		e.add(t, 5)
		release := e.holdStart(t, "ab"[run%2])
		c := e.start(t)
		time.Sleep(slowBegin)
		release()
		e.check(t, c)
		log := c.log(t)
		if strings.Index(log, readLine) < strings.Index(log, "Everything is ready") {
			early.Add(1)
		}
	})
}

// A SIGTERM that comes while another component starts, when it would be the process's
// death without the extension.
func TestTerminatedWhileItStartsEndsByItself(t *testing.T) {
	eachTime(t, func(t *testing.T, run int) {
		e := newEndings(t, "logs", "metrics")
		e.add(t, 5)
		e.add(t, 5)
		release := e.holdStart(t, "ab"[run%2])
		c := e.start(t)
		c.logged(t, 20*time.Second, "Extension started.", "shutdown_when_done")
		require.NoError(t, c.cmd.Process.Signal(syscall.SIGTERM))
		time.Sleep(slowBegin)
		c.alive(t)
		release()
		select {
		case <-c.exited:
		case <-time.After(watchdog + sinceReady):
			t.Fatal("it outlives the watchdog")
		}
		assert.Zero(t, c.cmd.ProcessState.ExitCode(), "%v", c.cmd.ProcessState)
		assert.Contains(t, tail(c.log(t), 1), "Shutdown complete.")
	})
}

// A start that never ends, so that nothing heeds the SIGTERM.
func TestHangingStartEndsByItself(t *testing.T) {
	t.Parallel()
	program(t)
	e := newEndings(t, "logs")
	e.add(t, 5)
	e.add(t, 5)
	e.holdStart(t, 'a')
	c := e.start(t)
	c.logged(t, 20*time.Second, "Extension started.", "shutdown_when_done")
	begin := time.Now()
	require.NoError(t, c.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-c.exited:
	case <-time.After(watchdog + sinceReady):
		t.Fatal("it outlives the watchdog")
	}
	assert.GreaterOrEqual(t, time.Since(begin), watchdog)
	assert.Equal(t, 1, c.cmd.ProcessState.ExitCode(), "%v", c.cmd.ProcessState)
	assert.Contains(t, c.log(t), "the collector has not ended, the process exits with status 1: it was sent SIGTERM and has not begun to shut down within 1m0s")
}

// The source is done when the signals come: the directory appears only when the collector
// heeds them.
func TestSignalsAtTheSameMomentEndsByItself(t *testing.T) {
	var reloads, late atomic.Int32
	t.Cleanup(func() {
		t.Logf("%d reloads, %d times SIGHUP came after the end", reloads.Load(), late.Load())
	})
	orders := [][]os.Signal{
		{syscall.SIGHUP}, {syscall.SIGTERM, syscall.SIGHUP}, {syscall.SIGHUP, syscall.SIGTERM}, {syscall.SIGHUP, syscall.SIGHUP},
	}
	eachTime(t, func(t *testing.T, run int) {
		e := newEndings(t, "logs", "metrics")
		e.add(t, 5)
		dir := e.dirs[0]
		require.NoError(t, os.Rename(dir, dir+".later"))
		c := e.start(t)
		c.ready(t)
		require.NoError(t, os.Rename(dir+".later", dir))
		for deadline := time.Now().Add(time.Minute); !strings.Contains(c.log(t), readLine); time.Sleep(time.Millisecond) {
			require.True(t, time.Now().Before(deadline), "nothing is read")
		}
		e.sigterm = slices.Contains(orders[run%len(orders)], os.Signal(syscall.SIGTERM))
		for _, signal := range orders[run%len(orders)] {
			if err := c.cmd.Process.Signal(signal); err != nil {
				require.ErrorIs(t, err, os.ErrProcessDone)
			}
		}
		<-c.exited
		log := c.log(t)
		if strings.Contains(log, "Config updated, restart service") {
			reloads.Add(1)
		}
		status, _ := c.cmd.ProcessState.Sys().(syscall.WaitStatus)
		if status.Signal() == syscall.SIGHUP && strings.Contains(tail(log, 1), "Shutdown complete.") {
			late.Add(1) // the collector had ended and listened no more, the process had not
			return
		}
		e.check(t, c)
	})
}

// While the back end is away the run waits and says so. It ends when that is back.
func TestAwayBackEndEndsByItself(t *testing.T) {
	t.Parallel()
	program(t)
	dir, addr := t.TempDir(), machine.FreeAddr(t)
	text := joined(samplelogs.Records(81, 500))
	want := uids{}
	want.add(text)
	write(t, dir, map[string][]byte{"2026-11-09-00-00-00-0000000000000000": text})
	c := start(t, setup{
		receivers:  "s3_access_logs: {directory: {path: " + dir + "}, retry_on_failure: {max_interval: 2s}}",
		exporters:  otlpExporter(addr),
		extensions: "shutdown_when_done: {}",
		noMetrics:  true,
	})
	line := c.logged(t, time.Minute, "the collector ends later, nothing is lost, it waits: s3_access_logs: delivering logs: the pipeline refuses: ")
	t.Log(line)
	c.alive(t)
	out := filepath.Join(t.TempDir(), "records.jsonl")
	receiving := start(t, setup{
		receivers: "otlp: {protocols: {grpc: {endpoint: " + addr + "}}}",
		exporters: "file: {path: " + out + "}",
	})
	c.ended(t)
	receiving.stop(t, 15*time.Second)
	assertSame(t, want, records(t, out, nil))
}

// A permission that is missing is waited for: nothing else could be opened, so that it
// may be given later.
func TestDeniedFileEndsByItself(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("cannot start a process of another user")
	}
	t.Parallel()
	program(t)
	dir := t.TempDir()
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755)) // another user sees nothing below it
	require.NoError(t, os.Chmod(dir, 0o777))
	text := joined(samplelogs.Records(82, 500))
	want := uids{}
	want.add(text)
	file, out := filepath.Join(dir, "in", "2026-11-09-00-00-00-0000000000000000"), filepath.Join(dir, "out.jsonl")
	write(t, dir, map[string][]byte{"in/" + filepath.Base(file): text})
	require.NoError(t, os.Chmod(file, 0o600))
	c := start(t, setup{
		receivers:  "s3_access_logs: {directory: {path: " + filepath.Dir(file) + "}}",
		exporters:  "file: {path: " + out + "}",
		extensions: "shutdown_when_done: {}",
		noMetrics:  true,
		uid:        65534,
	})
	t.Log(c.logged(t, time.Minute, "the collector ends later, nothing is lost, it waits: s3_access_logs: reading objects: ", "access denied"))
	c.alive(t)
	require.NoError(t, os.Chmod(file, 0o644))
	c.ended(t)
	assertSame(t, want, records(t, out, nil))
}

func TestSourceThatNeverEndsIsToldAtStart(t *testing.T) {
	t.Parallel()
	program(t)
	c := start(t, setup{
		receivers:  "s3_access_logs: {directory: {path: " + t.TempDir() + ", follow: true}}",
		exporters:  "nop: {}",
		extensions: "shutdown_when_done: {}",
		noMetrics:  true,
	})
	c.logged(t, 20*time.Second, "shutdown_when_done ends nothing, since these receivers have sources that never end: s3_access_logs")
	c.ready(t)
	c.stop(t, 15*time.Second)
}
