package otlplogs

import (
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/zeebo/xxh3"
)

func cpu() float64 {
	var u syscall.Rusage
	syscall.Getrusage(0, &u)
	return float64(u.Utime.Nano() + u.Stime.Nano())
}

func TestTmpSegments(t *testing.T) {
	lines := mix().lines
	c, from := NewConverter(testOptions()), testOrigin()
	b := c.NewBatch(100)
	var sink int
	steps := []struct {
		name string
		f    func(r *accesslog.Record, line string)
	}{
		{"parse", func(r *accesslog.Record, line string) {}},
		{"xxh3", func(r *accesslog.Record, line string) { sink += int(xxh3.HashString128(line).Lo) }},
		{"valid", func(r *accesslog.Record, line string) {
			if utf8.ValidString(line) {
				sink++
			}
		}},
		{"derive", func(r *accesslog.Record, line string) { s := subject{Record: r}; b.derive(&s); sink += len(s.key) }},
		{"key", func(r *accesslog.Record, line string) { sink += len(b.decodeKey(r.Operation, r.Key)) }},
		{"requester", func(r *accesslog.Record, line string) { sink += len(accesslog.ParseRequester(r.Requester).UserName) }},
		{"request", func(r *accesslog.Record, line string) {
			s := subject{Record: r}
			b.readRequest(&s)
			sink += len(s.path)
		}},
		{"query", func(r *accesslog.Record, line string) {
			s := subject{Record: r}
			_, q, _ := strings.Cut(r.Target, "?")
			b.readQuery(&s, q)
			sink += len(s.path)
		}},
		{"rquery", func(r *accesslog.Record, line string) {
			_, q, _ := strings.Cut(r.Target, "?")
			sink += len(c.redact.query(&b.arena, q))
		}},
		{"cut", func(r *accesslog.Record, line string) { _, q, _ := strings.Cut(r.Target, "?"); sink += len(q) }},
		{"outcome", func(r *accesslog.Record, line string) {
			s := subject{Record: r}
			b.readOutcome(&s)
			sink += len(s.errorType)
		}},
		{"redact", func(r *accesslog.Record, line string) {
			sink += len(c.redact.text(&b.arena, r.Referer)) + len(c.redact.text(&b.arena, r.UserAgent))
		}},
		{"cipher+tls", func(r *accesslog.Record, line string) {
			sink += len(accesslog.CipherName(r.CipherSuite)) + len(accesslog.TLSVersionNumber(r.TLSVersion))
		}},
		{"host", func(r *accesslog.Record, line string) { a, _ := splitHost(r.HostHeader); sink += len(a) }},
		{"hex", func(r *accesslog.Record, line string) { sink += len(b.arena.hex([16]byte{})) }},
		{"values", func(r *accesslog.Record, line string) {
			s := subject{Record: r}
			var v values
			v.ofRecord(&s)
			sink += v.n
		}},
		{"values+size", func(r *accesslog.Record, line string) {
			s := subject{Record: r}
			var v values
			v.ofRecord(&s)
			sink += recordSize(&v, &s)
		}},
	}
	_ = from
	best := map[string]float64{}
	for range 15 {
		for _, s := range steps {
			var r accesslog.Record
			start := cpu()
			for _, line := range lines {
				_ = accesslog.Parse(line, &r)
				s.f(&r, line)
			}
			d := (cpu() - start) / float64(len(lines))
			if best[s.name] == 0 || d < best[s.name] {
				best[s.name] = d
			}
		}
	}
	for _, s := range steps {
		t.Logf("%-12s %6.0f ns", s.name, best[s.name]-best["parse"])
	}
	t.Logf("parse %.0f", best["parse"])
	_ = sink
}

func TestTmpRatio(t *testing.T) {
	lines, ready := mix().lines, mix().ready
	c, from := NewConverter(testOptions()), testOrigin()
	best := map[string]float64{}
	run := func(name string, f func()) {
		runtime.GC()
		start := cpu()
		f()
		d := (cpu() - start) / float64(len(lines))
		if best[name] == 0 || d < best[name] {
			best[name] = d
		}
	}
	var r accesslog.Record
	debug.SetGCPercent(-1)
	pre := make([]values, len(lines))
	for i, line := range lines {
		_ = accesslog.Parse(line, &r)
		s := subject{Record: &r}
		b := c.NewBatch(1)
		b.derive(&s)
		b.keepLine(&s, line, [16]byte{}, from, false)
		pre[i].ofRecord(&s)
	}
	for range 12 {
		run("build", func() {
			for i := 0; i < len(lines); i += batchRecords {
				batch := c.NewBatch(batchRecords)
				for j := i; j < i+batchRecords; j++ {
					lr := batch.add(resourceKey{"a", "b", "c", "d"})
					lr.SetTimestamp(1)
					setSeverity(lr, 200)
					pre[j].build(&batch.builder, lr.Attributes())
				}
			}
		})
		run("finish", func() {
			for i := 0; i < len(lines); i += batchRecords {
				batch := c.NewBatch(batchRecords)
				for j := i; j < i+batchRecords; j++ {
					lr := batch.add(resourceKey{"a", "b", "c", "d"})
					lr.SetTimestamp(1)
					setSeverity(lr, 200)
					batch.finish(lr, &pre[j], &subject{}, "", from)
				}
			}
		})
		run("parse", func() {
			for _, line := range lines {
				_ = accesslog.Parse(line, &r)
			}
		})
		run("floor", func() {
			for rest := ready; len(rest) > 0; {
				n := min(batchRecords, len(rest))
				buildReady(rest[:n])
				rest = rest[n:]
			}
		})
		run("convert", func() { convertMix(c, from, lines) })
	}
	t.Logf("%v ratio %.3f", best, best["convert"]/(best["parse"]+best["floor"]))
}
