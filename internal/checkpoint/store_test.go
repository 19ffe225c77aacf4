package checkpoint

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

func TestStoreStartsEmptyAndRemembers(t *testing.T) {
	client := newMemory()
	s, err := Open(t.Context(), client, nil)
	require.NoError(t, err)
	assert.True(t, s.Fresh())
	assert.Len(t, s.InstanceID(), 36)
	instance := s.InstanceID()

	// To be started is not progress.
	s, err = Open(t.Context(), client, nil)
	require.NoError(t, err)
	assert.True(t, s.Fresh())

	a, b := source.Identify("logs", "a", ""), source.Identify("logs", "b", "")
	var c Change
	c.Done("2026/11/22", a)
	c.Reached("2026/11/22", b, 4096, 2)
	c.Cursor("simple", []byte("2026-11-22"))
	require.NoError(t, s.Commit(t.Context(), &c))
	assert.True(t, s.Fresh(), "as it was opened")

	s, err = Open(t.Context(), client, nil)
	require.NoError(t, err)
	assert.False(t, s.Fresh())
	assert.Equal(t, instance, s.InstanceID())
	assert.True(t, s.Done(a))
	assert.False(t, s.Done(b))
	offset, attempts := s.Reached(b)
	assert.Equal(t, int64(4096), offset)
	assert.Equal(t, 2, attempts)
	assert.Equal(t, []string{"2026/11/22"}, s.Groups())
	assert.Equal(t, map[string][]byte{"simple": []byte("2026-11-22")}, s.Cursors())
}

// Nothing that a change takes makes an entry that cannot be read.
func TestExtremesAreReadAgain(t *testing.T) {
	client := newMemory()
	s, err := Open(t.Context(), client, nil)
	require.NoError(t, err)
	var c Change
	c.Reached("", ID{1}, math.MaxInt64, math.MaxInt)
	c.Reached("\x00", ID{2}, -1, -1)
	c.Done("", ID{})
	c.Cursor("", []byte{0})
	c.Cursor("gone", nil)
	c.Delta("", nil)
	c.Forget("")
	require.NoError(t, s.Commit(t.Context(), &c))
	s, err = Open(t.Context(), client, nil)
	require.NoError(t, err)
	offset, attempts := s.Reached(ID{1})
	assert.Equal(t, int64(math.MaxInt64), offset)
	assert.Equal(t, math.MaxInt, attempts)
	offset, attempts = s.Reached(ID{2})
	assert.Zero(t, offset)
	assert.Zero(t, attempts)
	assert.True(t, s.Done(ID{}))
	assert.Equal(t, []string{"", "\x00"}, s.Groups())
	assert.Equal(t, map[string][]byte{"": {0}}, s.Cursors())
}

func TestDoneDropsTheOffset(t *testing.T) {
	s := InMemory()
	id := source.Identify("logs", "a", "")
	var c Change
	c.Done("day", id)
	c.Reached("day", id, 10, 1)
	require.NoError(t, s.Commit(t.Context(), &c))
	offset, attempts := s.Reached(id)
	assert.Zero(t, offset)
	assert.Zero(t, attempts)
	assert.True(t, s.Done(id))
}

func TestForgottenGroupIsGone(t *testing.T) {
	s := InMemory()
	done, begun, both := source.Identify("", "done", ""), source.Identify("", "begun", ""), source.Identify("", "both", "")
	var c Change
	c.Done("old", done)
	c.Reached("old", begun, 5, 0)
	c.Done("old", both)
	c.Done("new", both)
	require.NoError(t, s.Commit(t.Context(), &c))
	c.Reset()
	c.Forget("old")
	c.Forget("never there")
	require.NoError(t, s.Commit(t.Context(), &c))
	assert.False(t, s.Done(done))
	assert.True(t, s.Done(both), "it is in another group too")
	offset, _ := s.Reached(begun)
	assert.Zero(t, offset)
	assert.Equal(t, []string{"new"}, s.Groups())
}

func TestFailedCommitChangesNothing(t *testing.T) {
	client := newMemory()
	s, err := Open(t.Context(), client, nil)
	require.NoError(t, err)
	id := source.Identify("logs", "a", "")
	var c Change
	c.Done("day", id)
	client.fails = func(string) (done, failed bool) { return false, true }
	require.ErrorIs(t, s.Commit(t.Context(), &c), errStorage)
	assert.False(t, s.Done(id))
	assert.Empty(t, s.Groups())
	client.fails = nil
	require.NoError(t, s.Commit(t.Context(), &c))
	assert.True(t, s.Done(id))
}

func TestTidyWithAnEndedContextIsNoTroubleAndGoesOnLater(t *testing.T) {
	for name, when := range map[string]struct{ before bool }{"ended before": {true}, "ends meanwhile": {false}} {
		t.Run(name, func(t *testing.T) {
			client := newMemory()
			s, err := open(t.Context(), client, nil, small)
			require.NoError(t, err)
			for i := range 100 {
				var c Change
				c.Done("day", ID{byte(i)})
				require.NoError(t, s.Commit(t.Context(), &c))
			}
			ctx, cancel := context.WithCancel(t.Context())
			client.fails = func(string) (done, failed bool) {
				cancel()
				return false, true
			}
			if when.before {
				cancel()
			}
			require.NoError(t, s.Tidy(ctx))
			require.Error(t, ctx.Err(), "there was something to do")
			require.ErrorIs(t, s.Tidy(t.Context()), errStorage, "a failure of the storage is one")
			client.fails = nil
			tidyAll(t, s)
			requireTidy(t, s)
		})
	}
}

