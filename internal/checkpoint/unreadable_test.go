package checkpoint

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// someRun leaves a storage with values of every kind.
func someRun(t *testing.T) *memory {
	t.Helper()
	client := newMemory()
	random := rand.New(rand.NewPCG(21, 22))
	l := &ledger{}
	s, err := open(t.Context(), client, map[string]Section{"ledger": l}, small)
	require.NoError(t, err)
	for range 100 {
		c := randomChange(random)
		require.NoError(t, s.Commit(t.Context(), c))
		for _, d := range c.deltas {
			l.add(d.payload)
		}
		require.NoError(t, s.Tidy(t.Context()))
	}
	tidyAll(t, s)
	for range 3 { // so that an entry in the middle can go missing
		require.NoError(t, s.Commit(t.Context(), randomChange(random)))
	}
	return client
}

// Each way to damage any one value stops the start, with an error that names the
// key and what to do.
func TestDamagedValueStopsTheStart(t *testing.T) {
	client := someRun(t)
	_, err := open(t.Context(), client, nil, small) // it drops pages that no manifest names
	require.NoError(t, err)
	lastEntry := ""
	for key := range client.values {
		if strings.HasPrefix(key, "journal/") {
			lastEntry = max(lastEntry, key)
		}
	}
	kinds := map[string]bool{}
	for key, value := range client.values {
		kind, _, _ := strings.Cut(key, "/")
		kinds[kind] = true
		for name, damaged := range map[string][]byte{
			"missing":      nil,
			"empty":        {},
			"truncated":    value[:len(value)-1],
			"longer":       append(bytes.Clone(value), 0),
			"another bit":  flipped(value, len(value)/2),
			"checksum":     flipped(value, len(value)-1),
			"foreign":      flipped(value, 0),
			"newer format": flipped(value, 1),
			"another key":  finish("journal/x", bytes.Clone(value[:len(value)-sumLen])),
			"no content":   finish(key, newValue(0)),
			"more content": finish(key, append(bytes.Clone(value[:len(value)-sumLen]), 0)),
		} {
			if name == "missing" && (key == lastEntry || key == manifestKey) {
				continue // as if it had never been written
			}
			disk := client.clone()
			write{key, damaged}.applyTo(disk.values)
			if damaged != nil {
				disk.values[key] = damaged
			}
			before := maps.Clone(disk.values)
			_, err := open(t.Context(), disk, map[string]Section{"ledger": &ledger{}}, small)
			require.ErrorIs(t, err, ErrUnreadable, "%s %s", key, name)
			if kind != "state" { // parts of a state can also miss their whole
				assert.ErrorContains(t, err, key, name)
			}
			assert.ErrorContains(t, err, "to start anew")
			assert.Equal(t, before, disk.values, "nothing is written")
		}
	}
	assert.Equal(t, map[string]bool{"manifest": true, "state": true, "page": true, "journal": true}, kinds)
}

func flipped(value []byte, i int) []byte {
	b := bytes.Clone(value)
	b[i] ^= 4
	return b
}

func TestFormatOfTheFutureIsNamed(t *testing.T) {
	client := newMemory()
	_, err := Open(t.Context(), client, nil)
	require.NoError(t, err)
	client.values[manifestKey] = flipped(client.values[manifestKey], 1)
	_, err = Open(t.Context(), client, nil)
	assert.ErrorContains(t, err, `value "manifest": it has format 5 and this version reads format 1`)
}

func TestJournalWithoutManifestStopsTheStart(t *testing.T) {
	client := newMemory()
	s, err := Open(t.Context(), client, nil)
	require.NoError(t, err)
	var c Change
	c.Done("day", ID{1})
	require.NoError(t, s.Commit(t.Context(), &c))
	delete(client.values, manifestKey)
	_, err = Open(t.Context(), client, nil)
	require.ErrorIs(t, err, ErrUnreadable)
	assert.ErrorContains(t, err, `"manifest": missing`)
}

func TestStorageThatFailsToReadIsAnotherError(t *testing.T) {
	client := newMemory()
	client.fails = func(string) (done, failed bool) { return false, true }
	_, err := Open(t.Context(), client, nil)
	require.ErrorIs(t, err, errStorage)
	assert.NotErrorIs(t, err, ErrUnreadable)
}
