package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// speedFiles and speedFile are what is read: one and a half gigabytes in objects of 64 MB.
const (
	speedFiles = 24
	speedFile  = 64_000_000 // bytes, about
)

// speedCase is one way of running the collector, or another program.
type speedCase struct {
	name string
	run  func(t *testing.T, l speedLogs) ran
}

// ran is one run over all files.
type ran struct {
	records int           // that were read as such
	took    time.Duration // of reading, without the start of the process
	cpu     time.Duration // of the whole process
	peak    int64         // resident bytes
	sent    int64         // bytes of OTLP before compression
	wire    int64         // bytes that the back end received
}

// speedLogs are the files that every run reads.
type speedLogs struct {
	dir     string
	bytes   int64
	records int
}

// What the whole process costs: CPU time, memory and records per second, and the
// same of GoAccess where it is installed. E2E_SPEED is how often each case runs, and
// E2E_SPEED_CASES a regular expression of those that do; the medians are written to _bench/process.md. Nothing is asserted on speed.
//
//	make bench-process
func TestSpeed(t *testing.T) {
	program(t)
	times, _ := strconv.Atoi(os.Getenv("E2E_SPEED"))
	if times == 0 {
		t.Skip("takes minutes: set E2E_SPEED to how often each case is to run")
	}
	l := makeSpeedLogs(t)
	var table strings.Builder
	fmt.Fprintf(&table, "%.2f GB of logs, %d records, in %d files; load average before: %s. Medians of %d.\n", float64(l.bytes)/1e9, l.records, speedFiles, loadAverage(), times)
	idle := process{signals: []string{"logs", "metrics"}, compression: "none"}.read(t, speedLogs{dir: t.TempDir()}, 1)
	fmt.Fprintf(&table, "Starting and stopping, %.2f s of CPU time, is in each.\n\n", idle.cpu.Seconds())
	table.WriteString("| | GOMAXPROCS | CPU s per GB | records/s | MB/s | peak RSS, MB | OTLP bytes a record | on the wire | records read |\n|---|---|---|---|---|---|---|---|---|\n")
	chosen := regexp.MustCompile(os.Getenv("E2E_SPEED_CASES"))
	for _, c := range collectorCases() {
		if !chosen.MatchString(c(1).name) {
			continue
		}
		for _, procs := range []int{1, 2} {
			table.WriteString(measure(t, l, times, c(procs)).row(c(procs).name, strconv.Itoa(procs), l))
		}
	}
	for _, c := range goAccessCases(t) {
		if !chosen.MatchString(c.name) {
			continue
		}
		table.WriteString(measure(t, l, times, c).row(c.name, "", l))
	}
	t.Log("\n" + table.String())
	require.NoError(t, os.MkdirAll("../../../../_bench", 0o755))
	require.NoError(t, os.WriteFile("../../../../_bench/process.md", []byte(table.String()), 0o644))
}

func makeSpeedLogs(t *testing.T) speedLogs {
	t.Helper()
	const mix = 20_000
	text := joined(samplelogs.ByBucket(samplelogs.Seed, mix))
	l := speedLogs{dir: t.TempDir()}
	for i := range speedFiles {
		f, err := os.Create(filepath.Join(l.dir, fmt.Sprintf("2026-11-09-00-00-%02d-%016d", i, i)))
		require.NoError(t, err)
		for size := 0; size < speedFile; size += len(text) {
			n, err := f.Write(text)
			require.NoError(t, err)
			l.bytes += int64(n)
			l.records += mix
		}
		require.NoError(t, f.Close())
	}
	return l
}

// collectorCases are functions of GOMAXPROCS.
func collectorCases() (cases []func(procs int) speedCase) {
	add := func(name string, p process) {
		cases = append(cases, func(procs int) speedCase {
			return speedCase{name, func(t *testing.T, l speedLogs) ran { return p.read(t, l, procs) }}
		})
	}
	logs, metrics, both := []string{"logs"}, []string{"metrics"}, []string{"logs", "metrics"}
	add("logs, nothing exported", process{signals: logs})
	add("logs, nothing exported, as deployed", process{signals: logs, env: deployed})
	add("logs, OTLP uncompressed", process{signals: logs, compression: "none"})
	add("logs, OTLP uncompressed, as deployed", process{signals: logs, compression: "none", env: deployed})
	add("logs, OTLP with gzip", process{signals: logs, compression: "gzip"})
	add("logs, OTLP with zstd", process{signals: logs, compression: "zstd"})
	add("metrics, OTLP uncompressed", process{signals: metrics, compression: "none"})
	add("both, OTLP uncompressed", process{signals: both, compression: "none"})
	add("both, OTLP with gzip", process{signals: both, compression: "gzip"})
	return cases
}

