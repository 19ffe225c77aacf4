package directory

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/zeebo/xxh3"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

const (
	// groupOfFiles is the prefix of all group names.
	groupOfFiles = "files/"
	// folderGroups is the number of groups for the folders of files whose names have no
	// day. All groups together must stay far below a store's limit.
	folderGroups = 256
)

// identify returns the ID of the first bytes of a file as it is now. It contains the
// absolute path, so that a relative setting gives the same IDs.
func (s *Source) identify(path string, bytes int64, info fs.FileInfo) source.ID {
	return source.Identify("", s.root+path[len(s.cfg.Path):], version(bytes, info))
}

func version(bytes int64, info fs.FileInfo) string {
	return strconv.FormatInt(bytes, 10) + " " + strconv.FormatInt(info.ModTime().UnixNano(), 10)
}

// rootOf returns the absolute form of the setting.
func rootOf(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if strings.HasSuffix(path, string(filepath.Separator)) && !strings.HasSuffix(abs, string(filepath.Separator)) {
		abs += string(filepath.Separator) // as the paths below it begin
	}
	return abs
}

// foundGroups are the groups of the files that a scan found. Only the goroutine of
// Next calls its methods.
type foundGroups struct {
	found      map[string]struct{}
	incomplete bool // something could not be accessed, and may still exist
	// missing were not found by the scan before: a file that is renamed while a scan is
	// under way may be missed by it, and would be read again.
	missing map[string]struct{}

	// The last result of groupOf: most come many times in a row.
	dir, group string
	day        int64

	mu     sync.Mutex // guards forget
	forget []string
}

// groupOf returns the group of a file: the day in its name, or else one of folderGroups
// by its folder. So removed files are forgotten by day or folder, and the number of
// groups does not grow with the number of folders.
func (g *foundGroups) groupOf(path string, name source.Name) string {
	dir, day := "", name.Time.Unix()/(24*60*60)
	if name.Time.IsZero() {
		dir = filepath.Dir(path)
	}
	if g.group != "" && g.dir == dir && g.day == day {
		return g.group
	}
	g.dir, g.day = dir, day
	if dir == "" {
		g.group = groupOfFiles + name.Time.Format("2006/01/02")
	} else {
		g.group = fmt.Sprintf("%sfolder-%02x", groupOfFiles, xxh3.HashString(dir)%folderGroups)
	}
	return g.group
}

// add notes that a group has a file.
func (g *foundGroups) add(group string) {
	if _, known := g.found[group]; known {
		return
	}
	if g.found == nil {
		g.found = map[string]struct{}{}
	}
	g.found[group] = struct{}{}
}

// end determines which of the groups in Progress can be forgotten: none after a scan
// that found nothing at all, since a disk may not be mounted. twice requires that the
// scan before did not find them either.
func (g *foundGroups) end(groups func() []string, twice bool) {
	defer func() { g.found, g.incomplete = nil, false }()
	if g.incomplete || len(g.found) == 0 {
		return
	}
	before := g.missing
	g.missing = map[string]struct{}{}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.forget = g.forget[:0]
	for _, group := range groups() {
		if _, found := g.found[group]; found || !strings.HasPrefix(group, groupOfFiles) {
			continue
		}
		g.missing[group] = struct{}{}
		if _, missed := before[group]; missed || !twice {
			g.forget = append(g.forget, group)
		}
	}
}

// Change implements source.Stateful: it forgets the groups of which the last scan found
// no file, and has the IDs of done files for other names.
func (s *Source) Change() source.Change {
	s.groups.mu.Lock()
	c := source.Change{Forget: s.groups.forget}
	s.groups.forget = nil
	s.groups.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known.change(&c)
	return c
}
