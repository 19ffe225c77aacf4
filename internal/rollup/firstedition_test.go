package rollup

import (
	"encoding/hex"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// block is what a process of the first edition left in its storage.
type block struct {
	settings int // of storing
	snapshot []byte
	changes  [][]byte
	state    []byte // the snapshot of all of it
}

// firstEdition reads testdata/first-edition.txt. Each of its lives is that of stored,
// and goes on with four emissions, before each of which the one before is accepted and
// GETs of buckets b, d and f are counted and three HEADs. The snapshot is behind the
// second acceptance. The last emission is not settled, and then a GET is counted.
func firstEdition(t testing.TB) (list []*block) {
	text, err := os.ReadFile("testdata/first-edition.txt")
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		kind, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if kind == "#" {
			continue
		}
		if kind == "settings" {
			n, err := strconv.Atoi(value)
			require.NoError(t, err)
			list = append(list, &block{settings: n})
			continue
		}
		stored, err := hex.DecodeString(value)
		require.NoError(t, err)
		switch b := list[len(list)-1]; kind {
		case "snapshot":
			b.snapshot = stored
		case "change":
			b.changes = append(b.changes, stored)
		case "state":
			b.state = stored
		}
	}
	require.Len(t, list, len(storing()))
	return list
}

// metricsOfFirstEdition are in its layout, so far as they need nothing.
var metricsOfFirstEdition = []string{
	"aws.s3.server.requests", "aws.s3.server.io", "aws.s3.server.object.added",
	"aws.s3.server.request.duration", "aws.s3.server.turn_around.duration",
}

// What the first edition stored is read as it read it, and goes on: of the emission
// that it left unsettled each request is settled on its own, over restarts too.
func TestFirstEditionGoesOn(t *testing.T) {
	for _, b := range firstEdition(t) {
		settings := storing()[b.settings]
		maps.DeleteFunc(settings.Metrics, func(name string, _ MetricConfig) bool { return !slices.Contains(metricsOfFirstEdition, name) })
		l := &process{
			t: t, settings: settings, now: epoch.Add(time.Hour), requestSize: 1,
			snapshot: b.snapshot, journal: b.changes, inspector: newInspector(t, settings),
		}
		l.midway = true
		l.begin()
		assert.Equal(t, b.state, l.state.AppendState(nil))

		require.Equal(t, settings.isDelta(), l.state.Unsettled())
		l.emit(time.Minute)
		want := sumsByPoint(l.sending)
		require.Greater(t, len(l.sending), 1)
		if !settings.isDelta() {
			l.accept()
			continue
		}
		got := map[string]int64{}
		for l.state.Unsettled() {
			l.sending = l.state.Emission(l.now)
			for id, n := range sumsByPoint(l.sending[:1]) {
				assert.NotContains(t, got, id, "it was settled")
				got[id] = n
			}
			l.acceptOne()
			l.restart(func(*setup) {})
		}
		assert.Equal(t, want, got)
		l.emitAccepted()
		assert.False(t, l.state.Unsettled())
	}
}

// sumsByPoint returns the sums of points, by series and time.
func sumsByPoint(requests []Request) map[string]int64 {
	sums := map[string]int64{}
	for _, p := range allPoints(metricsIn(requests)) {
		sums[p.id()+" from "+p.start.String()+" to "+p.end.String()] = p.values.sum
	}
	return sums
}
