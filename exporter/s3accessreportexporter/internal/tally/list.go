package tally

import (
	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/sketch"
)

// List is one of the top lists.
type List int

// The lists, in the order of the page's TopList. The first Distincts are counted as
// different texts as well.
const (
	Requesters List = iota
	Clients
	Keys
	Prefixes
	Agents
	Lists

	Distincts = Prefixes
)

// list is a top list in two orders. distinct is nil as long as the list holds all.
type list struct {
	requests, bytes *sketch.Top
	distinct        *sketch.Distinct
	counted         bool // as different texts
}

func newList(kind List, most int) *list {
	return &list{requests: sketch.NewTop(most), bytes: sketch.NewTop(most), counted: kind < Distincts}
}

// add counts a text and returns about how much memory that took.
func (l *list) add(hash uint64, text string, bytes uint64) (grown int) {
	if e, known := l.requests.Add(hash, 1, bytes); !known {
		grown += setText(e, text)
		grown += l.tell(hash)
	}
	if bytes > 0 {
		if e, known := l.bytes.Add(hash, bytes, 1); !known {
			grown += setText(e, text)
		}
	}
	return grown
}

// tell counts a hash that came into the list as one more that is different.
func (l *list) tell(hash uint64) (grown int) {
	switch {
	case !l.counted:
	case l.distinct != nil:
		l.distinct.Add(hash)
	case l.requests.Full():
		return l.beginDistinct()
	}
	return 0
}

// setText returns about how much memory an entry and its text took.
func setText(e *sketch.Entry, text string) int {
	before := cap(e.Text)
	if before > 2*len(text)+64 {
		e.Text = nil
	}
	e.Text = append(e.Text[:0], text...)
	return max(0, cap(e.Text)-before+entryBytes)
}

// entryBytes is about what an entry takes beside its text.
const entryBytes = 120

func (l *list) merge(other *list) {
	l.mergeDistinct(other)
	l.requests.Merge(other.requests)
	l.bytes.Merge(other.bytes)
}

// mergeDistinct comes before the lists are merged: it adds up what they hold.
func (l *list) mergeDistinct(other *list) {
	if !l.counted || l.distinct == nil && other.distinct == nil && l.requests.Len()+other.requests.Len() < l.requests.Most() {
		return
	}
	l.beginDistinct()
	other.into(l.distinct)
}

// beginDistinct lets what is different be estimated from now on, as texts are about to fall
// out of the list. It returns about how much memory that took.
func (l *list) beginDistinct() (grown int) {
	if !l.counted || l.distinct != nil {
		return 0
	}
	d := sketch.NewDistinct()
	l.into(d)
	l.distinct = d
	return d.Bytes()
}

// into adds what is different in the list.
func (l *list) into(d *sketch.Distinct) {
	if l.distinct != nil {
		d.Merge(l.distinct)
		return
	}
	for hash := range l.requests.Hashes() {
		d.Add(hash)
	}
}

func (l *list) memory() int {
	n := 64 + l.requests.Bytes() + l.bytes.Bytes()
	if l.distinct != nil {
		n += l.distinct.Bytes()
	}
	return n
}
