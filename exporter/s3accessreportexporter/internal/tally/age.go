package tally

import (
	"maps"
	"math"
	"slices"

	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/cells"
)

// sliceLevels are the widths of slices: an hour, a day, a week: cells.Widths from the
// second on.
const sliceLevels = 3

func floor(minute, width int64) int64 { return minute - minute%width }

// advance lets a time be that of the newest request, and what is older grow older.
func (t *Tally) advance(newest int64) {
	before := t.newest / msMinute / minHour
	t.newest = newest
	minute := newest / msMinute
	if minute/minHour == before {
		return
	}
	hour := floor(minute, minHour)
	t.ages[0] = max(t.ages[0], hour-6*minHour)
	t.ages[1] = max(t.ages[1], floor(minute, minDay)-7*minDay)
	t.age()
	t.sliceAges[0] = hour - 24*minHour
	t.sliceAges[1] = floor(hour-167*minHour, minDay)
	t.fold()
	if retained := floor(max(0, minute-t.retention), minDay); retained > t.retained {
		t.retained = retained
		t.drop()
	}
	if hour/minDay != before/24 {
		t.entries = min(mostEntries, 2*t.entries)
	}
}

func (t *Tally) age() {
	t.cells.Age()
	t.marks.Age()
	t.dangers.Age()
}

// slice returns the slice of a minute.
func (t *Tally) slice(minute int64) *slice {
	level := 0
	for level < sliceLevels-1 && minute < t.sliceAges[level] {
		level++
	}
	start := floor(minute, cells.Widths[level+1])
	s := t.slices[level][start]
	if s == nil {
		s = newSlice()
		t.slices[level][start] = s
		t.grown += 500
	}
	return s
}

// fold adds the slices that grew older to wider ones.
func (t *Tally) fold() {
	for level := range sliceLevels - 1 {
		for _, start := range slices.Sorted(maps.Keys(t.slices[level])) {
			if start < t.sliceAges[level] {
				s := t.slices[level][start]
				delete(t.slices[level], start)
				t.slice(start).take(t, s)
			}
		}
	}
}

// drop forgets what is older than the retention.
func (t *Tally) drop() {
	t.cells.Drop(t.retained)
	t.marks.Drop(t.retained)
	t.dangers.Drop(t.retained)
	first := int64(math.MaxInt64)
	for key := range t.rows {
		if day := int64(key >> 8); day*minDay < t.retained {
			delete(t.rows, key)
		} else {
			first = min(first, day*minDay)
		}
	}
	if len(t.rows) > 0 {
		t.oldest = max(t.oldest, first*msMinute)
	} else {
		t.oldest = 0
	}
	for level := range t.slices {
		for start := range t.slices[level] {
			if start+cells.Widths[level+1] <= t.retained {
				delete(t.slices[level], start)
			}
		}
	}
	t.forgetThreats()
}

// forgetThreats forgets the clients without a cell. Their numbers are given again.
func (t *Tally) forgetThreats() {
	used := map[uint16]bool{}
	for key := range t.dangers.Keys() {
		used[uint16(key)] = true
	}
	t.freeThreats = t.freeThreats[:0]
	for number, threat := range t.threats {
		if !used[uint16(number)] {
			delete(t.threatNumber, threat.Client)
			t.threats[number] = Threat{}
			t.freeThreats = append(t.freeThreats, uint16(number))
		}
	}
}

// often is after how many records the busiest are chosen anew, a power of two.
const often = 1 << 16

// tidy keeps the bounds.
func (t *Tally) tidy() {
	if t.added%often == 0 {
		t.busyBuckets.choose(MostListed)
		t.busyPairs.choose(MostPairs)
	}
	for t.cells.Len()+t.marks.Len()+t.dangers.Len() > MostCells && t.coarsen() {
		t.coarsened = true
	}
	if t.grown > t.most {
		t.shrink()
	}
}

// coarsen lets the oldest cells that are still narrow grow wider.
func (t *Tally) coarsen() bool {
	minute := t.newest / msMinute
	for _, step := range []struct {
		level int
		until int64
	}{
		{1, floor(minute, minDay)},
		{0, floor(minute, minHour) - 3*minHour},
		{1, math.MaxInt64},
		{0, math.MaxInt64},
		{2, math.MaxInt64},
		{3, math.MaxInt64},
	} {
		_, to, found := t.oldestBlock(step.level)
		if !found || to > step.until {
			continue
		}
		for level := range step.level + 1 {
			t.ages[level] = max(t.ages[level], to)
		}
		t.age()
		return true
	}
	return false
}

func (t *Tally) oldestBlock(level int) (from, to int64, found bool) {
	type kind interface {
		Oldest(level int) (from, to int64, found bool)
	}
	for _, of := range []kind{t.cells, t.marks, t.dangers} {
		if start, end, some := of.Oldest(level); some && (!found || start < from) {
			from, to, found = start, end, true
		}
	}
	return from, to, found
}
