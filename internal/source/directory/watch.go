package directory

import (
	"time"

	"github.com/zeebo/xxh3"
)

// watch is what following remembers. A file goes
//
//	settling --the same size and time in two scans, or old enough--> out
//	out --Ack--> done --another size or time--> settling
//
// and is forgotten by the first scan that does not find it.
type watch struct {
	quiet time.Duration
	scan  uint32
	seen  int // in this scan
	files map[id]state
}

type id [16]byte

func idOf(path string) id { return xxh3.HashString128(path).Bytes() }

type status uint8

const (
	settling status = iota
	out
	done
	noted // not a file to read: reported
)

type state struct {
	size, modified int64  // as the last scan that looked at it saw it
	read           int64  // bytes that were read when it was done
	tail           uint64 // of these, see tailOf; 0: it cannot be told whether they are still the same
	scan           uint32
	status         status
}

func newWatch(quiet time.Duration) watch { return watch{quiet: quiet, files: map[id]state{}} }

// see reports whether a file is to be read now; read and tail are of the last time.
func (w *watch) see(key id, size int64, modified, now time.Time) (ready bool, read int64, tail uint64) {
	st, known := w.mark(key)
	if st.status == noted { // it became a file
		st = state{scan: st.scan}
	}
	mtime := modified.UnixNano()
	same := known && st.size == size && st.modified == mtime
	switch {
	case st.status == out, same && st.status == done:
	case same || now.Sub(modified) >= w.quiet:
		st.status, ready = out, true
	default:
		st.status = settling
	}
	if st.status != out || ready {
		st.size, st.modified = size, mtime
	}
	w.files[key] = st
	return ready, st.read, st.tail
}

// note remembers that a path is reported, and reports whether it was before. A file
// that cannot be looked at for a while stays the file it was.
func (w *watch) note(key id) (before bool) {
	st, known := w.mark(key)
	if !known || st.status == settling {
		st = state{scan: st.scan, status: noted}
	}
	w.files[key] = st
	return known && st.status == noted
}

// done settles a file of which the first read bytes were read.
func (w *watch) done(key id, read int64, tail uint64) {
	st, known := w.files[key]
	if !known { // it is gone
		return
	}
	st.status, st.read, st.tail = done, read, tail
	w.files[key] = st
}

// mark returns a file's state, seen by this scan.
func (w *watch) mark(key id) (st state, known bool) {
	st, known = w.files[key]
	if !known || st.scan != w.scan {
		w.seen++
	}
	st.scan = w.scan
	return st, known
}

// endScan forgets the files that this scan did not find, unless it could not look
// everywhere. Those that are out stay: a file must not be read twice at a time.
func (w *watch) endScan(incomplete bool) {
	if !incomplete && w.seen < len(w.files) {
		for key, st := range w.files {
			if st.scan != w.scan && st.status != out {
				delete(w.files, key)
			}
		}
	}
	w.scan++
	w.seen = 0
}
