// Package directory reads log objects that are local files: the present ones, once,
// or new ones as well. Folders are walked as a stream, so the memory of a one-shot run
// does not grow with the number of files, except for what source.Progress keeps of
// each done one; following keeps about 140 bytes more for each present file.
//
// A file is identified by its path, size and time of modification; beside that, by
// device, inode and the hash of its edges, so that a renamed one is known again. Files
// that an earlier process finished are not read again, and unfinished ones are resumed.
// Once a scan, or two of them when following, finds no file of a day, or of a folder,
// that group is forgotten.
//
// Known limits: a file that is replaced by one of the same size and time of
// modification is not noticed. A copy is another file. A file that is rewritten instead
// of appended to is read again from its beginning, so its records come twice, with the
// same uid; so is one that is appended to while no process follows it, unless it grew
// before. So are files that were missing during scans and come back. Links to folders
// are not followed.
package directory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/later"
)

const (
	// scanInterval is the time between two scans when following.
	scanInterval = 2 * time.Second
	// quietTime is how long a file must not have been modified to count as complete.
	quietTime = 5 * time.Second
	// retryAfter is how long returned work waits before it is offered again.
	retryAfter = 5 * time.Second
	// retryLimit bounds the returned files that are kept, besides those that were
	// handed out when it was reached.
	retryLimit = 1024
	// appendable is how long after its last modification a file that an earlier process
	// finished is expected to grow: checking costs a read.
	appendable = 48 * time.Hour
	// leftAfter is how long after its last modification a file that has the name of a copy
	// in the making is taken for one that keeps it.
	leftAfter = time.Hour
)

// Config says what to read.
type Config struct {
	Path   string `mapstructure:"path"`   // a folder, or one file
	Follow bool   `mapstructure:"follow"` // keep watching
}

// Validate reports a missing path.
func (c *Config) Validate(path string) error {
	if c.Path == "" {
		return fmt.Errorf("`%s::path` is missing: the folder that holds the log objects", path)
	}
	return nil
}

// Deps are what a Source works with besides its settings. Progress is required.
// The functions are called by the goroutine of Next; nil disables one.
type Deps struct {
	// Progress is queried once for each file that would be handed out, by the
	// goroutine of Next.
	Progress source.Progress
	Clock    source.Clock // nil means the system clock

	// Skipped is called once for each file or folder that is not read: hidden, with the
	// name of a copy in the making, a link to a folder or out of Path, a device.
	Skipped func(path string)
	// LeftOut is called once for each link that leads out of Path, and for the first
	// file that keeps the name of a copy in the making.
	LeftOut func(path string, why error)
	// Problem is called once for each folder or file that cannot be accessed, again
	// after it could be; the others are read.
	Problem func(path string, err error)
	// Listed is called each time that Path could be accessed.
	Listed func()
}

func (d *Deps) defaults() {
	if d.Clock == nil {
		d.Clock = source.SystemClock{}
	}
	if d.Skipped == nil {
		d.Skipped = func(string) {}
	}
	if d.LeftOut == nil {
		d.LeftOut = func(string, error) {}
	}
	if d.Problem == nil {
		d.Problem = func(string, error) {}
	}
	if d.Listed == nil {
		d.Listed = func() {}
	}
}

// Source implements source.Source and source.Stateful.
type Source struct {
	cfg      Config
	deps     Deps
	root     string // Config.Path, absolute
	later    *later.RetryList
	walk     *walker
	nextScan time.Time // the zero time means now
	scanned  bool      // what is there was seen whole
	rescan   bool      // this scan left a file for the next one; one-shot
	reported bool      // what is left out, by an earlier scan; one-shot
	named    bool      // done files have IDs for other names, see known
	unnamed  bool      // this scan found one that may be done without
	logged   bool      // a temporary name was logged
	groups   foundGroups

	mu      sync.Mutex // guards everything below
	out     int        // handed out and not done
	idle    source.IdleMark
	reading map[fileID]struct{}
	known   *known
	files   watch // state of following
}

// New prepares a source. An error means that a setting is wrong; a path that does not
// exist yet is reported by Next.
func New(cfg Config, deps Deps) (*Source, error) {
	if err := cfg.Validate("directory"); err != nil {
		return nil, err
	}
	deps.defaults()
	known, err := newKnown(deps.Progress)
	if err != nil {
		return nil, err
	}
	s := &Source{
		cfg: cfg, deps: deps, root: rootOf(cfg.Path),
		later:   later.New(retryAfter, retryLimit),
		reading: map[fileID]struct{}{}, known: known, named: known.cursor.Named,
		files: newWatch(quietTime),
	}
	s.walk = newWalker(cfg.Path, s.report)
	return s, nil
}

