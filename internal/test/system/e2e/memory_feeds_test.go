package e2e

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What feeds may cost, in bytes. While one list replaces another, it is 2.5 times that.
const (
	costOf4     = 128      // an IPv4 entry
	costOf6     = 224      // an IPv6 entry
	costOfTexts = 64 << 20 // all texts
	costOfRest  = 32 << 20 // ready answers, and what is looked for again
	idle        = 80 << 20 // the process without feeds
)

// hostileFeeds are what a feed may be made of to take memory; a number of lines is given.
var hostileFeeds = map[string]struct {
	lines int
	line  func(b *bytes.Buffer, rng *rand.Rand, i int)
	cost  func(lines int64) int64
}{
	"IPv4 entries": {
		2_000_000, func(b *bytes.Buffer, _ *rand.Rand, i int) {
			fmt.Fprintf(b, "%d.%d.%d.%d\n", 11+i%150, 1+i/150>>8, i/150&255, i%251)
		},
		func(lines int64) int64 { return lines * costOf4 },
	},
	"IPv6 entries": {
		2_000_000, func(b *bytes.Buffer, rng *rand.Rand, _ int) {
			a := [16]byte{0: 0x20, 1: 0x01}
			for i := 2; i < len(a); i++ {
				a[i] = byte(rng.Uint32())
			}
			b.WriteString(netip.AddrFrom16(a).String())
			b.WriteByte('\n')
		},
		func(lines int64) int64 { return lines * costOf6 },
	},
	"equal lines": {
		10_000_000, func(b *bytes.Buffer, _ *rand.Rand, _ int) { b.WriteString("203.0.113.7\n") },
		func(int64) int64 { return costOf4 },
	},
	"entries with a text each": {
		1_000_000, func(b *bytes.Buffer, _ *rand.Rand, i int) {
			fmt.Fprintf(b, "%d.%d.%d.%d # %0200d\n", 11+i%150, 1+i/150>>8, i/150&255, i%251, i)
		},
		func(lines int64) int64 { return lines*costOf4 + costOfTexts },
	},
}

// What feeds take follows from their different entries, while one list replaces another too.
func TestMemoryOfHostileFeeds(t *testing.T) {
	program(t)
	_, _, full := sizes(t)
	beside(t, full)
	for name, feed := range hostileFeeds {
		t.Run(name, func(t *testing.T) {
			lines := feed.lines
			if !full {
				lines /= 10
			}
			rng := rand.New(rand.NewPCG(1, 2))
			var text bytes.Buffer
			for i := range lines {
				feed.line(&text, rng, i)
			}
			path := filepath.Join(t.TempDir(), "feed")
			require.NoError(t, os.WriteFile(path, text.Bytes(), 0o600))
			c := start(t, setup{
				receivers: "s3_access_logs: {directory: {path: " + t.TempDir() + ", follow: true}, " +
					"threat_intel: {refresh_interval: 10s, feeds: [{name: hostile, path: " + path + "}]}}",
				exporters: "nop: {}",
			})
			c.ready(t)
			loaded := func(times float64) {
				c.until(t, time.Minute, "the feed is in use", func() bool {
					return c.metric(t, "otelcol_receiver_s3_access_logs_enrichment_reloads", `outcome="loaded"`) == times
				})
			}
			loaded(1)
			entries := c.metric(t, "otelcol_receiver_s3_access_logs_enrichment_entries", "")
			assert.Positive(t, entries)
			first := *c.memory
			require.NoError(t, os.Chtimes(path, time.Now(), time.Now().Add(time.Hour)))
			loaded(2)
			c.stop(t, 15*time.Second)
			limit := idle + (feed.cost(int64(lines))+costOfRest)*5/2
			assert.LessOrEqual(t, c.memory.done().peak, limit)
			t.Logf("%d %s, %.0f in use: %d MB while loading, %d MB while replacing; at most %d MB",
				lines, name, entries, first.peak/1e6, c.memory.peak/1e6, limit/1e6)
		})
	}
}
