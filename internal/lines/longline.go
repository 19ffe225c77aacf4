package lines

import (
	"bytes"
	"errors"
	"io"

	"github.com/zeebo/xxh3"
)

// long returns the first pending line, which is longer than Limits.Line. It
// reads the line piece by piece: memory does not grow with it.
func (r *Reader) long() (Chunk, error) {
	r.fill(KeptOfLongLine)
	text := r.pending()
	kept := string(text[:min(len(text), KeptOfLongLine)])
	c := Chunk{Offset: r.offset}

	var hash xxh3.Hasher
	size := int64(0)
	add := func(part []byte) {
		_, _ = hash.Write(part) // never fails
		size += int64(len(part))
	}
	for {
		text := r.pending()
		if newline := bytes.IndexByte(text, '\n'); newline >= 0 {
			add(trimReturn(text[:newline]))
			r.drop(newline + 1)
			break
		}
		if r.err != nil {
			if !errors.Is(r.err, io.EOF) {
				r.drop(len(text))
				return Chunk{}, r.err
			}
			add(text)
			r.drop(len(text))
			break
		}
		// A "\r" waits for the byte behind it, which tells whose it is.
		part := trimReturn(text)
		add(part)
		r.drop(len(part))
		r.fill(chunkSize)
	}
	c.Text = kept[:min(int64(len(kept)), size)]
	c.End = r.offset
	c.Long = &Long{Size: size, ID: hash.Sum128().Bytes()}
	return c, nil
}

// trimReturn cuts one "\r" off the end of line.
func trimReturn(line []byte) []byte { return bytes.TrimSuffix(line, []byte{'\r'}) }
