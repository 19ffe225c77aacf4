package tally

import (
	"math"
	"unsafe"

	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/wire"
)

// Records are records in a form to be stored: what Append appended. Texts that come again
// are written once.
//
//	entry: clock, record...
//	record: flags, [uid 8 bytes], time, texts and numbers as flags and kind say
//	text: 0 and the text, or the number of one that was written before
type Records struct {
	buf    []byte
	known  map[string]uint64
	before int64 // time of the record before
	n      int
}

// Begin forgets all records. clock is the machine's time in ms.
func (c *Records) Begin(clock int64) {
	c.buf = wire.Int(c.buf[:0], clock)
	c.before, c.n = clock, 0
	if c.known == nil {
		c.known = map[string]uint64{}
	}
	clear(c.known)
	c.known[""] = 1
}

// Bytes returns what is to be stored. It is valid until the next Append or Begin.
func (c *Records) Bytes() []byte { return c.buf }

// Len returns how many records there are.
func (c *Records) Len() int { return c.n }

const (
	flagMalformed = 1 << iota // in the order of flagsOf
	flagIgnored
	flagUID
	flagPlace
	flagPoint
	flagThreat
	flagOdd
	flagTLS
)

// Append adds a record. Its texts have to stay what they are until Begin.
func (c *Records) Append(r *Record) {
	c.n++
	c.buf = wire.Uint(c.buf, flagsOf(r))
	if r.Ignored {
		return
	}
	if r.UID != 0 {
		c.buf = wire.Fixed(c.buf, r.UID)
	}
	c.buf = wire.Int(c.buf, r.Time-c.before)
	c.before = r.Time
	c.buf = wire.Uint(c.buf, uint64(r.Cut))
	c.text(r.Bucket)
	if r.Malformed {
		c.text(r.Reason)
		c.buf = wire.Text(c.buf, r.Example)
		return
	}
	c.text(r.Operation)
	c.text(r.Client)
	c.text(r.Requester)
	c.text(r.Key)
	c.text(r.Agent)
	c.text(r.Code)
	c.buf = wire.Uint(c.buf, uint64(r.Status))
	c.buf = wire.Uint(wire.Uint(c.buf, uint64(max(r.Sent, 0))), uint64(max(r.Added, 0)))
	c.buf = wire.Uint(wire.Uint(c.buf, uint64(max(r.Total, Absent)+1)), uint64(max(r.Turn, Absent)+1))
	c.buf = wire.Uint(wire.Uint(c.buf, uint64(r.Marks)), uint64(r.Present))
	if r.TLS != "" {
		c.text(r.TLS)
	}
	if r.Country != "" {
		c.text(r.Country)
		c.text(r.City)
	}
	if r.HasPoint {
		c.buf = wire.Uint(wire.Uint(c.buf, uint64(math.Float32bits(r.Lat))), uint64(math.Float32bits(r.Lon)))
	}
	if r.Confidence > 0 {
		c.buf = wire.Uint(c.buf, uint64(r.Confidence))
		c.text(r.Actor)
		c.text(r.ThreatType)
		c.text(r.Feed)
		c.text(r.Feeds)
	}
	if r.OddField != "" {
		c.text(r.OddField)
		c.text(r.OddValue)
	}
}

func (c *Records) text(text string) {
	if number, found := c.known[text]; found {
		c.buf = wire.Uint(c.buf, number)
		return
	}
	c.buf = wire.Text(append(c.buf, 0), text)
	c.known[text] = uint64(len(c.known)) + 1
}

func flagsOf(r *Record) (flags uint64) {
	for i, is := range [...]bool{
		r.Malformed, r.Ignored, r.UID != 0, r.Country != "", r.HasPoint, r.Confidence > 0, r.OddField != "", r.TLS != "",
	} {
		if is {
			flags |= 1 << i
		}
	}
	return flags
}

// AddStored counts the records of a value that Records.Bytes returned. It returns
// wire.ErrInvalid for any other, and may then have counted a part.
func (t *Tally) AddStored(value []byte) error {
	r := wire.NewReader(value)
	clock := r.Int()
	d := decoder{Reader: r, known: []string{""}, before: clock}
	for d.More() {
		var record Record
		if d.record(&record); !d.Failed() {
			t.Add(&record, clock)
		}
	}
	return d.Close()
}

// decoder reads records, whose texts point into the value.
type decoder struct {
	*wire.Reader
	known  []string
	before int64
}

func (d *decoder) record(r *Record) {
	flags := uint64(d.Below(256))
	r.Malformed, r.Ignored = flags&flagMalformed != 0, flags&flagIgnored != 0
	if r.Ignored {
		return
	}
	if flags&flagUID != 0 {
		r.UID = d.Fixed()
	}
	r.Time = d.before + d.Int()
	d.before = r.Time
	if r.Time < 0 || r.Time > lastMinute*msMinute {
		d.Fail()
		return
	}
	r.Cut = uint8(d.Below(256))
	r.Bucket = d.text()
	if r.Malformed {
		r.Reason = d.text()
		r.Example = view(d.Text(MostText))
		return
	}
	d.request(r, flags)
}

func (d *decoder) request(r *Record, flags uint64) {
	for _, text := range []*string{&r.Operation, &r.Client, &r.Requester, &r.Key, &r.Agent, &r.Code} {
		*text = d.text()
	}
	r.Status = uint16(d.Below(1 << 16))
	r.Sent, r.Added = int64(d.Below(math.MaxInt)), int64(d.Below(math.MaxInt))
	r.Total, r.Turn = int64(d.Below(math.MaxInt))+Absent, int64(d.Below(math.MaxInt))+Absent
	r.Marks, r.Present = uint16(d.Below(1<<Kinds)), uint32(d.Below(1<<Attributes))
	if flags&flagTLS != 0 {
		r.TLS = d.text()
	}
	if flags&flagPlace != 0 {
		r.Country, r.City = d.text(), d.text()
	}
	if flags&flagPoint != 0 {
		r.HasPoint = true
		r.Lat, r.Lon = math.Float32frombits(uint32(d.Uint())), math.Float32frombits(uint32(d.Uint()))
	}
	if flags&flagThreat != 0 {
		r.Confidence = uint8(d.Below(len(Confidences) + 1))
		if r.Confidence == 0 {
			d.Fail()
		}
		r.Actor, r.ThreatType, r.Feed, r.Feeds = d.text(), d.text(), d.text(), d.text()
	}
	if flags&flagOdd != 0 {
		r.OddField, r.OddValue = d.text(), d.text()
	}
}

// text reads a text, which points into the value.
func (d *decoder) text() string {
	number := d.Below(len(d.known) + 1)
	if number > 0 {
		return d.known[number-1]
	}
	text := view(d.Text(mostFeedsText))
	d.known = append(d.known, text)
	return text
}

// mostFeedsText is the longest text of a record, that of Feeds.
const mostFeedsText = 8 * MostText

// view returns bytes as a text, which is valid as long as they stay what they are: the
// texts of a record are not kept.
func view(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b)) //nolint:gosec // nobody writes to a stored value
}
