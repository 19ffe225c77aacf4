package storage

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
)

// fileStorage returns a function that gives clients of one file, one at a time.
func fileStorage(tb testing.TB) func() storage.Client {
	tb.Helper()
	factory := filestorage.NewFactory()
	config := factory.CreateDefaultConfig().(*filestorage.Config)
	config.Directory = tb.TempDir()
	settings := extension.Settings{
		ID:                component.NewID(factory.Type()),
		TelemetrySettings: componenttest.NewNopTelemetrySettings(),
	}
	ext, err := factory.Create(tb.Context(), settings, config)
	require.NoError(tb, err)
	require.NoError(tb, ext.Start(tb.Context(), componenttest.NewNopHost()))
	tb.Cleanup(func() { require.NoError(tb, ext.Shutdown(tb.Context())) })
	id := component.MustNewIDWithName("s3_access_logs", "test")
	return func() storage.Client {
		client, err := ext.(storage.Extension).GetClient(tb.Context(), component.KindReceiver, id, "")
		require.NoError(tb, err)
		return client
	}
}

// total is a section of the store: what was committed, added up.
type total struct{ n uint64 }

func (s *total) Restore(state []byte) error {
	s.n = binary.BigEndian.Uint64(state)
	return nil
}

func (s *total) Replay(delta []byte) error {
	s.n += binary.BigEndian.Uint64(delta)
	return nil
}

func (s *total) AppendState(b []byte) []byte { return binary.BigEndian.AppendUint64(b, s.n) }

// model is what the store has to know.
type model struct {
	done    map[checkpoint.ID]string // by id: its group
	reached map[checkpoint.ID]int64
	cursors map[string][]byte
	total   uint64
}

func (m *model) require(t *testing.T, s *checkpoint.Store, sum *total) {
	t.Helper()
	for id := range m.done {
		require.True(t, s.Done(id))
	}
	for id, offset := range m.reached {
		got, _ := s.Reached(id)
		require.Equal(t, offset, got)
		require.False(t, s.Done(id))
	}
	require.Equal(t, m.cursors, s.Cursors())
	require.Equal(t, m.total, sum.n)
	groups := slices.Sorted(maps.Values(m.done))
	require.Subset(t, s.Groups(), slices.Compact(groups))
}

func randomID(random *rand.Rand) (id checkpoint.ID) {
	binary.BigEndian.PutUint64(id[:], random.Uint64())
	binary.BigEndian.PutUint64(id[8:], random.Uint64())
	return id
}

// change commits some objects that are done and one that was reached.
func (m *model) change(random *rand.Rand, c *checkpoint.Change) {
	group := fmt.Sprintf("2026/11/%02d", 1+random.IntN(20))
	for range random.IntN(200) {
		id := randomID(random)
		c.Done(group, id)
		m.done[id] = group
	}
	for id := range m.reached { // one that was reached before ends
		c.Done(group, id)
		m.done[id] = group
		delete(m.reached, id)
		break
	}
	id, offset := randomID(random), int64(random.IntN(1<<30))
	c.Reached(group, id, offset, 0)
	m.reached[id] = offset
	name, value := fmt.Sprint("prefix ", random.IntN(5)), []byte(group)
	c.Cursor(name, value)
	m.cursors[name] = value
	n := random.Uint64N(1000)
	c.Delta("total", binary.BigEndian.AppendUint64(nil, n))
	m.total += n
}

// The storage that users have gives back after each restart what was committed.
func TestFileStorageKeepsAllOverRestarts(t *testing.T) {
	random := rand.New(rand.NewPCG(31, 32))
	client := fileStorage(t)
	m := &model{done: map[checkpoint.ID]string{}, reached: map[checkpoint.ID]int64{}, cursors: map[string][]byte{}}
	instance := ""
	for round := range 12 {
		sum := &total{}
		s, err := checkpoint.Open(t.Context(), client(), map[string]checkpoint.Section{"total": sum})
		require.NoError(t, err)
		require.Equal(t, round == 0, s.Fresh())
		if round == 0 {
			instance = s.InstanceID()
		}
		require.Equal(t, instance, s.InstanceID())
		m.require(t, s, sum)
		var c checkpoint.Change
		for range 40 + random.IntN(20) {
			c.Reset()
			before := m.total
			m.change(random, &c)
			require.NoError(t, s.Commit(t.Context(), &c))
			sum.n += m.total - before
			require.NoError(t, s.Tidy(t.Context()))
		}
		m.require(t, s, sum)
		require.NoError(t, s.Close(t.Context()))
		require.NoError(t, s.Close(t.Context()))
	}
	assert.Greater(t, len(m.done), 10_000)
}

const million = 1_000_000

// fill commits objects that are done, over three days.
func fill(b *testing.B, s *checkpoint.Store, random *rand.Rand) {
	b.Helper()
	var c checkpoint.Change
	for i := 0; i < million; i += 1000 {
		c.Reset()
		for range 1000 {
			c.Done(fmt.Sprintf("2026/11/%02d", 1+3*i/million), randomID(random))
		}
		require.NoError(b, s.Commit(b.Context(), &c))
		require.NoError(b, s.Tidy(b.Context()))
	}
}

// A commit of 1,000 done objects beside a million, over file_storage without
// fsync, with the housekeeping.
func BenchmarkCommit(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	s, err := checkpoint.Open(b.Context(), fileStorage(b)(), nil)
	require.NoError(b, err)
	fill(b, s, random)
	var c checkpoint.Change
	longest := time.Duration(0)
	b.ReportAllocs()
	for b.Loop() {
		c.Reset()
		for range 1000 {
			c.Done("2026/11/03", randomID(random))
		}
		start := time.Now()
		require.NoError(b, s.Commit(b.Context(), &c))
		longest = max(longest, time.Since(start))
		require.NoError(b, s.Tidy(b.Context()))
	}
	b.ReportMetric(float64(longest.Microseconds()), "max-commit-us")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/object")
}

// tap is a client that notes which keys were read, and their lengths.
type tap struct {
	storage.Client
	read map[string]int
}

func (c *tap) Get(ctx context.Context, key string) ([]byte, error) {
	value, err := c.Client.Get(ctx, key)
	c.read[key] = len(value)
	return value, err
}

func (c *tap) Batch(ctx context.Context, ops ...*storage.Operation) error {
	err := c.Client.Batch(ctx, ops...)
	for _, op := range ops {
		if op.Type == storage.Get {
			c.read[op.Key] = len(op.Value)
		}
	}
	return err
}

// Open with a million done objects, and its floor: to read the values that are stored.
func BenchmarkOpen(b *testing.B) {
	file := fileStorage(b)()
	s, err := checkpoint.Open(b.Context(), file, nil)
	require.NoError(b, err)
	fill(b, s, rand.New(rand.NewPCG(1, 2)))
	noted := &tap{file, map[string]int{}}
	_, err = checkpoint.Open(b.Context(), noted, nil)
	require.NoError(b, err)
	b.Run("impl=ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := checkpoint.Open(b.Context(), file, nil)
			require.NoError(b, err)
		}
	})
	b.Run("impl=floor", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for key := range noted.read {
				_, err := file.Get(b.Context(), key)
				require.NoError(b, err)
			}
		}
	})
}
