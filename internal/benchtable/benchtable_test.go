package benchtable

import (
	"flag"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/otelcol-s3audit/otelcol-s3audit"

var update = flag.Bool("update", false, "write testdata/table.md anew")

func sample(t *testing.T) *Output {
	t.Helper()
	f, err := os.Open("testdata/output.txt")
	require.NoError(t, err)
	defer f.Close()
	out, err := Read(f, module)
	require.NoError(t, err)
	return out
}

func TestResultsAreMedians(t *testing.T) {
	out := sample(t)
	assert.Equal(t, "linux/amd64", out.System)
	assert.Equal(t, "Some Processor", out.CPU)
	parse := out.find("internal/ingest.Parse")
	require.NotNil(t, parse)
	assert.Equal(t, 3, parse.Runs)
	assert.Equal(t, 1, parse.Procs)
	assert.InDelta(t, 410, parse.Values["ns/record"], 0)
	assert.InDelta(t, 2.5, median([]float64{4, 1, 3, 2}), 0)

	odd := out.find("internal/source/listing.Odd/half-life")
	require.NotNil(t, odd, "the last number is GOMAXPROCS")
	assert.Equal(t, 2, odd.Procs)
	assert.Nil(t, out.find("internal/ingest.Gone"))
}

func TestTextWithoutBenchmarksIsAnError(t *testing.T) {
	for _, text := range []string{"", "ok  \tpkg\t1s\n", "BenchmarkX what is this\n", "Benchmark results follow: 4\n"} {
		_, err := Read(strings.NewReader(text), module)
		require.ErrorIs(t, err, ErrNoBenchmarks, text)
	}
}

func TestTimeAndAllocationsAreOfTheReportedPart(t *testing.T) {
	convert := sample(t).find("internal/otlplogs.Convert")
	unit, ns := convert.per()
	assert.Equal(t, "record", unit)
	assert.InDelta(t, 2100, ns, 0)
	n, counted := convert.allocations()
	assert.True(t, counted)
	assert.InDelta(t, 28.5, n, 1e-9)
}

func TestTable(t *testing.T) {
	var got strings.Builder
	c := Circumstances{Date: "2026-11-22", Go: "go1.26.8", Cores: 2, Commit: "abcdef", Command: "make bench", Note: "load 0.3"}
	require.NoError(t, Write(&got, sample(t), c))
	const golden = "testdata/table.md"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(got.String()), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), got.String())
}

func TestRatioNeedsTheSameUnit(t *testing.T) {
	out := &Output{Results: []Result{
		{Name: "p.A", Values: map[string]float64{"ns/op": 10, "ns/record": 5}},
		{Name: "p.B", Values: map[string]float64{"ns/op": 10}},
	}}
	r := row{floor: []string{"p.B"}}
	_, ratio := r.beside(out, &out.Results[0])
	assert.Equal(t, "per op, not per record", ratio)
	r.floor = []string{"p.C"}
	_, ratio = r.beside(out, &out.Results[0])
	assert.Equal(t, "not in this run", ratio)
}

func TestNumbersHaveThreeDigits(t *testing.T) {
	for ns, want := range map[float64]string{
		0: "0 ns", 1.234: "1.23 ns", 12.34: "12.3 ns", 999: "999 ns", 999.6: "1.00 us", 123_456: "123 us", 2e6: "2.00 ms", 61e9: "61.0 s", 3600e9: "3600 s",
	} {
		assert.Equal(t, want, duration(ns))
	}
}

func TestGCIsAPartOfTheCPUTime(t *testing.T) {
	percent := MeasureGC()
	for range 10 {
		runtime.GC()
	}
	assert.Greater(t, percent(), 0.0)
	assert.LessOrEqual(t, percent(), 100.0)
}

// A benchmark that was renamed must not leave the table unseen.
func TestSuiteNamesBenchmarksThatAreThere(t *testing.T) {
	for _, row := range suite {
		for _, name := range append([]string{row.benchmark}, row.floor...) {
			pkg, benchmark, _ := strings.Cut(name, ".")
			top, _, _ := strings.Cut(benchmark, "/")
			assert.True(t, declared(t, pkg, top), name)
		}
	}
}

func declared(t *testing.T, pkg, benchmark string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.FromSlash(path.Join("../..", pkg, "*_test.go")))
	require.NoError(t, err)
	function := regexp.MustCompile(`(?m)^func Benchmark` + benchmark + `\(`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		if function.Match(text) {
			return true
		}
	}
	return false
}
