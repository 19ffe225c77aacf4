package listing

import (
	"sync"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// standing is how far a Source is, for other goroutines.
type standing struct {
	mu   sync.Mutex // guards everything below
	left int64      // objects of the page that are not handed out
	days float64    // see source.Backlog.Share
	idle bool
	at   time.Time // when it was idle last
}

// Backlog implements source.Backlogged. It knows the objects of one page: others may be
// behind it.
func (s *Source) Backlog() []source.Backlog {
	b := &s.standing
	b.mu.Lock()
	defer b.mu.Unlock()
	idle := b.at
	if b.idle {
		idle = s.clock.Now()
	}
	return []source.Backlog{{Bucket: s.cfg.Name, Objects: b.left, Share: b.days, Idle: idle}}
}

// handed notes that an object of the page was handed out.
func (b *standing) handed(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = max(b.left-1, 0)
	if b.idle {
		b.idle, b.at = false, now
	}
}

// tellPage notes how many objects of a page are to be handed out, and the share of the
// days up to it.
func (s *Source) tellPage() {
	left := int64(0)
	for i := range s.page.objects {
		o := &s.page.objects[i]
		if id := source.Identify(s.cfg.Name, o.Key, o.ETag); !s.deps.Progress.Done(id) && !s.flight.has(id) {
			left++
		}
	}
	share := s.shareOfDays()
	s.standing.mu.Lock()
	defer s.standing.mu.Unlock()
	s.standing.left, s.standing.days = left, share
}

// tellIdle notes that there is nothing to hand out for now, unless there may be: days
// before the window, or a list that failed.
func (s *Source) tellIdle(now time.Time) {
	idle := !s.failed
	for _, p := range s.prefixes {
		idle = idle && len(p.spans) == 0
	}
	s.standing.mu.Lock()
	defer s.standing.mu.Unlock()
	s.standing.left = 0
	if s.standing.idle && !idle {
		s.standing.at = now
	}
	s.standing.idle = idle
}

// shareOfDays returns which share of the days from the start to now was listed; 0 when no
// days before the window are left, or none is known yet.
func (s *Source) shareOfDays() float64 {
	all, left := 0, 0
	for _, p := range s.prefixes {
		if len(p.spans) == 0 {
			continue
		}
		first := max(p.from.day, p.began)
		all += int(s.today-first) + 1
		for _, sp := range p.spans {
			at := first
			if d, _, ok := p.form.cut(max(sp.at, sp.from)); ok {
				at = max(at, d)
			}
			left += max(int(sp.to-at), 0)
		}
		if first == 0 {
			return 0
		}
	}
	if all <= 0 {
		return 0
	}
	return max(1-float64(left)/float64(all), 0)
}

// sawDay notes a day that a span shows.
func (p *prefix) sawDay(d day) {
	if p.began == 0 || d < p.began {
		p.began = d
	}
}
