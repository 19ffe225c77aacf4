package tally

import (
	"math/bits"
	"strings"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/cells"
	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/seen"
	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/sketch"
)

// Limits of a tally.
const (
	MostBuckets    = 200
	MostOperations = 100
	MostCells      = 250_000
	MostMemory     = 192 << 20 // bytes, but for the uids
	MostUIDs       = seen.Most
	mostCodes      = 500
	mostPlaces     = 4000
	mostThreats    = 2000 // clients
	mostReasons    = 50
	mostOdd        = 50
)

// beyondCodes and beyondPlaces are the numbers of what has none.
const (
	beyondCodes  = mostCodes
	beyondPlaces = 0xFFFF
)

const (
	msMinute = int64(time.Minute / time.Millisecond)
	minHour  = 60
	minDay   = 24 * 60
	msDay    = minDay * msMinute
)

// Figures are the counts of a tally's records.
type Figures struct {
	Malformed, Repeated, NoUID, Ignored, Future, Old, Cut uint64
}

// row are the sums of a bucket's day by hour.
type row [24]Sums

// Tally is what a report is made of.
type Tally struct {
	retention int64 // minutes

	newest, oldest int64 // ms; 0 without a record
	retained       int64 // minute from which records are kept
	ages           *cells.Ages
	coarsened      bool

	buckets, operations, codes, places names
	points                             []Point
	threats                            []Threat
	threatNumber                       map[string]uint16
	freeThreats                        []uint16 // numbers of clients that were forgotten
	feeds                              map[string]struct{}

	cells   *cells.Cells[Sums, *Sums]             // bucket and operation
	marks   *cells.Cells[Count, *Count]           // bucket and kind
	dangers *cells.Cells[ThreatSums, *ThreatSums] // bucket, operation and threat
	rows    map[uint64]*row                       // bucket and day

	slices                 [sliceLevels]map[int64]*slice // by their first minute
	sliceAges              cells.Ages
	busyBuckets, busyPairs busiest

	seen    *seen.Window
	figures Figures
	present [Attributes]uint64
	reasons *sketch.Top
	odd     *sketch.Top

	added   uint64 // records, for what is done now and then
	entries int    // of a new top list
	grown   int    // memory since measured, about
	most    int    // memory
	scratch []byte
}

// Point is where a place is.
type Point struct {
	Lat, Lon float32
	Known    bool
}

// Threat is a client that is on a threat feed.
type Threat struct {
	Client, Actor, Type, Feed string
	Confidence                uint8 // place in Confidences
	Place                     uint16
}

// New returns an empty tally that keeps what is not older than the retention.
func New(retention time.Duration) *Tally {
	ages := cells.NewAges()
	t := &Tally{
		retention:    int64(retention / time.Minute),
		ages:         ages,
		buckets:      newNames(MostBuckets),
		operations:   newNames(MostOperations),
		codes:        newNames(mostCodes),
		places:       newNames(mostPlaces),
		threatNumber: map[string]uint16{},
		feeds:        map[string]struct{}{},
		cells:        cells.New[Sums](ages),
		marks:        cells.New[Count](ages),
		dangers:      cells.New[ThreatSums](ages),
		rows:         map[uint64]*row{},
		sliceAges:    *cells.NewAges(),
		busyBuckets:  newBusiest(MostBuckets + 1),
		busyPairs:    newBusiest((MostBuckets + 1) << 8),
		seen:         seen.New(),
		reasons:      sketch.NewTop(mostReasons),
		odd:          sketch.NewTop(mostOdd),
		entries:      mostEntries,
		most:         MostMemory,
	}
	for i := range t.slices {
		t.slices[i] = map[int64]*slice{}
	}
	return t
}

