package threat

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a feed may cost, in bytes.
const (
	costOf4 = 128 // an IPv4 entry
	costOf6 = 224 // an IPv6 entry
	// replacing is how many times that, in hundredths, while a list takes the place of another.
	replacing = 250
	// aside is what does not grow with the entries: ready answers, details that are looked for.
	aside = 32 << 20
)

// hostile is what a feed may be made of to take memory.
var hostile = map[string]struct {
	text          func() []byte
	entries, cost int64
	texts         int64 // bytes
}{
	"2,000,000 IPv4 entries":                {func() []byte { return bigList(millions) }, millions, costOf4, 0},
	"2,000,000 IPv6 entries":                {func() []byte { return bigList6(millions) }, millions, costOf6, 0},
	"10,000,000 equal lines":                {func() []byte { return bytes.Repeat([]byte("203.0.113.7\n"), 5*millions) }, 1, costOf4, 0},
	"1,000,000 entries with a text of each": {func() []byte { return textedList(millions / 2) }, millions / 2, costOf4, maxTexts},
}

// bigList6 is a list of distinct IPv6 addresses all over the address space.
func bigList6(n int) []byte {
	rng := rand.New(rand.NewPCG(6, 2))
	var b bytes.Buffer
	for range n {
		a := [16]byte{0: 0x20, 1: 0x01}
		for i := 2; i < 16; i++ {
			a[i] = byte(rng.Uint32())
		}
		b.WriteString(netip.AddrFrom16(a).String())
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// textedList is a list of distinct IPv4 addresses, each with a text of its own of 200 bytes.
func textedList(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "%d.%d.%d.%d # %0200d\n", 11+i>>20, 1+i>>16&15, i>>8&255, i&255, i)
	}
	return b.Bytes()
}

// The memory that a feed takes follows from its different entries, whatever else is in it.
func TestMemoryOfHostileFeeds(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("it measures memory, and takes some seconds")
	}
	for name, feed := range hostile {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "feed")
			require.NoError(t, os.WriteFile(path, feed.text(), 0o600))
			before := heap()
			stop, peak := watchHeap()
			x := loaded(t, path)
			loading := peakAbove(stop, peak, before)
			resident := int64(heap()) - int64(before)

			stop, peak = watchHeap()
			require.NoError(t, os.Chtimes(path, time.Now(), time.Now().Add(time.Hour)))
			x.Load(t.Context())
			reloading := peakAbove(stop, peak, before)
			status := x.Status()[0]
			t.Logf("%d entries, %d without their texts: %d MB in use, at most %d MB while loading, %d MB while replacing",
				status.Entries, status.Stats.TextsLeftOut, resident/1e6, loading/1e6, reloading/1e6)
			require.NoError(t, status.Err)
			assert.EqualValues(t, feed.entries, status.Entries)
			limit := feed.entries*feed.cost + feed.texts + aside
			assert.LessOrEqual(t, resident, limit)
			assert.LessOrEqual(t, reloading, limit*replacing/100)
			if feed.texts > 0 {
				assert.Greater(t, resident, feed.texts, "what there is room for is kept")
				assert.Positive(t, status.Stats.TextsLeftOut)
			}
			runtime.KeepAlive(x)
		})
	}
}
