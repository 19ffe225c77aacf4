package listing

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// probing is about the tries of other objects while too many wait to be tried again.
type probing struct {
	due  time.Time
	wait time.Duration
	last string // id of the prefix that was tried last; with Any, the last key that was listed
}

const (
	// maxProbed is how many prefixes a try looks at.
	maxProbed = 8
	// maxProbeWait bounds the wait between two tries that find nothing.
	maxProbeWait = 10 * time.Minute
)

// probe is called while so many objects wait to be tried again that nothing new is handed
// out. If the newest log object of a prefix can be opened, those that wait are denied or
// broken by themselves, and can be given up. It returns only errors of ctx.
func (s *Source) probe(ctx context.Context, now time.Time) error {
	p := &s.probing
	if now.Before(p.due) {
		return nil
	}
	wait := min(s.cfg.PollInterval, maxRetry)
	if s.anyReadable(ctx) {
		p.wait = wait
		s.deps.Readable()
	} else {
		p.wait = min(max(2*p.wait, wait), maxProbeWait)
	}
	p.due = now.Add(p.wait)
	return ctx.Err()
}

func (s *Source) anyReadable(ctx context.Context) bool {
	if s.cfg.Layout == Any {
		return s.anyReadableBehind(ctx)
	}
	for _, at := range s.nextProbed() {
		got, err := s.newest(ctx, at)
		if err == nil && len(got.objects) > 0 && s.isReadable(ctx, got.objects[0]) {
			return true
		}
	}
	return false
}

// anyReadableBehind tries the newest object of each of the next pages.
func (s *Source) anyReadableBehind(ctx context.Context) bool {
	for range maxProbed {
		page, err := s.listOne(ctx, s3io.ListInput{Prefix: s.cfg.Prefix, StartAfter: s.probing.last})
		if err != nil {
			return false
		}
		s.probing.last = lastShown(&page) // "" begins anew
		var got sample
		s.pickNewest(&got, page.Objects, place{}, 0)
		if len(got.objects) > 0 && s.isReadable(ctx, got.objects[0]) {
			return true
		}
		if page.Token == "" {
			s.probing.last = ""
			return false
		}
	}
	return false
}

func (s *Source) isReadable(ctx context.Context, o *s3io.Object) bool {
	body, err := s.deps.Bucket.Open(ctx, s.object(o, source.Name{}), 0)
	if err != nil {
		return false
	}
	_ = body.Close() // read only
	return true
}

// nextProbed returns the places of the next prefixes to try, in turn.
func (s *Source) nextProbed() (places []place) {
	ids := slices.Sorted(maps.Keys(s.prefixes))
	begin, _ := slices.BinarySearchFunc(ids, s.probing.last+"\x00", strings.Compare)
	for i := range min(len(ids), maxProbed) {
		id := ids[(begin+i)%len(ids)]
		places = append(places, s.prefixes[id].place)
		s.probing.last = id
	}
	return places
}