// Add counts a record. clock is the machine's time, in ms: what is more than a day newer
// is charted nowhere.
func (t *Tally) Add(r *Record, clock int64) {
	if r.Ignored {
		t.figures.Ignored++
		return
	}
	if r.UID != 0 && !t.seen.Add(r.UID) {
		t.figures.Repeated++
		return
	}
	if r.UID == 0 {
		t.figures.NoUID++
	}
	t.figures.Cut += uint64(r.Cut)
	if r.Malformed {
		t.addMalformed(r)
		return
	}
	if r.Time > clock+msDay {
		t.figures.Future++
		return
	}
	if r.Time > t.newest {
		t.advance(r.Time)
	}
	minute := r.Time / msMinute
	if minute < t.retained {
		t.figures.Old++
		return
	}
	if t.oldest == 0 || r.Time < t.oldest {
		t.oldest = r.Time
	}
	t.addRequest(r, minute)
	t.added++
	t.tidy()
}

func (t *Tally) addRequest(r *Record, minute int64) {
	for set := r.Present; set != 0; set &= set - 1 {
		t.present[bits.TrailingZeros32(set)]++
	}
	b, _ := t.buckets.of(r.Bucket, sketch.Hash)
	o, _ := t.operations.of(r.Operation, sketch.Hash)
	bucket, operation := uint8(b), uint8(o)
	key := uint16(bucket)<<8 | uint16(operation)

	t.cells.At(minute, uint32(key)).count(r)
	t.row(bucket, minute/minDay)[minute%minDay/minHour].count(r)
	for set := r.Marks; set != 0; set &= set - 1 {
		t.marks.At(minute, uint32(bucket)<<8|uint32(bits.TrailingZeros16(set))).N++
	}
	place := t.place(r)
	if r.Confidence > 0 {
		t.addThreat(r, minute, key, place)
	}
	if r.OddField != "" {
		t.addOdd(r)
	}
	t.busyBuckets.totals[bucket]++
	t.busyPairs.totals[key]++
	t.addEstimates(r, minute, bucket, operation, place)
}

func (t *Tally) row(bucket uint8, day int64) *row {
	key := uint64(day)<<8 | uint64(bucket)
	of := t.rows[key]
	if of == nil {
		of = &row{}
		t.rows[key] = of
		t.grown += 1500
	}
	return of
}

func (t *Tally) addEstimates(r *Record, minute int64, bucket, operation uint8, place uint16) {
	s := t.slice(minute)
	if r.Total >= 0 || r.Turn >= 0 {
		p := s.pair(t, uint16(bucket)<<8|uint16(operation))
		if r.Total >= 0 {
			p.total.Add(uint64(r.Total))
		}
		if r.Turn >= 0 {
			p.turn.Add(uint64(r.Turn))
		}
	}
	if r.Status >= 400 {
		code, _ := t.codes.of(r.Code, sketch.Hash)
		s.addError(errorKey(bucket, operation, r.Status, code), 1)
	}
	if r.Country != "" {
		s.addPlace(uint32(bucket)<<16|uint32(place), 1)
	}
	of := s.lists(t, bucket)
	bytes := uint64(max(r.Sent, 0) + max(r.Added, 0))
	if r.Requester != "" || r.Is(Anonymous) || r.Is(Website) {
		who := Principal(r.Requester)
		t.grown += of.top[Requesters].add(sketch.Hash(who), who, bytes)
	}
	if r.Client != "" {
		t.grown += of.top[Clients].add(sketch.Hash(r.Client), r.Client, bytes)
	}
	if r.Key != "" {
		t.grown += of.top[Keys].add(sketch.Hash(r.Key), r.Key, bytes)
		prefix := Prefix(r.Key)
		t.grown += of.top[Prefixes].add(sketch.Hash(prefix), prefix, bytes)
	}
	if r.Agent != "" {
		t.grown += of.top[Agents].add(sketch.Hash(r.Agent), r.Agent, bytes)
	}
	if r.Marks != 0 {
		t.addWho(r, of)
	}
}

// TopLevel is the prefix of keys without a folder.
const TopLevel = "(top level)"

// Prefix returns the first two folders of a key.
func Prefix(key string) string {
	end := strings.IndexByte(key, '/') + 1
	if end == 0 {
		return TopLevel
	}
	return key[:end+strings.IndexByte(key[end:], '/')+1]
}