func TestEmptyChangeIsNotWritten(t *testing.T) {
	client := newMemory()
	s, err := Open(t.Context(), client, nil)
	require.NoError(t, err)
	writes := len(client.writes)
	var c Change
	c.Done("day", ID{})
	c.Forget("day")
	c.Delta("counters", nil)
	c.Cursor("a", nil)
	c.Reached("day", ID{}, 1, 1)
	assert.False(t, c.Empty())
	c.Reset()
	assert.True(t, c.Empty())
	require.NoError(t, s.Commit(t.Context(), &c))
	require.NoError(t, s.Tidy(t.Context()))
	assert.Len(t, client.writes, writes)
}

func TestClosedStoreStillAnswers(t *testing.T) {
	client := newMemory()
	s, err := Open(t.Context(), client, nil)
	require.NoError(t, err)
	id := source.Identify("logs", "a", "")
	var c Change
	c.Done("day", id)
	require.NoError(t, s.Commit(t.Context(), &c))
	require.NoError(t, s.Close(t.Context()))
	require.NoError(t, s.Close(t.Context()))
	assert.Equal(t, 1, client.closed)
	require.ErrorIs(t, s.Commit(t.Context(), &c), ErrClosed)
	require.ErrorIs(t, s.Tidy(t.Context()), ErrClosed)
	assert.True(t, s.Done(id))

	inMemory := InMemory()
	require.NoError(t, inMemory.Close(t.Context()))
	require.ErrorIs(t, inMemory.Commit(t.Context(), &c), ErrClosed)
}

func TestInMemoryIsTheSameButForTheRestart(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	s, m, l := InMemory(), newModel(), &ledger{}
	assert.True(t, s.Fresh())
	assert.Empty(t, s.InstanceID())
	for range 2000 {
		c := randomChange(random)
		require.NoError(t, s.Commit(t.Context(), c))
		require.NoError(t, s.Tidy(t.Context()))
		for _, d := range c.deltas {
			l.add(d.payload)
		}
		m.apply(c)
	}
	requireModel(t, m, s, l)
	assert.Empty(t, s.state.unclaimed, "nothing is kept for a storage that is not there")
}

func TestGroupsAreBounded(t *testing.T) {
	s := InMemory()
	var c Change
	for i := range maxGroups {
		c.Done(fmt.Sprint(i), source.Identify("", fmt.Sprint(i), ""))
	}
	require.NoError(t, s.Commit(t.Context(), &c))
	assert.True(t, s.Done(source.Identify("", "32767", "")))
	c.Reset()
	c.Done("one more", ID{7})
	require.ErrorIs(t, s.Commit(t.Context(), &c), ErrTooManyGroups)
	assert.False(t, s.Done(ID{7}))
	c.Reset()
	c.Forget("17")
	require.NoError(t, s.Commit(t.Context(), &c))
	c.Reset()
	c.Done("one more", ID{7})
	require.NoError(t, s.Commit(t.Context(), &c))
	assert.True(t, s.Done(ID{7}))
	assert.False(t, s.Done(source.Identify("", "17", "")))
	assert.True(t, s.Done(source.Identify("", "18", "")))
}

// What is stored for a section waits until the section is there again.
func TestSectionWithoutOwnerIsKept(t *testing.T) {
	client := newMemory()
	l := &ledger{}
	random := rand.New(rand.NewPCG(8, 8))
	want := ledger{}
	for round := range 6 {
		sections := map[string]Section{"ledger": l}
		if round%2 == 1 {
			sections = nil
		}
		s, err := open(t.Context(), client, sections, small)
		require.NoError(t, err)
		for range 60 {
			var c Change
			delta := binary.AppendUvarint(nil, random.Uint64())
			c.Delta("ledger", delta)
			require.NoError(t, s.Commit(t.Context(), &c))
			want.add(delta)
			if sections != nil {
				l.add(delta)
			}
			require.NoError(t, s.Tidy(t.Context()))
		}
		l = &ledger{}
	}
	_, err := open(t.Context(), client, map[string]Section{"ledger": l}, small)
	require.NoError(t, err)
	assert.Equal(t, want, *l)
}

var errBalance = errors.New("does not balance")

// Sections that do not know their own deltas or state.
type (
	noReplay  struct{ ledger }
	noRestore struct{ ledger }
)

func (*noReplay) Replay([]byte) error   { return errBalance }
func (*noRestore) Restore([]byte) error { return errBalance }

func TestSectionThatCannotReadStopsTheStart(t *testing.T) {
	client := newMemory()
	s, err := open(t.Context(), client, map[string]Section{"ledger": &ledger{}}, small)
	require.NoError(t, err)
	var c Change
	c.Delta("ledger", []byte("delta"))
	require.NoError(t, s.Commit(t.Context(), &c))
	_, err = open(t.Context(), client, map[string]Section{"ledger": &noReplay{}}, small)
	require.ErrorIs(t, err, ErrUnreadable)
	require.ErrorIs(t, err, errBalance)
	assert.ErrorContains(t, err, journalKey(1))

	for client.values[stateKey(2, 0)] == nil {
		require.NoError(t, s.Commit(t.Context(), &c))
		require.NoError(t, s.Tidy(t.Context()))
	}
	tidyAll(t, s)
	_, err = open(t.Context(), client, map[string]Section{"ledger": &noRestore{}}, small)
	require.ErrorIs(t, err, errBalance)
	assert.ErrorContains(t, err, stateKey(s.manifest.generation, 0))
}
