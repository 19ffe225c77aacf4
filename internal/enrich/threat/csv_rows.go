package threat

import (
	"errors"
	"io"
)

// maxRowLines is how many lines a row may have, through line breaks in quotes.
const maxRowLines = 32

var errOpenQuote = errors.New("a quote that is not closed")

// rowReader gives a csv.Reader the lines of one row after the other, without
// blank lines, comments and spaces around a line. The csv.Reader asks for a
// further line only while a quote is open, so an error that ends a row leaves it
// at the beginning of a line.
type rowReader struct {
	lines *lineReader
	at    int    // number of the line in which the row begins
	n     int    // lines of the row so far
	size  int    // bytes of these
	buf   []byte // the latest line
	rest  []byte // what of buf is to be read
}

// begin has to be called before each row.
func (r *rowReader) begin() { r.n, r.size, r.rest = 0, 0, nil }

// Read implements io.Reader. errOpenQuote and errLongLine are about the row.
func (r *rowReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *rowReader) next() error {
	if r.n == maxRowLines {
		return errOpenQuote
	}
	line, err := r.lines.next()
	for err == nil && r.n == 0 && (len(line) == 0 || line[0] == '#') {
		line, err = r.lines.next()
	}
	if errors.Is(err, io.EOF) && r.n > 0 {
		return errOpenQuote
	}
	if err != nil {
		return err
	}
	if r.n == 0 {
		r.at = r.lines.n
	}
	r.n++
	r.buf = append(append(r.buf[:0], line...), '\n')
	r.rest = r.buf
	if r.size += len(r.buf); r.lines.long || r.size > maxLine {
		r.rest = nil
		return errLongLine
	}
	return nil
}
