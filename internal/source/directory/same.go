package directory

import (
	"encoding/hex"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// cursorName is the name of the cursor of this package.
const cursorName = "directory"

// mostGrown bounds the files that are stored as growing.
const mostGrown = 256

// cursor is stored.
type cursor struct {
	// Named is set when each done file has an ID for any name, see sameID. The first
	// edition stored none.
	Named bool `json:"named"`
	// Grown are files that were appended to while they were followed, the last one last.
	Grown []grownFile `json:"grown,omitempty"`
}

type grownFile struct {
	File string `json:"file"` // fileID, in hex
	End  int64  `json:"end"`
	Hash uint64 `json:"hash"`
}

// known is what is known of files whatever their names are. It is not safe for
// concurrent use.
type known struct {
	progress source.Progress
	cursor   cursor
	changed  bool // cursor is

	// IDs that are done and not in progress yet, with their groups: those of the next
	// change, and those of the last one, whose commit may not have ended.
	next, last map[source.ID]string
}

func newKnown(progress source.Progress) (*known, error) {
	k := &known{progress: progress, next: map[source.ID]string{}}
	value := progress.Cursors()[cursorName]
	if len(value) > 0 {
		return k, source.DecodeCursor(cursorName, value, &k.cursor)
	}
	// Without files there is none to name.
	k.cursor.Named = !slices.ContainsFunc(progress.Groups(), func(group string) bool { return strings.HasPrefix(group, groupOfFiles) })
	k.changed = k.cursor.Named
	return k, nil
}

// named notes that each done file has an ID for any name.
func (k *known) named() {
	if !k.cursor.Named {
		k.cursor.Named, k.changed = true, true
	}
}

// done reports whether an ID is done.
func (k *known) done(id source.ID) bool {
	if _, ok := k.next[id]; ok {
		return true
	}
	if _, ok := k.last[id]; ok {
		return true
	}
	return k.progress.Done(id)
}

// add notes that an ID is done.
func (k *known) add(group string, id source.ID) { k.next[id] = group }

// grew notes up to where a file that was appended to was read.
func (k *known) grew(file fileID, r reading) {
	name := hex.EncodeToString(file[:])
	k.cursor.Grown = slices.DeleteFunc(k.cursor.Grown, func(g grownFile) bool { return g.File == name })
	if over := len(k.cursor.Grown) - mostGrown + 1; over > 0 {
		k.cursor.Grown = slices.Delete(k.cursor.Grown, 0, over)
	}
	k.cursor.Grown = append(k.cursor.Grown, grownFile{name, r.end, r.hash})
	k.changed = true
}

// grown returns what was read of a file that was appended to.
func (k *known) grown(file fileID) reading {
	if len(k.cursor.Grown) == 0 {
		return reading{}
	}
	name := hex.EncodeToString(file[:])
	for _, g := range k.cursor.Grown {
		if g.File == name {
			return reading{g.End, g.Hash}
		}
	}
	return reading{}
}

// change adds to c what is new since the last call.
func (k *known) change(c *source.Change) {
	for id, group := range k.next {
		c.AddDone(group, id)
	}
	k.last, k.next = k.next, map[source.ID]string{}
	if k.changed {
		c.SetCursor(cursorName, source.EncodeCursor(k.cursor))
		k.changed = false
	}
}

// sameID returns the ID of a file whatever its name is: device and inode, size, time of
// modification, and the hash of its edges.
func sameID(file fileID, info fs.FileInfo, hash uint64) source.ID {
	return source.Identify("", "file "+hex.EncodeToString(file[:]),
		version(info.Size(), info)+" "+strconv.FormatUint(hash, 16))
}

// fileOf returns the ID of a file at a path.
func fileOf(path string, info fs.FileInfo) fileID {
	if id, ok := fileIDOf(info); ok {
		return id
	}
	return fileID(idOf(path))
}

// matches reports whether what was read is a beginning of an open file.
func (r reading) matches(f io.ReaderAt, size int64) bool {
	if r.hash == 0 || r.end > size {
		return false
	}
	hash, err := edges(f, r.end)
	return err == nil && hash == r.hash
}
