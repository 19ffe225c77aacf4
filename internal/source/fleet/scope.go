package fleet

import (
	"encoding/hex"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/listing"
)

// scope is a member's part of the progress: the cursors of its bucket, and its groups under
// names of its own. Members with plain groups were read without a fleet before, as a receiver of
// one bucket reads them.
type scope struct {
	source.Progress
	cursors map[string][]byte // as they were when the fleet was made: a member reads no later ones
	groups  string            // prefix of the groups; "" means plain ones
}

// groupsOf separates the members' groups from each other, and from plain ones.
const groupsOf = "fleet/"

func newScope(progress source.Progress, at listing.Place, cursors map[string][]byte, plain bool) scope {
	s := scope{Progress: progress, cursors: cursors}
	if !plain {
		id := xxh3.HashString128(at.Bucket + "\x00" + at.Prefix).Bytes()
		s.groups = groupsOf + hex.EncodeToString(id[:8]) + "/"
	}
	return s
}

// Cursors implements source.Progress.
func (s scope) Cursors() map[string][]byte { return s.cursors }

// Groups implements source.Progress.
func (s scope) Groups() (mine []string) {
	for _, group := range s.Progress.Groups() {
		if s.groups == "" && !strings.HasPrefix(group, groupsOf) {
			mine = append(mine, group)
		} else if rest, ok := strings.CutPrefix(group, s.groups); ok && s.groups != "" {
			mine = append(mine, rest)
		}
	}
	return mine
}

// addTo adds a member's change to that of the fleet, but for what is to be forgotten of
// plain groups.
func (s scope) addTo(all, own *source.Change) {
	for name, value := range own.Cursors {
		all.SetCursor(name, value)
	}
	for group, ids := range own.Done {
		all.AddDone(s.groups+group, ids...)
	}
	if s.groups == "" {
		return
	}
	for _, group := range own.Forget {
		all.Forget = append(all.Forget, s.groups+group)
	}
}
