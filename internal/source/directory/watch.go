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
// and is dropped when two scans did not find it: while its folder is read, a file that
// is renamed may be missed once.
type watch struct {
	quiet time.Duration
	scan  uint32
	seen  int // in this scan
	files map[pathID]state
	// unread reports whether the last scan found a file of which nothing was read and that
	// may be in the making; found is that of this scan.
	unread, found bool
	// names has the path under which a file was read last.
	names map[fileID]pathID
}

// pathID is a path's hash. fileID tells a file whatever its name is: device and inode, or
// the pathID where there are none.
type (
	pathID [16]byte
	fileID [16]byte
)

func idOf(path string) pathID { return xxh3.HashString128(path).Bytes() }

type status uint8

const (
	settling status = iota
	out
	done
	noted // not a file to read: reported
)

// stillScans is how many scans in a row have to find a file unchanged before a last line
// without a newline is taken for whole.
const stillScans = 2

type state struct {
	size, modified int64 // at the last scan that checked it
	reading              // up to where it was read when it was done
	scan           uint32
	status         status
	still          uint8 // scans in a row that found it unchanged, stillScans at most
	torn           bool  // a last line without a newline is left
}

// reading is a beginning of a file that was read: whole lines.
type reading struct {
	end  int64
	hash uint64 // see edges; 0 means unknown
}

func newWatch(quiet time.Duration) watch {
	return watch{quiet: quiet, files: map[pathID]state{}, names: map[fileID]pathID{}}
}

// observe updates a file's state and reports whether it is to be read now, and whether
// it is still enough for its last line to be read without a newline.
func (w *watch) observe(key pathID, size int64, modified, now time.Time) (ready, still bool) {
	st, known := w.mark(key)
	if st.status == noted { // it became a file
		st = state{scan: st.scan}
	}
	mtime := modified.UnixNano()
	same := known && st.size == size && st.modified == mtime
	switch {
	case st.status == out:
	case same:
		st.still = min(st.still+1, stillScans)
	default:
		st.still = 0
	}
	still = st.still == stillScans
	switch {
	case st.status == out, same && st.status == done && (!st.torn || !still):
	case same || now.Sub(modified) >= w.quiet:
		st.status, ready = out, true
	default:
		st.status = settling
		w.found = w.found || st.reading == reading{}
	}
	if st.status != out || ready {
		st.size, st.modified = size, mtime
	}
	w.files[key] = st
	return ready, still
}

// again takes back that a file is to be read now.
func (w *watch) again(key pathID) {
	if st, known := w.files[key]; known {
		st.status = settling
		w.files[key] = st
	}
}

// readings returns what was read at a path, and what was read of a file under its last
// name.
func (w *watch) readings(key pathID, file fileID) []reading {
	return []reading{w.files[key].reading, w.files[w.names[file]].reading}
}

// note marks a path as reported, and reports whether it was marked before. A file that
// is inaccessible for a while keeps its state.
func (w *watch) note(key pathID) (before bool) {
	st, known := w.mark(key)
	if !known || st.status == settling {
		st = state{scan: st.scan, status: noted}
	}
	w.files[key] = st
	return known && st.status == noted
}

// done marks a file as done up to what was read. torn reports whether its last line is
// left.
func (w *watch) done(key pathID, file fileID, read reading, torn bool) {
	st, known := w.files[key]
	if !known { // it is gone
		return
	}
	st.status, st.reading, st.torn = done, read, torn
	st.scan = w.scan // it may have been renamed meanwhile: that is found by this state
	w.files[key] = st
	w.names[file] = key
}

// mark returns a file's state, marked as seen by this scan.
func (w *watch) mark(key pathID) (st state, known bool) {
	st, known = w.files[key]
	if !known || st.scan != w.scan {
		w.seen++
	}
	st.scan = w.scan
	return st, known
}

// endScan drops the files that this scan and the one before did not find, unless it was
// incomplete. Those that are handed out stay: a file must not be read twice at a time.
func (w *watch) endScan(incomplete bool) {
	dropped := false
	if !incomplete && w.seen < len(w.files) {
		for key, st := range w.files {
			if w.scan-st.scan > 1 && st.status != out {
				delete(w.files, key)
				dropped = true
			}
		}
	}
	if dropped {
		for file, key := range w.names {
			if _, known := w.files[key]; !known {
				delete(w.names, file)
			}
		}
	}
	w.scan++
	w.seen = 0
	w.unread, w.found = w.found, false
}
