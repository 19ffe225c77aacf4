package checkpoint

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

const million = 1_000_000

// A commit of 1,000 done objects beside a million, with the housekeeping, without a
// storage. internal/test/system/storage has it over file_storage.
func BenchmarkCommit(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	s, err := Open(b.Context(), storage.NewNopClient(), nil)
	require.NoError(b, err)
	fill(b, s, random, million, days(3, million), nil)
	var c Change
	b.ReportAllocs()
	for b.Loop() {
		c.Reset()
		for range 1000 {
			c.Done("2026/11/03", randomID(random))
		}
		require.NoError(b, s.Commit(b.Context(), &c))
		require.NoError(b, s.Tidy(b.Context()))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/object")
}

func BenchmarkDone(b *testing.B) {
	for name, known := range map[string]bool{"known": true, "unknown": false} {
		b.Run(name, func(b *testing.B) {
			random := rand.New(rand.NewPCG(1, 2))
			s := InMemory()
			fill(b, s, random, million, days(3, million), nil)
			ids := make([]ID, 1<<16)
			var c Change
			for i := range ids {
				ids[i] = randomID(random)
				if known {
					c.Done("2026/11/03", ids[i])
				}
			}
			require.NoError(b, s.Commit(b.Context(), &c))
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				if s.Done(ids[i%len(ids)]) != known {
					b.Fatal("wrong answer")
				}
				i++
			}
		})
	}
}

// Open with a million done objects. The metric is the length of all values.
func BenchmarkOpen(b *testing.B) {
	client := newMemory()
	s, err := Open(b.Context(), client, nil)
	require.NoError(b, err)
	fill(b, s, rand.New(rand.NewPCG(1, 2)), million, days(3, million), func(int) { client.writes = nil })
	b.ReportAllocs()
	for b.Loop() {
		s, err := Open(b.Context(), client, nil)
		require.NoError(b, err)
		require.Equal(b, million, s.state.done.n)
	}
	b.ReportMetric(float64(client.bytes()), "stored-B")
}
