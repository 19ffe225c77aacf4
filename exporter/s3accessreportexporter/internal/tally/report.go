package tally

import (
	"iter"
	"maps"
	"slices"

	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/cells"
)

// What a report is made of. All of it is valid until the tally is changed.

// Times returns the times of the oldest and the newest request that are kept, in ms; 0
// without one.
func (t *Tally) Times() (oldest, newest int64) { return t.oldest, t.newest }

// Retained returns from when records are kept, in minutes since 1970.
func (t *Tally) Retained() int64 { return t.retained }

// Retention returns how long records are kept, in minutes.
func (t *Tally) Retention() int64 { return t.retention }

// Figures returns the counts of records.
func (t *Tally) Figures() Figures { return t.figures }

// Present returns how many records had an attribute.
func (t *Tally) Present(a Attribute) uint64 { return t.present[a] }

// Names are names by their numbers. A further number is that of the others.
type Names struct {
	List   []string
	Beyond int // different names without a number of their own, at least
}

// Buckets returns the names of the buckets.
func (t *Tally) Buckets() Names { return Names{t.buckets.list, len(t.buckets.beyond)} }

// Operations returns the names of the operations.
func (t *Tally) Operations() Names { return Names{t.operations.list, len(t.operations.beyond)} }

// Code returns an error code.
func (t *Tally) Code(number uint16) string {
	if int(number) < len(t.codes.list) {
		return t.codes.list[number]
	}
	return other
}

// Ages returns which widths cells have, and whether the budget made them wider than is
// planned.
func (t *Tally) Ages() (ages cells.Ages, coarsened bool) { return *t.ages, t.coarsened }

// Used returns how many cells there are.
func (t *Tally) Used() int { return t.cells.Len() + t.marks.Len() + t.dangers.Len() }

// Cells returns the cells by time. The keys have the bucket's number in their second byte
// and the operation's in the lowest.
func (t *Tally) Cells() iter.Seq[cells.Cell[Sums]] { return t.cells.All() }

// Marks returns the cells by time. The keys have the bucket's number in their second byte
// and the kind in the lowest.
func (t *Tally) Marks() iter.Seq[cells.Cell[Count]] { return t.marks.All() }

// Threats returns the cells of threats by time. The keys have the bucket, the operation
// and, in their lower half, the threat.
func (t *Tally) Threats() iter.Seq[cells.Cell[ThreatSums]] { return t.dangers.All() }

// Threat returns a client that is on a feed; one without an address stands for the others
// of its confidence.
func (t *Tally) Threat(number uint16) Threat {
	if int(number) < len(t.threats) {
		return t.threats[number]
	}
	return Threat{Client: other, Confidence: uint8(min(max(0, int(number)-mostThreats), len(Confidences)-1)), Place: beyondPlaces}
}

// OtherThreats returns the number that stands for the clients of a threat's confidence.
func (t *Tally) OtherThreats(number uint16) uint16 { return othersOf(t.Threat(number).Confidence) }

// Feeds returns the names of the feeds that any record matched, in alphabetical order.
func (t *Tally) Feeds() []string { return slices.Sorted(maps.Keys(t.feeds)) }

// Hour returns the sums of a bucket and an hour, in hours since 1970; nil without a record
// on that day.
func (t *Tally) Hour(bucket uint8, hour int64) *Sums {
	of := t.rows[uint64(hour/24)<<8|uint64(bucket)]
	if of == nil {
		return nil
	}
	return &of[hour%24]
}

// Reason is why lines could not be read.
type Reason struct {
	Reason, Bucket, Example string
	N                       uint64
	Last                    int64
}

// Reasons returns why lines could not be read, the most frequent first.
func (t *Tally) Reasons() (all []Reason) {
	for _, e := range t.reasons.Entries() {
		reason, rest := cutText(e.Text)
		bucket, example := cutText(rest)
		all = append(all, Reason{reason, bucket, string(example), e.Count, e.Last})
	}
	return all
}

// Odd is a value outside AWS's documented ones.
type Odd struct {
	Field, Value string
	N            uint64
	Last         int64
}

// Odd returns the values outside AWS's documented ones, the most frequent first.
func (t *Tally) Odd() (all []Odd) {
	for _, e := range t.odd.Entries() {
		field, value := cutText(e.Text)
		all = append(all, Odd{field, string(value), e.Count, e.Last})
	}
	return all
}

// Place returns a place.
func (t *Tally) Place(number uint16) (name string, at Point, known bool) {
	if int(number) >= len(t.places.list) {
		return "", Point{}, false
	}
	return t.places.list[number], t.points[number], true
}
