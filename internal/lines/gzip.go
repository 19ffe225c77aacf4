package lines

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// gzipPool holds *gzip.Reader. The gzipMembers that took one owns it until release.
var gzipPool = sync.Pool{New: func() any { return new(gzip.Reader) }}

func isGzip(magic []byte) bool { return bytes.HasPrefix(magic, []byte("\x1f\x8b")) }

// gzipMembers reads the members of a gzip file one after the other. It walks
// them itself, because zero bytes behind a member, which block devices and tar
// leave there, are no error, as they are none to gzip(1).
type gzipMembers struct {
	in     *bufio.Reader
	member *gzip.Reader
	opened bool // member stands inside the file
}

func newGzipMembers(in *bufio.Reader) *gzipMembers {
	return &gzipMembers{in: in, member: gzipPool.Get().(*gzip.Reader)}
}

func (g *gzipMembers) Read(p []byte) (int, error) {
	for {
		if !g.opened {
			if err := g.next(); err != nil {
				return 0, err
			}
		}
		n, err := g.member.Read(p)
		if !errors.Is(err, io.EOF) {
			return n, err
		}
		g.opened = false
		if n > 0 {
			return n, nil
		}
	}
}

// next opens the next member, io.EOF behind the last.
func (g *gzipMembers) next() error {
	for {
		b, err := g.in.Peek(1)
		if err != nil {
			return err
		}
		if b[0] != 0 {
			break
		}
		_, _ = g.in.Discard(1) // it was peeked
	}
	err := g.member.Reset(g.in)
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF // within a header
	}
	g.member.Multistream(false)
	g.opened = err == nil
	return err
}

func (g *gzipMembers) release() { gzipPool.Put(g.member) }
