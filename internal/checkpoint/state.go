package checkpoint

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/wire"
)

// state is the result of all journal entries.
type state struct {
	instance string
	groups   map[string]*group
	done     table // by the slots of groups
	// unfinished holds group names that are keys of groups.
	unfinished map[ID]reached
	cursors    map[string][]byte
	// sections have an owner that holds their state; unclaimed have none.
	sections  map[string]Section
	unclaimed map[string]*section

	nextPage  uint64
	garbage   []uint64 // pages of groups that were forgotten since the last snapshot
	freeSlots []uint16 // below len(groups)+len(freeSlots)
	volatile  bool     // there is no storage
}

// group is a set of objects that are forgotten together. Its done objects are the
// pairs of the table with its slot.
type group struct {
	name  string
	slot  uint16
	pages []uint64 // of done objects that are not loose
	loose int      // number of the others
}

// section is the stored form of a Section.
type section struct {
	state  []byte
	deltas [][]byte
}

// maxGroups is the number of different slots.
const maxGroups = loose

// ErrTooManyGroups is returned by Commit when there would be more than 32,768
// groups. A group is meant to be a day, or an hour.
var ErrTooManyGroups = errors.New("too many groups of objects")

func newState() state {
	return state{
		groups:     map[string]*group{},
		unfinished: map[ID]reached{},
		cursors:    map[string][]byte{},
		unclaimed:  map[string]*section{},
	}
}

// accepts returns ErrTooManyGroups unless the change fits under maxGroups.
func (s *state) accepts(c *Change) error {
	groups := len(s.groups)
	for _, name := range c.groups() {
		if s.groups[name] == nil {
			groups++
		}
	}
	if groups > maxGroups {
		return ErrTooManyGroups
	}
	return nil
}

// tableFor returns the table without what the change forgets and with room for what it
// adds. It only reads, so it may run concurrently with readers.
func (s *state) tableFor(c *Change) table {
	more := 0
	for _, ids := range c.done {
		more += len(ids)
	}
	var dropped map[uint16]bool
	for _, name := range c.forget {
		if g := s.groups[name]; g != nil {
			if dropped == nil {
				dropped = map[uint16]bool{}
			}
			dropped[g.slot] = true
		}
	}
	if dropped == nil && s.done.hasRoom(more) {
		return s.done
	}
	return s.done.without(dropped, more)
}

// apply applies a change that accepts has accepted. done is tableFor's result for it.
func (s *state) apply(c *Change, done table) {
	s.done = done
	for _, name := range c.forget {
		s.forget(name)
	}
	for id, o := range c.reached {
		o.group = s.group(o.group).name
		s.unfinished[id] = o
	}
	for name, ids := range c.done {
		s.addDone(s.group(name), ids)
	}
	for name, value := range c.cursors {
		if len(value) == 0 {
			delete(s.cursors, name)
		} else {
			s.cursors[strings.Clone(name)] = bytes.Clone(value)
		}
	}
	for _, d := range c.deltas {
		if s.sections[d.section] == nil && !s.volatile {
			s.addUnclaimed(d)
		}
	}
}

func (s *state) addUnclaimed(d delta) {
	u := s.unclaimed[d.section]
	if u == nil {
		u = &section{}
		s.unclaimed[strings.Clone(d.section)] = u
	}
	u.deltas = append(u.deltas, bytes.Clone(d.payload))
}

// claim restores the sections into their owners.
func (s *state) claim(sections map[string]Section) error {
	for name, owner := range sections {
		u := s.unclaimed[name]
		if u == nil {
			continue
		}
		err := u.restore(owner)
		if err != nil {
			return fmt.Errorf("section %s: %w", name, err)
		}
		delete(s.unclaimed, name)
	}
	s.sections = sections
	return nil
}

func (u *section) restore(owner Section) error {
	if len(u.state) > 0 {
		if err := owner.Restore(u.state); err != nil {
			return err
		}
	}
	for _, d := range u.deltas {
		if err := owner.Replay(d); err != nil {
			return err
		}
	}
	return nil
}

