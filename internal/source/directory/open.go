package directory

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

var (
	errNotRegular = errors.New("not a regular file")
	// errOutside means that a link leads out of directory.path. It is not followed: who
	// may write into that folder could make the collector read and send any file.
	errOutside = errors.New("it is a link that leads out of directory.path")
)

// place is where a file is: below a folder without links on the way to it, or, with rel
// "", the file root itself.
type place struct {
	root string // absolute, links resolved
	rel  string
}

// open opens a regular file for reading. A FIFO in its place does not block, and links
// that were put on the way since it was found are not followed out of root.
func (p place) open() (*os.File, fs.FileInfo, error) {
	f, err := p.openAny(0)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errNotRegular
	}
	if err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// openFolder opens a folder for reading its entries.
func (p place) openFolder() (*os.File, error) { return p.openAny(onlyFolder) }

func (p place) openAny(flags int) (*os.File, error) {
	flags |= os.O_RDONLY | nonBlocking
	if p.rel == "" {
		return os.OpenFile(p.root, flags, 0)
	}
	if f, err := openWithoutLinks(filepath.Join(p.root, p.rel), flags); err == nil || errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	// Slower, and right where the other way is not to be had, or where there are links.
	root, err := os.OpenRoot(p.root)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := root.OpenFile(p.rel, flags, 0)
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		failed.Path = filepath.Join(p.root, p.rel)
	}
	return f, err
}

// resolve returns the place of what a link leads to, and what is there. It returns
// errOutside when that is not below root.
func resolve(root, link string) (place, fs.FileInfo, error) {
	target, err := filepath.EvalSymlinks(link)
	if err == nil {
		target, err = filepath.Abs(target)
	}
	if err != nil {
		return place{}, nil, err
	}
	rel, err := filepath.Rel(root, target)
	if err != nil || !filepath.IsLocal(rel) {
		return place{}, nil, fmt.Errorf("%w, to %s", errOutside, target)
	}
	info, err := os.Lstat(target)
	return place{root, rel}, info, err
}

// readError returns an error that says what is wrong with a file.
func readError(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %s: it was removed before it was read", source.ErrGone, path)
	case errors.Is(err, errNotRegular), strings.Contains(err.Error(), "path escapes from parent"): // of os.Root, which has no error to compare with
		return fmt.Errorf("%w: %s: it was replaced by what is no file in directory.path", source.ErrGone, path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: %s: allow user %d, as whom the collector runs, to read it", source.ErrDenied, path, os.Geteuid())
	default:
		return fmt.Errorf("%w: %s: %w", source.ErrUnreachable, path, err)
	}
}
