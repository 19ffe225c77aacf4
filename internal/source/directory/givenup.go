package directory

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// retrial is the content of a file that was given up before.
type retrial struct {
	from *Source
	work *source.Work
}

// Content returns the content of a file that was given up before, nil when that is not
// below the path. A file that changed since is source.ErrChanged: it is offered as a new
// one. The work's Alias is set when the file is opened.
func (s *Source) Content(w *source.Work) source.Content {
	if w.Object.Bucket != "" || !strings.HasPrefix(w.Object.Key, s.cfg.Path) {
		return nil
	}
	return retrial{s, w}
}

// OpenAt implements source.Content.
func (r retrial) OpenAt(ctx context.Context, offset int64) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	path, object := r.work.Object.Key, &r.work.Object
	at, err := r.from.find(path)
	if err != nil {
		return nil, readError(path, err)
	}
	f, info, err := at.open()
	if err != nil {
		return nil, readError(path, err)
	}
	if version(info.Size(), info) != object.ETag || offset > info.Size() {
		_ = f.Close()
		return nil, fmt.Errorf("%w: %s was replaced", source.ErrChanged, path)
	}
	if hash, err := edges(f, info.Size()); err == nil {
		r.work.Alias = sameID(fileOf(path, info), info, hash)
	}
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		_ = f.Close()
		return nil, readError(path, err)
	}
	return &reader{file: f, path: path, left: info.Size() - offset}, nil
}

// find returns the place of a file that an earlier walk came to.
func (s *Source) find(path string) (place, error) {
	root, err := filepath.EvalSymlinks(s.cfg.Path)
	if err == nil {
		root, err = filepath.Abs(root)
	}
	if err != nil {
		return place{}, err
	}
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return place{}, err
	case path != s.cfg.Path && info.Mode()&fs.ModeSymlink != 0:
		at, _, err := resolve(root, path)
		return at, err
	}
	return place{root, strings.TrimLeft(path[len(s.cfg.Path):], string(filepath.Separator))}, nil
}
