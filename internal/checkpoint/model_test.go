package checkpoint

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/zeebo/xxh3"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// small limits make a short run write many pages, chunks and snapshots.
var small = limits{pageIDs: 6, fewIDs: 2, chunkBytes: 96, journal: 300, batchKeys: 3}

// model is what a Store has to hold, in the plainest form.
type model struct {
	Done       map[string]map[ID]bool // by group
	Unfinished map[ID]reached
	Groups     map[string]bool
	Cursors    map[string]string
	Ledger     ledger
}

func newModel() *model {
	return &model{
		Done: map[string]map[ID]bool{}, Unfinished: map[ID]reached{}, Groups: map[string]bool{}, Cursors: map[string]string{},
	}
}

func (m *model) clone() *model {
	c := &model{
		Done: map[string]map[ID]bool{}, Unfinished: maps.Clone(m.Unfinished), Groups: maps.Clone(m.Groups),
		Cursors: maps.Clone(m.Cursors), Ledger: m.Ledger,
	}
	for group, ids := range m.Done {
		c.Done[group] = maps.Clone(ids)
	}
	return c
}

// apply restates the contract of Change.
func (m *model) apply(c *Change) {
	for _, group := range c.forget {
		delete(m.Done, group)
		delete(m.Groups, group)
		maps.DeleteFunc(m.Unfinished, func(_ ID, o reached) bool { return o.group == group })
	}
	for id, o := range c.reached {
		m.Groups[o.group] = true
		m.Unfinished[id] = o
	}
	for group, ids := range c.done {
		m.Groups[group] = true
		if m.Done[group] == nil {
			m.Done[group] = map[ID]bool{}
		}
		for _, id := range ids {
			m.Done[group][id] = true
			delete(m.Unfinished, id)
		}
	}
	for name, value := range c.cursors {
		if len(value) == 0 {
			delete(m.Cursors, name)
		} else {
			m.Cursors[name] = string(value)
		}
	}
	for _, d := range c.deltas {
		m.Ledger.add(d.payload)
	}
}

// pictureOf reads a store's whole content back into a model.
func pictureOf(s *Store, l *ledger) *model {
	p := newModel()
	names := map[uint16]string{}
	for _, name := range s.Groups() {
		p.Groups[name] = true
		names[s.state.groups[name].slot] = name
	}
	for i, h := range s.state.done.ids {
		if h == (hash{}) {
			continue
		}
		group := names[s.state.done.slots[i]&^loose]
		if p.Done[group] == nil {
			p.Done[group] = map[ID]bool{}
		}
		p.Done[group][h.id()] = true
	}
	maps.Copy(p.Unfinished, s.state.unfinished)
	for name, value := range s.Cursors() {
		p.Cursors[name] = string(value)
	}
	p.Ledger = *l
	return p
}

// requireModel compares a store with what it has to hold, also through the
// methods that callers have.
func requireModel(t *testing.T, want *model, s *Store, l *ledger, context ...any) {
	t.Helper()
	if got := pictureOf(s, l); !reflect.DeepEqual(want, got) { // much faster than require
		require.Equal(t, want, got, context...)
	}
	for _, ids := range want.Done {
		for id := range ids {
			if !s.Done(id) {
				require.Fail(t, "a done object is not found", context...)
			}
		}
	}
	for id, o := range want.Unfinished {
		if offset, attempts := s.Reached(id); offset != o.offset || attempts != o.attempts {
			require.Fail(t, "an offset is not found", context...)
		}
	}
}

// ledger is a Section that shows every delta that is lost, repeated or moved.
type ledger struct{ Count, Chain uint64 }

func (l *ledger) add(delta []byte) {
	l.Count++
	l.Chain = xxh3.HashSeed(delta, l.Chain)
}

func (l *ledger) Restore(state []byte) error {
	if len(state) < 16 {
		return fmt.Errorf("%d bytes", len(state))
	}
	l.Count, l.Chain = binary.BigEndian.Uint64(state), binary.BigEndian.Uint64(state[8:])
	return nil
}

func (l *ledger) Replay(delta []byte) error {
	l.add(delta)
	return nil
}

// AppendState pads the state, so that it takes several chunks.
func (l *ledger) AppendState(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, l.Count)
	b = binary.BigEndian.AppendUint64(b, l.Chain)
	return append(b, make([]byte, l.Count%200)...)
}

// randomChange makes a change of each kind, on few groups and objects so that
// they meet again.
func randomChange(r *rand.Rand) *Change {
	c := &Change{}
	group := func() string { return fmt.Sprintf("2026/11/%02d", r.IntN(6)) }
	id := func() ID { return source.Identify("logs", fmt.Sprint(r.IntN(400)), "") }
	for range r.IntN(8) {
		c.Done(group(), id())
	}
	for range r.IntN(3) {
		c.Reached(group(), id(), r.Int64N(1<<40), r.IntN(3))
	}
	if r.IntN(4) == 0 {
		c.Cursor(fmt.Sprint("prefix", r.IntN(5)), slices.Repeat([]byte{7}, r.IntN(40)))
	}
	if r.IntN(12) == 0 {
		c.Forget(group())
	}
	c.Delta("ledger", binary.AppendUvarint(nil, r.Uint64()))
	return c
}
