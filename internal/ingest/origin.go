package ingest

import "encoding/hex"

// Locate returns the object of a record with this log.record.uid, and the byte at
// which its line begins; "" when it is not known. Of equal lines, each call returns
// another one. It is not safe for concurrent use.
type Locate func(uid string) (object string, offset int64)

// lineOrigin is where a record of an object came from. Every record of a batch that
// is not delivered has one, so it is small.
type lineOrigin struct {
	id     [16]byte // of the record
	offset int64    // of its line
}

// origin is where the records of a segment came from.
type origin struct {
	object *object
	lines  []lineOrigin
}

type origins []origin

func (o origins) locate(uid string) (object string, offset int64) {
	var id [16]byte
	if len(uid) != hex.EncodedLen(len(id)) {
		return "", 0
	}
	if _, err := hex.Decode(id[:], []byte(uid)); err != nil {
		return "", 0
	}
	for _, from := range o {
		for i := range from.lines {
			if l := &from.lines[i]; l.id == id {
				l.id = [16]byte{}
				return from.object.work.Object.URI(), l.offset
			}
		}
	}
	return "", 0
}
