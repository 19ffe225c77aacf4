package threat

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Entries of one prefix and time are one; the most confident stays, an actor before none.
func TestEqualEntriesAreMerged(t *testing.T) {
	l, err := decodeText(testFeed(), []byte("ip,actor,confidence,valid_until\n"+
		strings.Repeat("203.0.113.7,,50,\n", 10_000)+"203.0.113.7,BADGER,50,\n203.0.113.7,,20,\n203.0.113.7,,20,2026-12-24T00:00:00Z\n"))
	require.NoError(t, err)
	require.Equal(t, 2, l.Entries)
	require.Len(t, l.items, 2)
	assert.Equal(t, "BADGER", l.items[0].detail.actor)
	assert.EqualValues(t, 20, l.items[1].detail.confidence)
	assert.NotZero(t, l.items[1].until)
	assert.LessOrEqual(t, cap(l.items), 2, "room is given back")
}

// Texts have room beside those of the other feeds; the description is left out first, and
// entries without their texts are in use.
func TestTextsBeyondTheirLimitAreLeftOutAndCounted(t *testing.T) {
	room := newTextRoom(2)
	require.True(t, room.take(1, maxTexts-1000))
	room.end(1, true)
	s := newSink(testFeed(), 0, 0, room)
	for i := range 3 {
		require.NoError(t, s.add(i, fmt.Sprintf("203.0.113.%d", i), detail{actor: "BADGER", description: strings.Repeat(fmt.Sprint(i), 600)}, validity{}))
	}
	require.NoError(t, s.finish())
	assert.Equal(t, 3, s.Entries)
	assert.Equal(t, 2, s.TextsLeftOut)
	for i, want := range []int{600, 0, 0} {
		assert.Len(t, s.items[i].detail.description, want)
		assert.Equal(t, "BADGER", s.items[i].detail.actor)
	}
	assert.Same(t, s.items[1].detail, s.items[2].detail)

	room.end(0, false)
	assert.True(t, room.take(0, 1000), "what was read in vain has given back its room")
	assert.False(t, room.take(0, 1))
}

// It is logged when texts begin to be left out, and once.
func TestTextsThatAreLeftOutAreTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "feed")
	r := newRig(t, nil, fileFeed("test", path))
	for round := range 2 {
		require.NoError(t, os.WriteFile(path, textedList(300_000+round), 0o600))
		require.NoError(t, os.Chtimes(path, today, today.Add(time.Duration(round)*time.Hour)))
		r.Load(t.Context())
	}
	require.Equal(t, []FeedOutcome{Loaded, Loaded}, r.outcomes)
	require.Len(t, r.skipped, 1)
	assert.Positive(t, r.skipped[0].TextsLeftOut)
	assert.Zero(t, r.skipped[0].Skipped)
}
