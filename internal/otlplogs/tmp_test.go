package otlplogs

import (
	"syscall"
	"testing"
	"unicode/utf8"

	"github.com/zeebo/xxh3"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
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
		{"valid", func(r *accesslog.Record, line string) { if utf8.ValidString(line) { sink++ } }},
		{"derive", func(r *accesslog.Record, line string) { s := subject{Record: r}; b.derive(&s); sink += len(s.key) }},
		{"key", func(r *accesslog.Record, line string) { sink += len(b.decodeKey(r.Operation, r.Key)) }},
		{"requester", func(r *accesslog.Record, line string) { sink += len(accesslog.ParseRequester(r.Requester).UserName) }},
		{"request", func(r *accesslog.Record, line string) { s := subject{Record: r}; b.readRequest(&s); sink += len(s.path) }},
		{"outcome", func(r *accesslog.Record, line string) { s := subject{Record: r}; b.readOutcome(&s); sink += len(s.errorType) }},
		{"redact", func(r *accesslog.Record, line string) { sink += len(c.redact.text(&b.arena, r.Referer))+ len(c.redact.text(&b.arena, r.UserAgent)) }},
		{"cipher+tls", func(r *accesslog.Record, line string) { sink += len(accesslog.CipherName(r.CipherSuite)) + len(accesslog.TLSVersionNumber(r.TLSVersion)) }},
		{"host", func(r *accesslog.Record, line string) { a, _ := splitHost(r.HostHeader); sink += len(a) }},
		{"hex", func(r *accesslog.Record, line string) { sink += len(b.arena.hex([16]byte{})) }},
		{"values", func(r *accesslog.Record, line string) { s := subject{Record: r}; var v values; v.ofRecord(&s); sink += v.n }},
		{"values+size", func(r *accesslog.Record, line string) { s := subject{Record: r}; var v values; v.ofRecord(&s); sink += recordSize(&v, &s) }},
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
			if best[s.name] == 0 || d < best[s.name] { best[s.name] = d }
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
		start := cpu()
		f()
		d := (cpu() - start) / float64(len(lines))
		if best[name] == 0 || d < best[name] { best[name] = d }
	}
	var r accesslog.Record
	for range 60 {
		run("parse", func() { for _, line := range lines { _ = accesslog.Parse(line, &r) } })
		run("floor", func() { for rest := ready; len(rest) > 0; { n := min(batchRecords, len(rest)); buildReady(rest[:n]); rest = rest[n:] } })
		run("convert", func() { convertMix(c, from, lines) })
	}
	t.Logf("%v ratio %.3f", best, best["convert"]/(best["parse"]+best["floor"]))
}
