package directory

import (
	"time"

	"github.com/zeebo/xxh3"
)

// watch is the state of following. A file goes
//
//	settling --the same size and time in two scans, or old enough--> out
//	out --Ack--> done --another size or time--> settling
//
// and is dropped by the first scan that does not find it.
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
	size, modified int64  // at the last scan that checked it
	read           int64  // bytes that were read when it was done
	tail           uint64 // of these, see tailOf; 0 means unknown
	scan           uint32
	status         status
}

func newWatch(quiet time.Duration) watch { return watch{quiet: quiet, files: map[id]state{}} }

// observe updates a file's state and reports whether it is to be read now; read and
// tail are those of the last read.
func (w *watch) observe(key id, size int64, modified, now time.Time) (ready bool, read int64, tail uint64) {
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

// note marks a path as reported, and reports whether it was marked before. A file that
// is inaccessible for a while keeps its state.
func (w *watch) note(key id) (before bool) {
	st, known := w.mark(key)
	if !known || st.status == settling {
		st = state{scan: st.scan, status: noted}
	}
	w.files[key] = st
	return known && st.status == noted
}

// done marks a file as done up to the offset read.
func (w *watch) done(key id, read int64, tail uint64) {
	st, known := w.files[key]
	if !known { // it is gone
		return
	}
	st.status, st.read, st.tail = done, read, tail
	w.files[key] = st
}

// mark returns a file's state, marked as seen by this scan.
func (w *watch) mark(key id) (st state, known bool) {
	st, known = w.files[key]
	if !known || st.scan != w.scan {
		w.seen++
	}
	st.scan = w.scan
	return st, known
}

// endScan drops the files that this scan did not find, unless it was incomplete. Those
// that are handed out stay: a file must not be read twice at a time.
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
