package checkpoint

import (
	"bytes"
	"math/rand/v2"
	"runtime/metrics"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzDecode reads any bytes as each kind of content. What is accepted keeps its
// meaning when it is written and read again, and memory stays in proportion.
//
//	go test -run '^$' -fuzz FuzzDecode -fuzztime 60s ./internal/checkpoint
func FuzzDecode(f *testing.F) {
	random := rand.New(rand.NewPCG(41, 42))
	s := newState()
	for range 20 {
		c := randomChange(random)
		f.Add(c.appendTo(nil))
		s.apply(c, s.tableFor(c))
		f.Add(s.appendTo(nil))
	}
	f.Add((&manifest{generation: 3, position: 9, chunks: 1, checksum: 1 << 60, oldPosition: 4, oldChunks: 2}).appendTo(nil))
	f.Add(finish("key", append(newValue(0), "content"...)))
	f.Add([]byte{0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		before := allocated()
		decodeAll(t, b)
		require.Less(t, int(allocated()-before), 1<<20+1000*len(b))
	})
}

func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

func decodeAll(t *testing.T, b []byte) {
	t.Helper()
	if c, err := decodeChange(b); err == nil {
		again, err := decodeChange(c.appendTo(nil))
		require.NoError(t, err)
		want, got := newModel(), newModel()
		want.apply(c)
		got.apply(again)
		require.Equal(t, want, got)
	}
	if s, err := decodeState(b); err == nil {
		again, err := decodeState(s.appendTo(nil))
		require.NoError(t, err)
		require.Equal(t, pictureOf(&Store{state: s}, &ledger{}), pictureOf(&Store{state: again}, &ledger{}))
		require.Equal(t, s.garbage, again.garbage)
		require.Equal(t, s.unclaimed, again.unclaimed)
	}
	if m, err := decodeManifest(b); err == nil {
		again, err := decodeManifest(m.appendTo(nil))
		require.NoError(t, err)
		require.Equal(t, m, again)
	}
	if c, err := content("key", b); err == nil {
		require.True(t, bytes.Equal(b, finish("key", append(newValue(0), c...))))
	}
}