func (s *state) forget(name string) {
	g := s.groups[name]
	if g == nil {
		return
	}
	delete(s.groups, name)
	s.freeSlots = append(s.freeSlots, g.slot)
	s.garbage = append(s.garbage, g.pages...)
	maps.DeleteFunc(s.unfinished, func(_ ID, o reached) bool { return o.group == name })
}

func (s *state) addDone(g *group, ids []ID) {
	for _, id := range ids {
		delete(s.unfinished, id)
		if s.done.insert(id, g.slot, loose) {
			g.loose++
		}
	}
}

// group returns the group of a name, a new one if there is none.
func (s *state) group(name string) *group {
	if g := s.groups[name]; g != nil {
		return g
	}
	g := &group{name: strings.Clone(name), slot: uint16(len(s.groups))}
	if last := len(s.freeSlots) - 1; last >= 0 {
		g.slot = s.freeSlots[last]
		s.freeSlots = s.freeSlots[:last]
	}
	s.groups[g.name] = g
	return g
}

// groupNames returns the names of all groups, sorted.
func (s *state) groupNames() []string { return slices.Sorted(maps.Keys(s.groups)) }

// appendTo appends all of the state but the pages that it names:
//
//	instance, next page, garbage, groups, (pages, loose ids) of each group,
//	unfinished objects, cursors, (section, state, deltas)
func (s *state) appendTo(b []byte) []byte {
	groups, ids := s.groupNames(), s.done.looseIDs()
	b = wire.AppendString(b, s.instance)
	b = binary.AppendUvarint(b, s.nextPage)
	b = appendNumbers(b, s.garbage)
	b = appendStrings(b, groups)
	for _, name := range groups {
		b = appendNumbers(b, s.groups[name].pages)
		b = appendIDs(b, ids[s.groups[name].slot])
	}
	b = appendUnfinished(b, s.unfinished, groups)
	b = appendCursors(b, s.cursors)
	b = binary.AppendUvarint(b, uint64(len(s.unclaimed)+len(s.sections)))
	for name, u := range s.unclaimed {
		b = wire.AppendString(wire.AppendString(b, name), u.state)
		b = binary.AppendUvarint(b, uint64(len(u.deltas)))
		for _, d := range u.deltas {
			b = wire.AppendString(b, d)
		}
	}
	for name, owner := range s.sections {
		b = wire.AppendString(wire.AppendString(b, name), owner.AppendState(nil))
		b = binary.AppendUvarint(b, 0)
	}
	return b
}

// decodeState reads what appendTo wrote. The table then holds only loose objects; the
// pages of the groups are read separately. The result does not alias b.
func decodeState(b []byte) (state, error) {
	r := newReader(b)
	s := newState()
	s.instance = r.String()
	s.nextPage = r.Uvarint()
	s.garbage = r.numbers()
	groups := r.strings()
	if len(groups) > maxGroups || !slices.IsSorted(groups) || len(slices.Compact(slices.Clone(groups))) < len(groups) {
		return s, wire.ErrContent
	}
	for _, name := range groups {
		g := s.group(name)
		g.pages = r.numbers()
		s.addDone(g, r.ids())
	}
	s.unfinished = r.unfinished(groups)
	for name, value := range r.cursors() {
		s.cursors[name] = bytes.Clone(value)
	}
	for range r.Count(3) {
		u := &section{}
		s.unclaimed[r.String()] = u
		u.state = bytes.Clone(r.Bytes())
		for range r.Count(1) {
			u.deltas = append(u.deltas, bytes.Clone(r.Bytes()))
		}
	}
	return s, r.End()
}

// appendNumbers appends numbers as differences: pages are mostly in ascending order,
// so each takes a byte or two.
func appendNumbers(b []byte, list []uint64) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	last := uint64(0)
	for _, n := range list {
		b = binary.AppendUvarint(b, n-last) // modulo 2^64
		last = n
	}
	return b
}

func (r reader) numbers() []uint64 {
	list := make([]uint64, r.Count(1))
	last := uint64(0)
	for i := range list {
		last += r.Uvarint()
		list[i] = last
	}
	return list
}
