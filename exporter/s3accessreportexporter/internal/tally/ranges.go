package tally

import "iter"

// Range is one of the four stretches of time that end with the newest request.
type Range struct {
	ID        string
	From, End int64 // ms
	Length    int64 // ms; 0: all
	Estimates *Estimates
}

// End returns the end of the newest minute, in ms.
func (t *Tally) End() int64 {
	if t.newest == 0 {
		return 0
	}
	return (t.newest/msMinute + 1) * msMinute
}

// Ranges returns the last three hours, day and week, and all, which begins at start. A
// range's estimates are valid until the next one, but for those of the last.
func (t *Tally) Ranges(start int64) iter.Seq2[int, *Range] {
	const msHour = minHour * msMinute
	end, hour := t.End(), floor(t.newest, msHour)
	ranges := [4]Range{
		{ID: "3h", From: end - 3*msHour, Length: 3 * msHour},
		{ID: "24h", From: hour - 23*msHour, Length: 24 * msHour},
		{ID: "7d", From: hour - 167*msHour, Length: 168 * msHour},
		{ID: "all", From: start}, // older than the retention by less than a day
	}
	return func(yield func(int, *Range) bool) {
		estimates := t.newEstimates()
		for i := range ranges {
			r := &ranges[i]
			r.From, r.End = max(r.From, start), end
			estimates.extend(floor(r.From/msMinute, minHour))
			r.Estimates = estimates
			if !yield(i, r) {
				return
			}
		}
	}
}

// Start returns the midnight at or before the first cell and the first row, in ms.
func (t *Tally) Start() int64 {
	first := t.newest / msMinute
	for c := range t.cells.All() {
		first = min(first, c.Minute)
		break
	}
	for key := range t.rows {
		first = min(first, int64(key>>8)*minDay)
	}
	return floor(max(first, 0), minDay) * msMinute
}
