package ingest

import (
	"encoding/hex"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/lines"
)

// Locate returns the object of a record with this log.record.uid, and the byte at
// which its line begins; "" when it is not known. Of equal lines, each call returns
// another one. It is not safe for concurrent use.
type Locate func(uid string) (object string, offset int64)

// origins is where the records of a batch came from. It costs nothing a record: the
// records' strings keep the chunks in memory anyway, and to find one, which is rare,
// the lines are identified again.
type origins struct {
	split  bool // Config.SplitJoined
	pieces []origin
	asked  map[[16]byte]int // how often, by id
}

// origin is a piece without what was made of it.
type origin struct {
	object *object
	chunk  lines.Chunk
}

// add notes the piece of a segment that is added to the batch.
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
	if o.asked == nil {
		o.asked = make(map[[16]byte]int)
	}
	before := o.asked[id]
	o.asked[id]++
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

// find returns where the lines begin that hold the record.
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
