package accesslog

import (
	"testing"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// BenchmarkParse reads 20,000 realistic mixed records of 27 fields and about
// 640 bytes, one per iteration:
//
//	go test -run '^$' -bench BenchmarkParse -count 6 -cpu 1 ./internal/accesslog
//
// On one core of a virtual Xeon with Go 1.26.8: 385 ns a record, 1.7 GB/s, no
// allocation.
func BenchmarkParse(b *testing.B) {
	lines := samplelogs.Records(1, 20_000)
	size := 0
	for _, line := range lines {
		size += len(line)
	}
	var r Record
	b.SetBytes(int64(size / len(lines)))
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if err := Parse(lines[i], &r); err != nil {
			b.Fatal(err)
		}
		if i++; i == len(lines) {
			i = 0
		}
	}
}
