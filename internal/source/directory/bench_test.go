package directory

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
)

// go test -run=- -bench=OneShot -benchtime=5x ./internal/source/directory
func BenchmarkOneShot(b *testing.B) {
	const files = 20_000
	dir := b.TempDir()
	for i := range files {
		folder := filepath.Join(dir, "111122223333/eu-west-1/bucket/2026/11", fmt.Sprintf("%02d", i%28))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprint(i)), make([]byte, 500), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		s, err := New(Config{Path: dir}, Deps{Progress: checkpoint.InMemory()})
		if err != nil {
			b.Fatal(err)
		}
		for {
			w, err := s.Next(b.Context())
			if errors.Is(err, io.EOF) {
				break
			}
			r, err := w.Content.OpenAt(b.Context(), 0)
			if err != nil {
				b.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, r)
			_ = r.Close()
			w.Receipt.Ack()
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*files), "µs/file")
}
