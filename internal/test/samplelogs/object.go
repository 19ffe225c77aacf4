package samplelogs

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"path"
	"strings"
	"time"
)

// Object is one log object.
type Object struct {
	Path  string   // bucket/key, with slashes
	Lines []string // some may be blank, some end with "\r"
	Gzip  bool     // stored as gzip
	// Unterminated: the last line has no newline.
	Unterminated bool
	// Malformed is how many of Lines are no records.
	Malformed int
}

// Records returns how many lines are neither blank nor malformed.
func (o Object) Records() int {
	n := -o.Malformed
	for _, line := range o.Lines {
		if strings.TrimSpace(line) != "" {
			n++
		}
	}
	return n
}

// Text returns the object's lines as S3 wrote them.
func (o Object) Text() []byte {
	text := strings.Join(o.Lines, "\n")
	if !o.Unterminated {
		text += "\n"
	}
	return []byte(text)
}

// Stored returns the bytes of the file: Text, or two gzip members that hold a
// half of it each, as concatenating two compressed files leaves them. They hold
// no time stamp and no name.
func (o Object) Stored() []byte {
	text := o.Text()
	if !o.Gzip {
		return text
	}
	var b bytes.Buffer
	half := len(text) / 2
	for _, part := range [][]byte{text[:half], text[half:]} {
		w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is valid
		_, _ = w.Write(part)                                  // a bytes.Buffer takes everything
		_ = w.Close()
	}
	return b.Bytes()
}

// ReadText returns the text of a stored object, decompressed where it is gzip.
func ReadText(stored []byte) ([]byte, error) {
	if !bytes.HasPrefix(stored, []byte{0x1f, 0x8b}) {
		return stored, nil
	}
	r, err := gzip.NewReader(bytes.NewReader(stored))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

type layout int

const (
	simple layout = iota
	partitionedByEvent
	partitionedByDelivery
)

// logging says where a site's logs go, and how much traffic there is.
type logging struct {
	bucket, prefix string
	layout         layout
	gzip           bool // somebody repacked them
	perDay         int  // events on a working day, about
	batch          int  // objects a day
}

// objectPath names an object with the records of one window of time.
func (g *generator) objectPath(event, delivered time.Time) string {
	log := g.site.log
	stamp := delivered
	if log.layout == partitionedByEvent {
		stamp = event.Truncate(24 * time.Hour) // S3 writes 00-00-00 into these names
	}
	name := stamp.Format("2006-01-02-15-04-05-") + g.text(16, upperDigits)
	if log.gzip {
		name += ".gz"
	}
	if log.layout == simple {
		return path.Join(log.bucket, log.prefix+name)
	}
	folder := fmt.Sprintf("%s/%s/%s/%s", g.site.account, g.site.region, g.site.bucket, stamp.Format("2006/01/02"))
	return path.Join(log.bucket, log.prefix+folder, name)
}
