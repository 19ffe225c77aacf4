package directory

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// batchSize is how many entries of a folder are in memory. Names are sorted within a
// batch.
const batchSize = 1024

// walker walks a tree, depth first, one entry at a time.
type walker struct {
	root   string
	report func(path string, err error) // err is nil for what is skipped
	levels []level                      // open folders, from the root; the last one is read
	single fs.FileInfo                  // root when that is a file, until it was returned

	openDir func(path string) (*os.File, error)
}

type level struct {
	path  string
	dir   *os.File
	batch []fs.DirEntry // not visited yet
}

func newWalker(root string, report func(string, error)) *walker {
	return &walker{root: root, report: report, openDir: os.Open}
}

// open reports whether a walk is under way.
func (w *walker) open() bool { return len(w.levels) > 0 || w.single != nil }

// start begins at the root. A root that is a link is followed.
func (w *walker) start() error {
	info, err := os.Stat(w.root)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		w.single = info
		return nil
	}
	return w.enter(w.root)
}

// stop ends a walk that is under way.
func (w *walker) stop() {
	for w.open() {
		w.leave()
	}
}

// step visits one entry. found reports whether it is a regular file, or a link to one.
func (w *walker) step() (path string, info fs.FileInfo, found bool) {
	if w.single != nil {
		info, w.single = w.single, nil
		return w.root, info, true
	}
	at := &w.levels[len(w.levels)-1]
	if len(at.batch) == 0 {
		w.refill(at)
		return "", nil, false
	}
	entry := at.batch[0]
	at.batch = at.batch[1:]
	path = join(at.path, entry.Name())
	switch mode := entry.Type(); {
	case strings.HasPrefix(entry.Name(), "."):
		w.report(path, nil)
		return "", nil, false
	case mode.IsDir():
		if err := w.enter(path); err != nil {
			w.report(path, err)
		}
		return "", nil, false
	case mode.IsRegular():
		info, err := entry.Info()
		return path, info, w.check(path, err)
	case mode&fs.ModeSymlink != 0:
		info, err := os.Stat(path)
		if err == nil && info.Mode().IsRegular() {
			return path, info, true
		}
		w.report(path, err) // a folder, a device, or a link to nothing
		return "", nil, false
	default:
		w.report(path, nil)
		return "", nil, false
	}
}

// check reports err, unless the file is gone since its folder was read: copying
// programs write to a temporary name first.
func (w *walker) check(path string, err error) (ok bool) {
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		w.report(path, err)
	}
	return err == nil
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
