package benchtable

import (
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
)

// Circumstances are what a table states of how it came about. Empty ones are
// left out.
type Circumstances struct {
	Date    string
	Go      string // the version
	Cores   int
	Commit  string
	Command string
	Note    string
}

// Write writes an output as Markdown: the suite, then what else there is. The
// error is that of w.
func Write(w io.Writer, out *Output, c Circumstances) error {
	var b strings.Builder
	b.WriteString(c.sentence(out))
	var missing []string
	shown := map[*Result]bool{}
	b.WriteString("| what | benchmark | time | throughput | allocations | GC | floor | ratio |\n|---|---|---|---|---|---|---|---|\n")
	for _, row := range suite {
		r := out.find(row.benchmark)
		if r == nil {
			missing = append(missing, row.benchmark)
			continue
		}
		shown[r] = true
		floor, ratio := row.beside(out, r)
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", row.what, cells(r), floor, ratio)
	}
	if len(missing) > 0 {
		fmt.Fprintf(&b, "\nNot in this run: %s.\n", strings.Join(missing, ", "))
	}
	writeOthers(&b, out, shown)
	_, err := io.WriteString(w, b.String())
	return err
}

func writeOthers(b *strings.Builder, out *Output, shown map[*Result]bool) {
	begun := false
	for i := range out.Results {
		r := &out.Results[i]
		if shown[r] {
			continue
		}
		if !begun {
			b.WriteString("\n| benchmark | time | throughput | allocations | GC |\n|---|---|---|---|---|\n")
			begun = true
		}
		fmt.Fprintf(b, "| %s |\n", cells(r))
	}
}

func (c Circumstances) sentence(out *Output) string {
	var parts []string
	add := func(format string, value any) {
		if value != "" && value != 0 {
			parts = append(parts, fmt.Sprintf(format, value))
		}
	}
	add("%s", c.Date)
	add("%s", c.Go)
	add("%s", out.System)
	add("%s", out.CPU)
	add("%d cores", c.Cores)
	add("commit %s", c.Commit)
	add("%s", c.Note)
	text := strings.Join(parts, ", ") + ".\n\n"
	if c.Command != "" {
		text += "    " + c.Command + "\n\n"
	}
	return text + "Medians. The ratio is the time to that of the floor.\n\n"
}

// cells are name, time, throughput, allocations, and the garbage collector's part
// of the CPU time.
func cells(r *Result) string {
	unit, ns := r.per()
	pkg, benchmark, _ := strings.Cut(r.Name, ".")
	name := "`" + path.Base(pkg) + "." + benchmark + "`"
	if r.Procs > 1 {
		name += " on " + strconv.Itoa(r.Procs)
	}
	time := duration(ns)
	if unit != "op" {
		time += " per " + unit
	}
	throughput := ""
	if mb := r.Values["MB/s"]; mb >= 1 {
		throughput = significant(mb) + " MB/s"
	}
	allocations := ""
	if n, counted := r.allocations(); counted {
		allocations = significant(n)
	}
	gc := ""
	if percent, measured := r.Values[GCUnit]; measured {
		gc = strconv.FormatFloat(percent, 'f', 0, 64) + " %"
	}
	return strings.Join([]string{name, time, throughput, allocations, gc}, " | ")
}

// beside returns the floor of a result and its ratio to it.
func (row row) beside(out *Output, r *Result) (floor, ratio string) {
	if x, found := r.Values[floorUnit]; found {
		return row.calculated, strconv.FormatFloat(x, 'f', 2, 64)
	}
	if len(row.floor) == 0 {
		return "", ""
	}
	unit, ns := r.per()
	sum := 0.0
	var names []string
	for _, name := range row.floor {
		f := out.find(name)
		if f == nil {
			return strings.Join(row.floor, " + "), "not in this run"
		}
		of, least := f.per()
		if of != unit {
			return name, "per " + of + ", not per " + unit
		}
		sum += least
		names = append(names, name[strings.IndexByte(name, '.')+1:])
	}
	return strings.Join(names, " + "), strconv.FormatFloat(ns/sum, 'f', 2, 64)
}

// duration writes nanoseconds with three digits.
func duration(ns float64) string {
	units := []string{"ns", "us", "ms", "s"}
	for ns >= 999.5 && len(units) > 1 {
		ns /= 1000
		units = units[1:]
	}
	return significant(ns) + " " + units[0]
}

// significant writes a number with three digits, and thousands in full.
func significant(v float64) string {
	switch {
	case v >= 99.95:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 9.995:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case v >= 0.005:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return "0"
}
