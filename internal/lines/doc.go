// Package lines turns the stored bytes of a log object into chunks of whole
// lines: it unpacks gzip and zstd, bounds what an object may cost, and can go
// on where an earlier reading stopped.
//
// A Reader owns its buffers and decompressor, taken from pools by Open and
// returned by Close. A Chunk is memory of its own and never changes. Different
// Readers may be used concurrently, one Reader by one goroutine only. The
// package starts no goroutine.
//
// An open Reader holds 0.3 MiB, or Limits.Line when a line needs it, and for
// zstd the window that the data asks for: up to 1 MiB of its own, or what it gets
// of Limits.Windows.
package lines

import (
	"context"
	"errors"
	"io"
)

// Errors of an object. What lies before the place of the error was returned.
var (
	ErrCorrupt  = errors.New("compressed data is corrupt")
	ErrTooLarge = errors.New("object is larger than max_object_size")
	ErrNotText  = errors.New("object is not text")
)

// KeptOfLongLine is how much of a line longer than Limits.Line is kept, in bytes.
const KeptOfLongLine = 4 << 10

// chunkSize is the size that chunks aim at, in bytes. It is small because one
// kept substring keeps a whole chunk alive, and large enough that the work done
// per chunk does not show.
const chunkSize = 256 << 10

// Opener opens the stored bytes of an object from an offset on. It may be asked
// more than once, each time after the reader of the time before was closed.
type Opener interface {
	OpenAt(ctx context.Context, offset int64) (io.ReadCloser, error)
}

// Limits bound what a Reader keeps in memory and how much it reads.
type Limits struct {
	// Line is the longest line that is returned whole, in bytes without its
	// ending. A longer one is cut to KeptOfLongLine and reported as Chunk.Long.
	Line int
	// Object is the largest object, in bytes after decompression and counted
	// from its beginning also when reading is resumed. Past it Next returns
	// ErrTooLarge.
	Object int64
	// Windows is shared by the Readers that together keep to one bound of memory;
	// nil: the Reader has its own.
	Windows *Windows
}

// Chunk is a run of whole lines.
type Chunk struct {
	// Text holds the lines with their endings, blank ones too: at most 256 KiB,
	// or a single line. It is never written again, so substrings of it may be
	// kept; each keeps the whole chunk alive.
	Text string
	// Offset and End are the places in the decompressed object where the chunk
	// begins and where the next one does. Reading can be resumed at End.
	Offset, End int64
	// Long is set when the chunk is one line longer than Limits.Line; Text then
	// holds the line's first KeptOfLongLine bytes, without an ending.
	Long *Long
}

// Long describes a line of which only the beginning is kept.
type Long struct {
	Size int64 // bytes, without the line ending
	ID   ID    // of the whole line
}
