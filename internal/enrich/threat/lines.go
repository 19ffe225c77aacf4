package threat

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

var errLongLine = errors.New("line longer than 64 KiB")

// lineReader reads a feed line by line.
type lineReader struct {
	r    *bufio.Reader
	n    int  // number of the latest line, from 1
	long bool // the latest line was longer than maxLine and is truncated
	buf  []byte
}

// next returns the next line without surrounding spaces, or io.EOF after the last
// one. The line is valid until the next call.
func (l *lineReader) next() ([]byte, error) {
	l.buf, l.long = l.buf[:0], false
	for {
		piece, err := l.r.ReadSlice('\n')
		if room := maxLine - len(l.buf); len(piece) > room {
			piece, l.long = piece[:room], true
		}
		if err == nil && len(l.buf) == 0 {
			l.n++
			return bytes.TrimSpace(piece), nil
		}
		l.buf = append(l.buf, piece...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(l.buf) == 0:
			return nil, io.EOF
		case err != nil && !errors.Is(err, io.EOF):
			return nil, err
		}
		l.n++
		return bytes.TrimSpace(l.buf), nil
	}
}

// eachLine calls fn for every line that is neither blank nor too long.
func (s *sink) eachLine(r *bufio.Reader, fn func(at int, line []byte) error) error {
	s.unit = "line"
	lines := lineReader{r: r}
	for {
		line, err := lines.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case lines.long:
			s.skip(lines.n, errLongLine)
		case len(line) > 0:
			if err := fn(lines.n, line); err != nil {
				return err
			}
		}
	}
}
