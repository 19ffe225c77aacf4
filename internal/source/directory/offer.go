package directory

import (
	"os"
	"path/filepath"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// offer returns work for a file that is to be read now, or nil.
func (s *Source) offer(at found, now time.Time) *item {
	name, _ := source.ParseName(filepath.ToSlash(at.path))
	group := s.groups.groupOf(at.path, name)
	s.groups.add(group)
	still := true
	if s.cfg.Follow {
		var ready bool
		s.mu.Lock()
		ready, still = s.files.observe(idOf(at.path), at.info.Size(), at.info.ModTime(), now)
		s.unnamed = s.unnamed || !s.named && !ready && s.files.files[idOf(at.path)].status == settling
		s.mu.Unlock()
		if !ready {
			return nil
		}
	}
	id := s.identify(at.path, at.info.Size(), at.info)
	if s.deps.Progress.Done(id) {
		s.markDone(at, group, now)
		return nil
	}
	it := s.newItem(at, name, group)
	it.identify(id)
	switch s.examine(it, still) {
	case takeLater:
		s.again(it)
		return nil
	case takeNever:
		return nil
	}
	s.mu.Lock()
	s.out++
	s.reading[it.file] = struct{}{}
	s.mu.Unlock()
	return it
}

// verdict is what examine finds.
type verdict int

const (
	takeNow verdict = iota
	takeLater
	takeNever // it is done
)

// examine opens a file and compares it with what was read under this name and others. It
// sets where reading begins and ends. A file that cannot be opened is taken: OpenAt
// says why.
func (s *Source) examine(it *item, still bool) verdict {
	f, info, err := it.place.open()
	if err != nil {
		return takeNow
	}
	defer f.Close()
	if version(info.Size(), info) != version(it.info.Size(), it.info) || !os.SameFile(info, it.info) {
		if s.cfg.Follow {
			return takeLater // it changed since the look
		}
		it.info, it.end, it.work.Object.Size = info, info.Size(), info.Size()
		it.identify(s.identify(it.path, it.end, info))
		if s.deps.Progress.Done(it.work.ID) {
			return takeNever
		}
	}
	it.file = fileOf(it.path, info)
	hash, err := edges(f, it.end)
	if err != nil {
		return takeNow
	}
	it.same = sameID(it.file, info, hash)
	it.work.Alias = it.same
	it.read = reading{it.end, hash}
	if isPacked(f) {
		it.read = reading{}
	}

	s.mu.Lock()
	_, beingRead := s.reading[it.file]
	isDone := s.known.done(it.same)
	before := append(s.files.readings(idOf(it.path), it.file), s.known.grown(it.file))
	s.mu.Unlock()
	switch {
	case beingRead: // under another name
		return takeLater
	case isDone:
		s.markRenamed(it)
		return takeNever
	case !s.cfg.Follow || it.read.hash == 0:
		return takeNow
	}
	for _, r := range before {
		if r.end >= it.work.Offset && r.matches(f, it.end) {
			it.work.Offset, it.began = r.end, r // it was only appended to
		}
	}
	verdict := s.leaveTorn(it, f, still)
	if verdict == takeNow && it.grew() {
		s.mu.Lock()
		s.known.grew(it.file, it.began) // is committed before anything of the rest
		s.mu.Unlock()
	}
	return verdict
}

// leaveTorn makes a file end with its last whole line: the rest may be in the making,
// until the file is still.
func (s *Source) leaveTorn(it *item, f *os.File, still bool) verdict {
	whole, err := wholeLines(f, it.end)
	if err != nil || whole == it.end {
		return takeNow
	}
	hash, err := edges(f, whole)
	if err != nil {
		return takeNow
	}
	it.read = reading{whole, hash}
	part := s.identify(it.path, whole, it.info)
	offset := it.work.Offset
	if whole > 0 && s.deps.Progress.Done(part) {
		offset = max(offset, whole)
	}
	if still {
		it.work.Offset = offset
		return takeNow
	}
	if offset >= whole {
		return takeLater
	}
	it.torn, it.end, it.work.Object.Size = true, whole, whole
	it.work.Alias = source.ID{}
	it.identify(part)
	it.work.Offset = max(it.work.Offset, offset)
	return takeNow
}

// again offers a file at a later scan.
func (s *Source) again(it *item) {
	if !s.cfg.Follow {
		s.rescan = true
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files.again(idOf(it.path))
}

// markRenamed marks a file that was read under another name.
func (s *Source) markRenamed(it *item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known.add(it.work.Group, it.work.ID)
	s.known.add(it.work.Group, it.same) // the group of the other name may be forgotten
	if s.cfg.Follow {
		s.files.done(idOf(it.path), it.file, it.read, false)
	}
}

// markDone marks a file that an earlier process finished. It reads the edges of one that
// is expected to grow, and of one that has no ID for other names.
func (s *Source) markDone(at found, group string, now time.Time) {
	var read reading
	young := s.cfg.Follow && now.Sub(at.info.ModTime()) < appendable
	file := fileOf(at.path, at.info)
	if young || !s.named {
		hash, whole := edgesOf(at)
		if hash != 0 && !s.named {
			s.mu.Lock()
			s.known.add(group, sameID(file, at.info, hash))
			s.mu.Unlock()
		}
		read = whole
	}
	if !s.cfg.Follow {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files.done(idOf(at.path), file, read, false)
}

// edgesOf returns the hash of the edges of a file, 0 when it is not the one that was
// found, and its whole lines, none when it is packed.
func edgesOf(at found) (hash uint64, whole reading) {
	f, info, err := at.place.open()
	if err != nil {
		return 0, reading{}
	}
	defer f.Close()
	if !os.SameFile(info, at.info) || version(info.Size(), info) != version(at.info.Size(), at.info) {
		return 0, reading{}
	}
	if hash, err = edges(f, info.Size()); err != nil {
		return 0, reading{}
	}
	if isPacked(f) {
		return hash, reading{}
	}
	end, err := wholeLines(f, info.Size())
	if err != nil {
		return hash, reading{}
	}
	of, err := edges(f, end)
	if err != nil {
		return hash, reading{}
	}
	return hash, reading{end, of}
}
