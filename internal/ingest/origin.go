package ingest

import (
	"encoding/hex"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/lines"
)

// Locate returns the object of a record with this log.record.uid, and the byte offset
// of its line; "" when it is not known. For equal lines each call returns the next
// one. It is not safe for concurrent use.
type Locate func(uid string) (object string, offset int64)

// origins finds where the records of a batch came from. It costs nothing per record:
// the records' strings keep the chunks in memory anyway, and a look-up, which is rare,
// hashes the lines again.
type origins struct {
	split   bool // Config.SplitJoined
	pieces  []origin
	lookups map[[16]byte]int // number of look-ups, by id
}

// origin is a piece without its segments.
type origin struct {
	object *object
	chunk  lines.Chunk
}

// add adds the piece of a segment.
func (o *origins) add(p *piece) {
	if n := len(o.pieces); n > 0 && o.pieces[n-1] == (origin{p.object, p.chunk}) {
		return
	}
	o.pieces = append(o.pieces, origin{p.object, p.chunk})
}

func (o *origins) locate(uid string) (object string, offset int64) {
	var id [16]byte
	if len(uid) != hex.EncodedLen(len(id)) {
		return "", 0
	}
	if _, err := hex.Decode(id[:], []byte(uid)); err != nil {
		return "", 0
	}
	if o.lookups == nil {
		o.lookups = make(map[[16]byte]int)
	}
	before := o.lookups[id]
	o.lookups[id]++
	for _, from := range o.pieces {
		for _, at := range from.find(id, o.split) {
			if before == 0 {
				return from.object.work.Object.URI(), at
			}
			before--
		}
	}
	return "", 0
}

// find returns the offsets of the lines that hold the record.
func (o *origin) find(id [16]byte, split bool) (offsets []int64) {
	if long := o.chunk.Long; long != nil {
		if long.ID == id {
			offsets = append(offsets, o.chunk.Offset)
		}
		return offsets
	}
	for rest := o.chunk.Text; rest != ""; {
		at := o.chunk.Offset + int64(len(o.chunk.Text)-len(rest))
		var line string
		line, rest = lines.Cut(rest)
		for line != "" {
			var record string
			record, line = accesslog.Next(line, split)
			if lines.Identify(record) == id {
				offsets = append(offsets, at)
			}
		}
	}
	return offsets
}
