package checkpoint

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// run is a long run without a crash: all its writes, and what a store has to
// hold after each commit.
type run struct {
	writes []write
	models []*model
}

func longRun(t *testing.T, commits int) run {
	random := rand.New(rand.NewPCG(3, 14))
	client := newMemory()
	client.random = random
	l := &ledger{}
	s, err := open(t.Context(), client, map[string]Section{"ledger": l}, small)
	require.NoError(t, err)
	r := run{models: []*model{newModel()}}
	for range commits {
		c := randomChange(random)
		require.NoError(t, s.Commit(t.Context(), c))
		for _, d := range c.deltas {
			l.add(d.payload)
		}
		require.NoError(t, s.Tidy(t.Context()))
		next := r.models[len(r.models)-1].clone()
		next.apply(c)
		r.models = append(r.models, next)
	}
	requireModel(t, r.models[commits], s, l)
	r.writes = client.writes
	return r
}

// After a crash behind any single write of a long run, the store opens to what
// was committed, goes on, and loses nothing and leaves nothing behind when it
// crashes again behind any write of that.
func TestCrashBehindEveryWrite(t *testing.T) {
	length := 100
	if testing.Short() || raceEnabled {
		length = 30
	}
	r := longRun(t, length)
	disk := newMemory()
	disk.random = rand.New(rand.NewPCG(1, 2))
	committed, snapshots, crashes := 0, 0, 0
	for k := 0; ; k++ {
		again := disk.clone() // of the storage as the crash left it
		l := &ledger{}
		s, err := open(t.Context(), again, map[string]Section{"ledger": l}, small)
		require.NoError(t, err, "write %d", k)
		requireModel(t, r.models[committed], s, l, "write %d", k)
		crashes += 1 + crashAgain(t, disk, again, s, l, r.models[committed].clone())
		if k == len(r.writes) {
			break
		}
		w := r.writes[k]
		w.applyTo(disk.values)
		committed += commits(r.writes[k : k+1])
		if w.key == manifestKey {
			snapshots++
		}
	}
	require.Equal(t, length, committed)
	require.Greater(t, snapshots, length/20, "the run has to have many snapshots")
	t.Logf("%d commits, %d writes, %d snapshots, %d crashes", committed, len(r.writes), snapshots, crashes)
}

// crashAgain makes a few commits in a store that was opened after a crash, and
// opens what each of its writes would leave.
func crashAgain(t *testing.T, disk, client *memory, s *Store, l *ledger, m *model) int {
	t.Helper()
	random := rand.New(rand.NewPCG(uint64(len(disk.values)), 9))
	models := []*model{m}
	for range 3 {
		c := randomChange(random)
		require.NoError(t, s.Commit(t.Context(), c))
		for _, d := range c.deltas {
			l.add(d.payload)
		}
		require.NoError(t, s.Tidy(t.Context()))
		m = m.clone()
		m.apply(c)
		models = append(models, m)
	}
	tidyAll(t, s)
	requireModel(t, m, s, l)
	requireTidy(t, s)

	crashed := disk.clone()
	for i, w := range client.writes {
		w.applyTo(crashed.values)
		l := &ledger{}
		s, err := open(t.Context(), crashed.clone(), map[string]Section{"ledger": l}, small)
		require.NoError(t, err)
		requireModel(t, models[commits(client.writes[:i+1])], s, l)
		tidyAll(t, s)
		requireTidy(t, s)
	}
	return len(client.writes)
}

// tidyAll tidies until there is nothing to do.
func tidyAll(t *testing.T, s *Store) {
	t.Helper()
	client := s.client.(*memory)
	for before := -1; before != len(client.writes); {
		before = len(client.writes)
		require.NoError(t, s.Tidy(t.Context()))
		require.Less(t, before, 100_000, "Tidy does not come to an end")
	}
	require.Nil(t, s.snapshot)
}

// requireTidy compares the stored keys with those that a store which has tidied
// up may use.
func requireTidy(t *testing.T, s *Store) {
	t.Helper()
	want := []string{manifestKey}
	for i := range s.manifest.chunks {
		want = append(want, stateKey(s.manifest.generation, i))
	}
	for n := s.manifest.position + 1; n <= s.position; n++ {
		want = append(want, journalKey(n))
	}
	for _, n := range s.state.garbage {
		want = append(want, pageKey(n))
	}
	for _, g := range s.state.groups {
		for _, n := range g.pages {
			want = append(want, pageKey(n))
		}
	}
	slices.Sort(want)
	got := slices.Sorted(maps.Keys(s.client.(*memory).values))
	if !slices.Equal(want, got) { // much faster than require
		require.Equal(t, want, got)
	}
}

// A storage that fails at random, before or after it did what it was asked for,
// and restarts at random, change nothing in what is found.
func TestFaultsAndRestarts(t *testing.T) {
	for seed := range uint64(8) {
		random := rand.New(rand.NewPCG(seed, 77))
		client := newMemory()
		client.random = random
		faults := func(string) (done, failed bool) {
			failed = random.IntN(5) == 0
			return !failed || random.IntN(2) == 0, failed
		}
		m, l := newModel(), &ledger{}
		s := reopen(t, client, l)
		for range 400 {
			client.fails = faults
			c := randomChange(random)
			before := pictureOf(s, l)
			for s.Commit(t.Context(), c) != nil {
				require.Equal(t, before, pictureOf(s, l), "a failed commit changes nothing")
			}
			for _, d := range c.deltas {
				l.add(d.payload)
			}
			m.apply(c)
			_ = s.Tidy(t.Context()) // goes on next time
			if random.IntN(10) == 0 {
				client.fails = nil
				l = &ledger{}
				s = reopen(t, client, l)
			}
			requireModel(t, m, s, l)
		}
		client.fails = nil
		tidyAll(t, s)
		requireTidy(t, s)
	}
}

func reopen(t *testing.T, client *memory, l *ledger) *Store {
	t.Helper()
	s, err := open(t.Context(), client, map[string]Section{"ledger": l}, small)
	require.NoError(t, err)
	return s
}
