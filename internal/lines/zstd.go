package lines

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// A zstd frame names the window that it needs, and a decoder allocates it.
const (
	// commonWindow is what levels 1 to 19 use at most, and what RFC 8878,
	// section 3.1.1.1.2, asks every decoder to support.
	commonWindow = 8 << 20
	// largeWindow is what "zstd -d" accepts unasked, and what --long and the
	// --ultra levels use. Only one object at a time gets it: otherwise as many
	// as are read at once could each take this much memory.
	largeWindow = 128 << 20
)

var (
	// zstdPool holds *zstd.Decoder for commonWindow. The zstdFrames that took
	// one owns it until release.
	zstdPool = sync.Pool{New: func() any { return newDecoder(commonWindow) }}
	// largeSlot is full while an object is read with largeWindow. It belongs to
	// the process, as the memory that it guards does.
	largeSlot = make(chan struct{}, 1)
)

func newDecoder(window uint64) *zstd.Decoder {
	d, err := zstd.NewReader(nil,
		zstd.WithDecoderConcurrency(1), // no goroutines, so dropping one leaks nothing
		zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(window),
		zstd.WithDecoderMaxMemory(window)) // of a frame that is its own window
	if err != nil {
		panic(err) // only wrong options make it fail
	}
	return d
}

func isZstd(magic []byte) bool {
	if len(magic) < 4 {
		return false
	}
	skippable := magic[0]&0xf0 == 0x50 && string(magic[1:4]) == "\x2a\x4d\x18"
	return skippable || bytes.Equal(magic, []byte("\x28\xb5\x2f\xfd"))
}

// zstdFrames reads the frames of a zstd file one after the other. At the first
// frame that needs more than commonWindow it waits for largeSlot and starts
// over with a larger decoder.
type zstdFrames struct {
	in      *bufio.Reader
	stored  *stored
	decoder *zstd.Decoder
	read    int64 // decompressed bytes so far
	large   bool  // holds largeSlot; decoder is not from the pool
}

func newZstdFrames(in *bufio.Reader, stored *stored) *zstdFrames {
	z := &zstdFrames{in: in, stored: stored, decoder: zstdPool.Get().(*zstd.Decoder)}
	// Only a closed decoder refuses.
	_ = z.decoder.Reset(in)
	return z
}

func (z *zstdFrames) Read(p []byte) (int, error) {
	n, err := z.decoder.Read(p)
	z.read += int64(n)
	if !errors.Is(err, zstd.ErrWindowSizeExceeded) && !errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		return n, err
	}
	if z.large {
		return n, fmt.Errorf("zstd window over %d MiB: %w", largeWindow>>20, err)
	}
	return n, z.enlarge()
}

// enlarge starts over with a large window and goes to where the reading was.
func (z *zstdFrames) enlarge() error {
	select {
	case largeSlot <- struct{}{}:
	case <-z.stored.ctx.Done():
		z.stored.err = z.stored.ctx.Err()
		return z.stored.err
	}
	z.recycle()
	z.large, z.decoder = true, newDecoder(largeWindow)
	if err := z.stored.open(0); err != nil {
		return err
	}
	z.in.Reset(z.stored)
	_ = z.decoder.Reset(z.in)
	_, err := io.CopyN(io.Discard, z.decoder, z.read)
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF // there was more the first time
	}
	return err
}

func (z *zstdFrames) recycle() {
	_ = z.decoder.Reset(nil) // the pool must not keep the source alive
	zstdPool.Put(z.decoder)
}

func (z *zstdFrames) release() {
	if !z.large {
		z.recycle()
		return
	}
	<-largeSlot
}
