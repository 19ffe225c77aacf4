package source

import (
	"encoding/hex"
	"strings"
)

// MaxGivenUp is how many objects that were given up are kept. Further ones are counted.
const MaxGivenUp = 10_000

const (
	// givenUpPrefix begins the names of the cursors of objects that were given up; the ID
	// follows.
	givenUpPrefix = "given_up/"
	// GivenUpMore is the name of the cursor that counts those beyond MaxGivenUp.
	GivenUpMore = "given_up"
)

// GivenUp is an object that was given up as denied or corrupt, in its stored form. It is
// tried once more at each start.
type GivenUp struct {
	Object Object `json:"object"`
	Group  string `json:"group"`
	Offset int64  `json:"offset"` // decompressed bytes that were delivered
}

// GivenUpCursor returns the name of the cursor of an object that was given up.
func GivenUpCursor(id ID) string { return givenUpPrefix + hex.EncodeToString(id[:]) }

// GivenUpObjects decodes what was stored of the objects that were given up. more is how
// many there are besides.
func GivenUpObjects(cursors map[string][]byte) (all map[ID]GivenUp, more int64, err error) {
	all = map[ID]GivenUp{}
	for name, value := range cursors {
		text, ok := strings.CutPrefix(name, givenUpPrefix)
		if !ok {
			continue
		}
		var id ID
		if n, err := hex.Decode(id[:min(len(id), len(text)/2)], []byte(text)); err != nil || n != len(id) {
			continue
		}
		var g GivenUp
		if err := DecodeCursor(name, value, &g); err != nil {
			return nil, 0, err
		}
		all[id] = g
	}
	if value, ok := cursors[GivenUpMore]; ok {
		err = DecodeCursor(GivenUpMore, value, &more)
	}
	return all, more, err
}
