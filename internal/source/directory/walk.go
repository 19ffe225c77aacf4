package directory

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// batchSize is how many entries of a folder are in memory. Names are sorted within a
// batch.
const batchSize = 1024

// walker walks a tree, depth first, one entry at a time.
type walker struct {
	root     string
	resolved string                       // root without links, absolute, in this walk
	report   func(path string, err error) // err is nil for what is skipped
	levels   []level                      // open folders, from the root; the last one is read
	single   fs.FileInfo                  // root when that is a file, until it was returned

	openDir func(path string) (*os.File, error)
}

// found is a file that a walk came to.
type found struct {
	path  string // begins with the root as the user wrote it
	place place
	info  fs.FileInfo // of the file, not of a link to it
}

type level struct {
	path  string
	dir   *os.File
	batch []fs.DirEntry // not visited yet
}

func newWalker(root string, report func(string, error)) *walker {
	w := &walker{root: root, report: report}
	w.openDir = func(path string) (*os.File, error) { return w.placeOf(path).openFolder() }
	return w
}

// placeOf returns the place of what is at a path below the root.
func (w *walker) placeOf(path string) place {
	return place{w.resolved, strings.TrimLeft(path[len(w.root):], string(filepath.Separator))}
}

// open reports whether a walk is under way.
func (w *walker) open() bool { return len(w.levels) > 0 || w.single != nil }

// start begins at the root. A root that is a link is followed.
func (w *walker) start() error {
	if _, err := os.Stat(w.root); err != nil {
		return err // with the path, which EvalSymlinks' errors may lack
	}
	resolved, err := filepath.EvalSymlinks(w.root)
	if err == nil {
		resolved, err = filepath.Abs(resolved)
	}
	if err != nil {
		return err
	}
	info, err := os.Lstat(resolved)
	if err != nil {
		return err
	}
	w.resolved = resolved
	switch {
	case info.IsDir():
		return w.enter(w.root)
	case info.Mode().IsRegular():
		w.single = info
		return nil
	default:
		return fmt.Errorf("%s is neither a folder nor a regular file", resolved)
	}
}

// stop ends a walk that is under way.
func (w *walker) stop() {
	for w.open() {
		w.leave()
	}
}

// step visits one entry. ok reports whether it is a file to read: a regular one, or a
// link to one below the root.
func (w *walker) step() (at found, ok bool) {
	if w.single != nil {
		at = found{w.root, place{root: w.resolved}, w.single}
		w.single = nil
		return at, true
	}
	level := &w.levels[len(w.levels)-1]
	if len(level.batch) == 0 {
		w.refill(level)
		return at, false
	}
	entry := level.batch[0]
	level.batch = level.batch[1:]
	at.path = join(level.path, entry.Name())
	mode := entry.Type()
	switch {
	case strings.HasPrefix(entry.Name(), "."):
		w.report(at.path, nil)
	case mode.IsDir():
		if err := w.enter(at.path); err != nil {
			w.report(at.path, err)
		}
	case mode.IsRegular():
		var err error
		at.info, err = entry.Info()
		at.place = w.placeOf(at.path)
		return at, w.check(&at, entry.Name(), err)
	case mode&fs.ModeSymlink != 0:
		var err error
		at.place, at.info, err = resolve(w.resolved, at.path)
		if err == nil && at.info.Mode().IsRegular() {
			return at, w.check(&at, entry.Name(), nil)
		}
		w.report(at.path, err) // a folder, a device, outside, or a link to nothing
	default:
		w.report(at.path, nil)
	}
	return at, false
}

// check reports a temporary name, and err, unless the file is gone since its folder was
// read: copying programs write to a temporary name first. err is that of its info.
func (w *walker) check(at *found, name string, err error) (ok bool) {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false
	case err != nil:
		w.report(at.path, err)
		return false
	case isTemporary(name):
		w.report(at.path, temporaryError{at.info.ModTime()})
		return false
	}
	return true
}

func (w *walker) enter(path string) error {
	dir, err := w.openDir(path)
	if err != nil {
		return err
	}
	w.levels = append(w.levels, level{path: path, dir: dir})
	return nil
}

func (w *walker) leave() {
	if last := len(w.levels) - 1; last >= 0 {
		_ = w.levels[last].dir.Close() // read only
		w.levels[last] = level{}
		w.levels = w.levels[:last]
	}
	w.single = nil
}

func (w *walker) refill(at *level) {
	var err error
	at.batch, err = at.dir.ReadDir(batchSize)
	slices.SortFunc(at.batch, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	if err == nil || len(at.batch) > 0 {
		return // an error comes again with the next batch
	}
	if !errors.Is(err, io.EOF) {
		w.report(at.path, err)
	}
	w.leave()
}

// join keeps the root as the user wrote it, so that paths read as expected.
func join(dir, name string) string {
	if os.IsPathSeparator(dir[len(dir)-1]) {
		return dir + name
	}
	return dir + string(os.PathSeparator) + name
}
