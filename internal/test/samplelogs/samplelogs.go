// Package samplelogs writes S3 server access logs that look like real ones:
// records of 27 fields from several buckets, callers and tools, in the
// proportions that a busy account sees. The same seed gives the same bytes.
//
// It serves benchmarks (Records), big files (Write) and the week of objects in
// testdata/sample (Week). Every client address is from a documentation or
// private range, every account number is one that AWS prints in its examples.
// Nothing here is safe for concurrent use by several goroutines at once, and
// nothing needs to be: each call has its own state.
package samplelogs

import (
	"bufio"
	"errors"
	"io"
	"math/rand/v2"
	"time"
)

// weekStart is a Monday; the samples cover the seven days from here on.
var weekStart = time.Date(2026, time.November, 9, 0, 0, 0, 0, time.UTC)

// errFull stops a generator: the caller has what it asked for.
var errFull = errors.New("enough records")

// Records returns n records of all buckets, mixed, as lines without their
// ending. Every one is well formed and has 27 fields; they are 640 bytes long
// on average.
func Records(seed uint64, n int) []string {
	lines := make([]string, 0, n)
	g := newGenerator(seed, func(line []byte) error {
		lines = append(lines, string(line))
		if len(lines) == n {
			return errFull
		}
		return nil
	})
	if n > 0 {
		_ = g.mixed() // errFull is its only error here
	}
	return lines
}

// Write writes whole records, each with its newline, until at least size bytes
// are out, and returns how many. The error is that of w.
func Write(w io.Writer, seed uint64, size int64) (records int, err error) {
	out := bufio.NewWriterSize(w, 1<<20)
	var written int64
	g := newGenerator(seed, func(line []byte) error {
		if written >= size {
			return errFull
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return err
		}
		written += int64(len(line)) + 1
		records++
		return nil
	})
	if err := g.mixed(); !errors.Is(err, errFull) {
		return records, err
	}
	return records, out.Flush()
}

// generator makes the records of one bucket at a time.
type generator struct {
	rng  *rand.Rand
	now  time.Time
	site *site

	line []byte // of the record being written, reused
	// out takes a line that is valid until it returns; its first error is kept
	// in err, after which nothing more is given to it.
	out func(line []byte) error
	err error
}

func newGenerator(seed uint64, out func(line []byte) error) *generator {
	return &generator{
		rng: rand.New(rand.NewPCG(seed, 0x53334c4f4753)),
		now: weekStart,
		out: out,
	}
}

// mixed makes records of all sites until out returns an error, and returns it.
func (g *generator) mixed() error {
	for g.err == nil {
		g.site = g.anySite()
		g.now = g.now.Add(time.Duration(g.rng.IntN(700)) * time.Millisecond)
		g.event()
	}
	return g.err
}

// event makes one event of the current site: one record, or the few that belong
// together, such as the two halves of a copy.
func (g *generator) event() {
	total := 0
	for _, w := range g.site.mix {
		total += w.weight
	}
	n := g.rng.IntN(total)
	for _, w := range g.site.mix {
		if n -= w.weight; n < 0 {
			w.make(g)
			return
		}
	}
}

func (g *generator) emit(r *request) {
	if g.err != nil {
		return
	}
	g.line = r.append(g.line[:0])
	g.err = g.out(g.line)
}

// chance is true in percent of all calls.
func (g *generator) chance(percent int) bool { return g.rng.IntN(100) < percent }

// pick returns one of the values.
func pick[T any](g *generator, values []T) T { return values[g.rng.IntN(len(values))] }
