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
	// pooledWindow is what needs no room of Windows. Small objects whose size is
	// known when they are packed have no larger one.
	pooledWindow = 1 << 20
	// commonWindow is what levels 1 to 19 use at most, and what RFC 8878,
	// section 3.1.1.1.2, asks every decoder to support.
	commonWindow = 8 << 20
	// maxWindow is what "zstd -d" accepts unasked, and what --long and the
	// --ultra levels use.
	maxWindow = 128 << 20
)

// errWindow is the cause of ErrCorrupt when a frame asks for more than maxWindow.
var errWindow = fmt.Errorf("zstd window over %d MiB: it takes --long=27 or less to pack it", maxWindow>>20)

// zstdPool holds *zstd.Decoder for pooledWindow. The zstdFrames that took one
// owns it until recycle.
var zstdPool = sync.Pool{New: func() any { return newDecoder(pooledWindow) }}

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

// zstdFrames reads the frames of a zstd file one after the other. The first one
// tells how large a decoder it begins with; at a frame that needs more it starts
// over with a larger one.
type zstdFrames struct {
	in      *bufio.Reader
	stored  *stored
	windows *Windows
	window  uint64        // of decoder at most
	decoder *zstd.Decoder // nil before the first Read, and after release
	units   int           // taken from windows; 0: the decoder is from the pool
	read    int64         // decompressed bytes so far
}

func newZstdFrames(in *bufio.Reader, stored *stored, windows *Windows) *zstdFrames {
	return &zstdFrames{in: in, stored: stored, windows: windows, window: firstWindow(in)}
}

// firstWindow returns what the first frame asks for, or pooledWindow when that is
// less, or cannot be told.
func firstWindow(in *bufio.Reader) uint64 {
	head, _ := in.Peek(zstd.HeaderMaxSize) // an error comes again with the first Read
	var frame zstd.Header
	if err := frame.Decode(head); err != nil || frame.Skippable {
		return pooledWindow
	}
	if frame.SingleSegment {
		return max(frame.FrameContentSize, pooledWindow)
	}
	return max(frame.WindowSize, pooledWindow)
}

func (z *zstdFrames) Read(p []byte) (int, error) {
	if z.decoder == nil {
		if err := z.start(); err != nil {
			return 0, err
		}
	}
	n, err := z.decoder.Read(p)
	z.read += int64(n)
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		return n, z.enlarge()
	}
	return n, err
}

// start gets a decoder for z.window.
func (z *zstdFrames) start() (err error) {
	switch {
	case z.window > maxWindow:
		return errWindow
	case z.window <= pooledWindow:
		z.decoder = zstdPool.Get().(*zstd.Decoder)
	default:
		if z.windows == nil {
			z.windows = NewWindows()
		}
		if z.units, err = z.windows.take(z.stored.ctx, z.window); err != nil {
			z.stored.err = err
			return err
		}
		z.decoder = newDecoder(z.window)
	}
	// Only a closed decoder refuses.
	_ = z.decoder.Reset(z.in)
	return nil
}

// enlarge starts over with a larger window and goes to where the reading was.
func (z *zstdFrames) enlarge() error {
	z.release() // before it takes more: two that wait for each other's would wait for ever
	switch {
	case z.window < commonWindow:
		z.window = commonWindow
	case z.window < maxWindow:
		z.window = maxWindow
	default:
		return errWindow
	}
	if err := z.start(); err != nil {
		return err
	}
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

// release gives back what start took.
func (z *zstdFrames) release() {
	if z.decoder == nil {
		return
	}
	if z.units == 0 {
		_ = z.decoder.Reset(nil) // the pool must not keep the source alive
		zstdPool.Put(z.decoder)
	}
	z.windows.give(z.units)
	z.decoder, z.units = nil, 0
}