// Next implements source.Source. A one-shot run returns io.EOF after the last file was
// acknowledged, and from then on. Other errors are about Path itself.
func (s *Source) Next(ctx context.Context) (*source.Work, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		now := s.deps.Clock.Now()
		if work := s.later.Pop(now); work != nil {
			return work, nil
		}
		full := s.later.Full(now)
		if !full && s.due(now) {
			it, err := s.step(now)
			if err != nil {
				return nil, err
			}
			if it != nil {
				s.setIdle(false, now)
				s.later.Passed(now)
				return it.work, nil
			}
			continue
		}
		if s.finished() {
			return nil, io.EOF
		}
		if err := s.wait(ctx, now, full); err != nil {
			return nil, err
		}
	}
}

// due reports whether there is an entry to visit.
func (s *Source) due(now time.Time) bool {
	return s.walk.open() || (!s.scanned || s.cfg.Follow) && !now.Before(s.nextScan)
}

// finished reports whether a one-shot run is complete.
func (s *Source) finished() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.scanned && !s.cfg.Follow && s.out == 0
}

// step visits one more entry of a folder. It returns nil when that is not to be read.
func (s *Source) step(now time.Time) (*item, error) {
	if !s.walk.open() {
		if err := s.walk.start(); err != nil {
			return nil, s.pathError(err)
		}
		s.deps.Listed()
	}
	var it *item
	if at, ok := s.walk.step(); ok {
		it = s.offer(at, now)
	}
	if !s.walk.open() { // that was the last one
		s.endScan(now)
	}
	return it, nil
}

func (s *Source) endScan(now time.Time) {
	s.scanned, s.rescan = !s.rescan, false
	s.nextScan = now.Add(scanInterval)
	s.reported = !s.cfg.Follow
	s.mu.Lock()
	s.files.endScan(s.groups.incomplete)
	if !s.groups.incomplete && !s.unnamed {
		s.known.named()
		s.named = true
	}
	s.unnamed = false
	s.mu.Unlock()
	s.groups.end(s.deps.Progress.Groups, s.cfg.Follow)
}

// report reports, once, a path that is left out or cannot be accessed.
func (s *Source) report(path string, err error) {
	var temporary temporaryError
	isTemporary, outside := errors.As(err, &temporary), errors.Is(err, errOutside)
	if isTemporary && !s.logged && !s.reported && (!s.cfg.Follow || s.deps.Clock.Now().Sub(temporary.modified) > leftAfter) {
		s.logged = true
		s.deps.LeftOut(path, err)
	}
	if isTemporary {
		err = nil
	}
	if err != nil && !outside {
		s.groups.incomplete = true
	}
	if s.reported {
		return
	}
	if s.cfg.Follow {
		s.mu.Lock()
		known := s.files.note(idOf(path))
		s.mu.Unlock()
		if known {
			return
		}
	}
	switch {
	case outside:
		s.deps.LeftOut(path, err)
		s.deps.Skipped(path)
	case err != nil:
		s.deps.Problem(path, err)
	default:
		s.deps.Skipped(path)
	}
}

// Backlog implements source.Backlogged. Folders are walked as a stream: how many files
// are left is not known.
func (s *Source) Backlog() []source.Backlog {
	if _, again := s.later.Due(); again {
		return []source.Backlog{{}} // what is tried again is yet to be read
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return []source.Backlog{{Idle: s.idle.Last(s.deps.Clock.Now())}}
}

func (s *Source) setIdle(idle bool, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle.Set(idle && !s.files.unread, now)
}

// wait blocks until there may be something to do.
func (s *Source) wait(ctx context.Context, now time.Time, full bool) error {
	var timer <-chan time.Time // nil means only an Ack changes anything
	until, ok := s.later.Due()
	if s.scanned && !full {
		s.setIdle(true, now)
	}
	if (s.cfg.Follow || !s.scanned) && !full && (!ok || s.nextScan.Before(until)) {
		until, ok = s.nextScan, true
	}
	if ok {
		timer = s.deps.Clock.After(until.Sub(now))
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer:
	case <-s.later.Woken():
	}
	return nil
}

// Close implements source.Source.
func (s *Source) Close() error {
	s.walk.stop()
	return nil
}

// pathError returns an error that says what is wrong with Path.
func (s *Source) pathError(err error) error {
	path := s.cfg.Path
	if abs, absErr := filepath.Abs(path); absErr == nil {
		path = abs
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("directory.path: there is no %s: %w; create it, or correct the setting", path, fs.ErrNotExist)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("directory.path: %w: %s: allow user %d, as whom the collector runs, to read and enter it",
			source.ErrDenied, path, os.Geteuid())
	default:
		return fmt.Errorf("directory.path: %w; check the setting, and the disk or mount", err)
	}
}
