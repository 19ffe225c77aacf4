package threat

import (
	"errors"
	"io"
)

// maxRowLines is the number of lines that a row may span by line breaks in quotes.
const maxRowLines = 32

var errOpenQuote = errors.New("a quote that is not closed")

// rowReader passes the lines of each row to a csv.Reader, without blank lines,
// comments, and spaces around lines. The csv.Reader reads a further line only
// while a quote is open, so after an error in a row it continues at the beginning
// of a line.
type rowReader struct {
	lines *lineReader
	at    int    // number of the first line of the row
	n     int    // lines of the row so far
	size  int    // bytes of these lines
	buf   []byte // the latest line
	rest  []byte // the unread part of buf
}

// begin must be called before each row.
func (r *rowReader) begin() { r.n, r.size, r.rest = 0, 0, nil }

// Read implements io.Reader. After errOpenQuote and errLongLine, the next row can be read.
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