// deployed is what the files in deploy set, so that garbage is collected less
// often.
var deployed = []string{"GOGC=400", "GOMEMLIMIT=400MiB"}

// process is a way of running the collector.
type process struct {
	signals     []string
	compression string // of the OTLP exporter; "" for the nop exporter
	env         []string
}

// read reads all files once.
func (p process) read(t *testing.T, l speedLogs, procs int) (r ran) {
	back := newDiscard(t)
	exporter := "nop: {}"
	if p.compression != "" {
		exporter = fmt.Sprintf("otlp_grpc: {endpoint: %q, tls: {insecure: true}, compression: %s, sending_queue: {enabled: false}}", back.addr, p.compression)
	}
	c := start(t, setup{
		receivers: "s3_access_logs: {directory: {path: " + l.dir + "}}",
		exporters: exporter,
		signals:   p.signals,
		env:       append([]string{"GOMAXPROCS=" + strconv.Itoa(procs)}, p.env...),
		noMetrics: true,
	})
	end := c.readToEnd(t, 10*time.Minute)
	r.took = logTime(t, end).Sub(logTime(t, c.logged(t, time.Second, "Everything is ready")))
	c.stop(t, 30*time.Second)
	r.records = l.records
	assert.Contains(t, end, fmt.Sprintf(`"records": %d, "malformed": 0`, l.records))
	r.cpu = c.cmd.ProcessState.UserTime() + c.cmd.ProcessState.SystemTime()
	r.peak = c.memory.done().peak
	r.sent, r.wire = back.bytes.Load(), back.wire.Load()
	if p.compression != "" && l.records > 0 {
		assert.Positive(t, back.requests.Load())
	}
	return r
}

// logTime reads the time of a line of the collector's log.
func logTime(t *testing.T, line string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04:05.000Z0700", strings.Fields(line)[0])
	require.NoError(t, err, line)
	return at
}

// measure runs a case and returns the medians.
func measure(t *testing.T, l speedLogs, times int, c speedCase) ran {
	t.Helper()
	runs := make([]ran, times)
	for i := range runs {
		t.Run(c.name, func(t *testing.T) { runs[i] = c.run(t, l) })
	}
	median := func(of func(ran) int64) int64 {
		slices.SortFunc(runs, func(a, b ran) int { return int(of(a) - of(b)) })
		return of(runs[times/2])
	}
	return ran{
		records: runs[0].records,
		took:    time.Duration(median(func(r ran) int64 { return int64(r.took) })),
		cpu:     time.Duration(median(func(r ran) int64 { return int64(r.cpu) })),
		peak:    median(func(r ran) int64 { return r.peak }),
		sent:    median(func(r ran) int64 { return r.sent }),
		wire:    median(func(r ran) int64 { return r.wire }),
	}
}

func (r ran) row(name, procs string, l speedLogs) string {
	sent, wire := "", ""
	if r.sent > 0 {
		sent, wire = strconv.FormatInt(r.sent/int64(r.records), 10), strconv.FormatInt(r.wire/int64(r.records), 10)
	}
	return fmt.Sprintf("| %s | %s | %.2f | %.0f | %.0f | %.0f | %s | %s | %.1f %% |\n", name, procs,
		r.cpu.Seconds()/(float64(l.bytes)/1e9), float64(r.records)/r.took.Seconds(),
		float64(l.bytes)/1e6/r.took.Seconds(), float64(r.peak)/1e6, sent, wire, 100*float64(r.records)/float64(l.records))
}

// loadAverage is that of the last minute, "unknown" where there is no /proc.
func loadAverage() string {
	text, _ := os.ReadFile("/proc/loadavg")
	return regexp.MustCompile(`^\S+`).FindString(string(text) + "unknown")
}
