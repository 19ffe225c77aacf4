package encode

import "testing"

// A report of 400,000 records of 30 days in 50 buckets:
//
//	go test -run '^$' -bench Of -benchmem ./internal/encode
func BenchmarkOf(b *testing.B) {
	of, _ := filled(400_000, 30, 50, 12)
	b.ReportAllocs()
	for b.Loop() {
		d := Of(of, "S3 access", now, 0)
		b.SetBytes(int64(len(d.JSON)))
	}
}
