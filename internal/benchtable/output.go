package benchtable

import (
	"bufio"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
)

// ErrNoBenchmarks says that a text is not the output of benchmarks.
var ErrNoBenchmarks = errors.New("no benchmarks in the input")

// Output is what `go test -bench` printed, of one or several packages.
type Output struct {
	System  string // "linux/amd64"
	CPU     string // the processor's name; "" when Go does not know it
	Results []Result
}

// Result is one benchmark, as the medians of all its runs.
type Result struct {
	Name   string             // package below the module, dot, name: "internal/lines.Read/2KB/gzip"
	Procs  int                // GOMAXPROCS
	Runs   int                // how often it ran
	Values map[string]float64 // by unit: "ns/op", "MB/s", "ns/record"
}

// Read reads an output to its end. Lines that are none of benchmarks are
// skipped. module is taken off the names of packages.
func Read(r io.Reader, module string) (*Output, error) {
	var out Output
	var pkg string
	samples := map[string]map[string][]float64{} // by result, by unit
	var goos, goarch string
	in := bufio.NewScanner(r)
	for in.Scan() {
		line := in.Text()
		switch key, value, _ := strings.Cut(line, ": "); key {
		case "goos":
			goos = value
		case "goarch":
			goarch = value
		case "cpu":
			out.CPU = value
		case "pkg":
			pkg = strings.TrimPrefix(value, module+"/")
		default:
			out.add(samples, pkg, strings.Fields(line))
		}
	}
	if err := in.Err(); err != nil {
		return nil, err
	}
	if len(out.Results) == 0 {
		return nil, ErrNoBenchmarks
	}
	out.System = goos + "/" + goarch
	for i := range out.Results {
		r := &out.Results[i]
		for unit, values := range samples[r.id()] {
			r.Runs = max(r.Runs, len(values))
			r.Values[unit] = median(values)
		}
	}
	return &out, nil
}

// add takes a line such as "BenchmarkRead/gzip-2  20  24406 ns/op  78.67 MB/s",
// in fields.
func (o *Output) add(samples map[string]map[string][]float64, pkg string, fields []string) {
	if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
		return
	}
	if _, err := strconv.Atoi(fields[1]); err != nil {
		return
	}
	name, procs := cutProcs(strings.TrimPrefix(fields[0], "Benchmark"))
	r := Result{Name: pkg + "." + name, Procs: procs, Values: map[string]float64{}}
	if samples[r.id()] == nil {
		samples[r.id()] = map[string][]float64{}
		o.Results = append(o.Results, r)
	}
	for i := 2; i+1 < len(fields); i += 2 {
		if v, err := strconv.ParseFloat(fields[i], 64); err == nil {
			unit := fields[i+1]
			samples[r.id()][unit] = append(samples[r.id()][unit], v)
		}
	}
}

// cutProcs takes off the "-8" that Go puts behind a name when GOMAXPROCS is 8,
// and leaves out when it is 1.
func cutProcs(name string) (string, int) {
	if i := strings.LastIndexByte(name, '-'); i > 0 {
		if procs, err := strconv.Atoi(name[i+1:]); err == nil && procs > 1 {
			return name[:i], procs
		}
	}
	return name, 1
}

func (r *Result) id() string { return r.Name + "-" + strconv.Itoa(r.Procs) }

// median changes the order of values, of which there is at least one.
func median(values []float64) float64 {
	slices.Sort(values)
	middle := len(values) / 2
	if len(values)%2 == 1 {
		return values[middle]
	}
	return (values[middle-1] + values[middle]) / 2
}

// find returns the result of a name with the fewest processors, nil if there is
// none.
func (o *Output) find(name string) *Result {
	var found *Result
	for i := range o.Results {
		if r := &o.Results[i]; r.Name == name && (found == nil || r.Procs < found.Procs) {
			found = r
		}
	}
	return found
}

// per returns what one operation's time is stated for, and the nanoseconds: a
// benchmark may report a time for a part, as "ns/record". "op" without one.
func (r *Result) per() (unit string, ns float64) {
	for name, value := range r.Values {
		if part, found := strings.CutPrefix(name, "ns/"); found && part != "op" {
			return part, value
		}
	}
	return "op", r.Values["ns/op"]
}

// allocations returns those of what per states; false when they were not counted.
func (r *Result) allocations() (float64, bool) {
	n, counted := r.Values["allocs/op"]
	if _, ns := r.per(); r.Values["ns/op"] > 0 {
		n *= ns / r.Values["ns/op"]
	}
	return n, counted
}
