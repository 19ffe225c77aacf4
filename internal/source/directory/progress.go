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
	// groupOfFiles is what the names of all groups begin with.
	groupOfFiles = "files/"
	// folderGroups is how many groups share the folders of files whose names
	// tell no day. All together must stay far below what a store can hold.
	folderGroups = 256
)

// identify returns the ID of a file as it is now. Its absolute path is part of
// it, so that it does not matter how the setting writes it.
func (s *Source) identify(path string, info fs.FileInfo) source.ID {
	version := strconv.FormatInt(info.Size(), 10) + " " + strconv.FormatInt(info.ModTime().UnixNano(), 10)
	return source.Identify("", s.root+path[len(s.cfg.Path):], version)
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

// census knows which groups a scan met. Its methods are for the goroutine of Next.
type census struct {
	met        map[string]struct{}
	incomplete bool // something could not be looked at: perhaps it is still there

	// The last group that was named: most come many times in a row.
	dir, group string
	day        int64

	mu     sync.Mutex // guards forget
	forget []string
}

// groupOf names the group of a file: the day that its name tells, or one of a few
// for all other folders. So the files of a day, or of a folder, that are removed
// are forgotten, and there are not more groups than days, however many folders.
func (c *census) groupOf(path string, name source.Name) string {
	dir, day := "", name.Time.Unix()/(24*60*60)
	if name.Time.IsZero() {
		dir = filepath.Dir(path)
	}
	if c.group != "" && c.dir == dir && c.day == day {
		return c.group
	}
	c.dir, c.day = dir, day
	if dir == "" {
		c.group = groupOfFiles + name.Time.Format("2006/01/02")
	} else {
		c.group = fmt.Sprintf("%sfolder-%02x", groupOfFiles, xxh3.HashString(dir)%folderGroups)
	}
	return c.group
}

// meet notes that a group has a file.
func (c *census) meet(group string) {
	if _, known := c.met[group]; known {
		return
	}
	if c.met == nil {
		c.met = map[string]struct{}{}
	}
	c.met[group] = struct{}{}
}

// end tells which of the groups that Progress holds can be forgotten. A scan
// that met nothing at all proves nothing: perhaps a disk is not mounted.
func (c *census) end(groups func() []string) {
	defer func() { c.met, c.incomplete = nil, false }()
	if c.incomplete || len(c.met) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget = c.forget[:0]
	for _, group := range groups() {
		if _, met := c.met[group]; !met && strings.HasPrefix(group, groupOfFiles) {
			c.forget = append(c.forget, group)
		}
	}
}

// Change implements source.Keeper: it forgets the files of days and folders that
// the last scan did not find any more.
func (s *Source) Change() source.Change {
	s.census.mu.Lock()
	defer s.census.mu.Unlock()
	c := source.Change{Forget: s.census.forget}
	s.census.forget = nil
	return c
}