// place returns the number of where a client is.
func (t *Tally) place(r *Record) uint16 {
	if r.Country == "" {
		return beyondPlaces
	}
	t.scratch = append(append(append(t.scratch[:0], r.Country...), 0), r.City...)
	if number, found := t.places.number[string(t.scratch)]; found {
		return number
	}
	number, numbered := t.places.of(string(t.scratch), sketch.Hash)
	if numbered {
		t.points = append(t.points, Point{r.Lat, r.Lon, r.HasPoint})
		return number
	}
	if number, found := t.places.number[r.Country+"\x00"]; found {
		return number
	}
	return beyondPlaces
}

func (t *Tally) addThreat(r *Record, minute int64, key, place uint16) {
	is := Threat{r.Client, r.Actor, r.ThreatType, r.Feed, r.Confidence - 1, place}
	number, found := t.threatNumber[r.Client]
	switch {
	case r.Client == "": // left out of the records
		number = othersOf(is.Confidence)
	case found:
		if t.threats[number] != is {
			t.threats[number] = is.clone()
		}
	default:
		number = t.newThreat(&is)
	}
	sums := ThreatSums{Requests: 1, First: r.Time, Last: r.Time}
	if r.Status < 400 {
		sums.Answered = 1
	}
	t.dangers.At(minute, uint32(key)<<16|uint32(number)).Add(&sums)
	if len(t.feeds) < mostFeeds {
		for feed := range strings.SplitSeq(r.Feeds, "\n") {
			if _, found := t.feeds[feed]; !found && feed != "" {
				t.feeds[strings.Clone(feed)] = struct{}{}
			}
		}
	}
}

// newThreat returns the number of a client that has none yet, and keeps a copy of it if the
// number is its own.
func (t *Tally) newThreat(is *Threat) uint16 {
	number := uint16(len(t.threats))
	switch n := len(t.freeThreats); {
	case n > 0:
		number = t.freeThreats[n-1]
		t.freeThreats = t.freeThreats[:n-1]
	case len(t.threats) < mostThreats:
		t.threats = append(t.threats, Threat{})
	default:
		return othersOf(is.Confidence)
	}
	t.threats[number] = is.clone()
	t.threatNumber[t.threats[number].Client] = number
	return number
}

// othersOf is the number of the clients of a confidence that have none of their own.
func othersOf(confidence uint8) uint16 { return mostThreats + uint16(confidence) }

const mostFeeds = 100

func (t *Threat) clone() Threat {
	return Threat{strings.Clone(t.Client), strings.Clone(t.Actor), strings.Clone(t.Type), strings.Clone(t.Feed), t.Confidence, t.Place}
}

func (t *Tally) addMalformed(r *Record) {
	t.figures.Malformed++
	e, known := t.reasons.Add(sketch.Hash(r.Reason)^bits.RotateLeft64(sketch.Hash(r.Bucket), 1), 1, 0)
	if !known {
		e.Text = append(appendText(appendText(e.Text[:0], r.Reason), r.Bucket), r.Example...)
	}
	e.Last = max(e.Last, r.Time)
}

func (t *Tally) addOdd(r *Record) {
	e, known := t.odd.Add(sketch.Hash(r.OddField)^bits.RotateLeft64(sketch.Hash(r.OddValue), 1), 1, 0)
	if !known {
		e.Text = append(appendText(e.Text[:0], r.OddField), r.OddValue...)
	}
	e.Last = max(e.Last, r.Time)
}

// appendText appends a text of MostText bytes at most and its length before it.
func appendText(to []byte, text string) []byte {
	return append(append(to, byte(len(text)>>8), byte(len(text))), text...)
}

// cutText takes a text that appendText appended off.
func cutText(from []byte) (text string, rest []byte) {
	n := int(from[0])<<8 | int(from[1])
	return string(from[2 : 2+n]), from[2+n:]
}
