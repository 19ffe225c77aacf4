package listing

import (
	"sync"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// standing is how far a Source is, for other goroutines.
type standing struct {
	mu   sync.Mutex    // guards everything below
	page []s3io.Object // what is not handed out of a page that is not counted yet, else nil
	left int64         // objects of a counted page that are to be handed out
	days float64       // see source.Backlog.Share
	idle source.IdleMark
}

// Backlog implements source.Backlogged. It knows the objects of one page: others may be
// behind it.
func (s *Source) Backlog() []source.Backlog {
	b := &s.standing
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.page { // only when somebody asks: most pages are gone by then
		o := &b.page[i]
		if id := source.Identify(s.cfg.Name, o.Key, o.ETag); !s.deps.Progress.Done(id) && !s.flight.has(id) {
			b.left++
		}
	}
	b.page = nil
	known := source.Backlog{Bucket: s.cfg.Name, Objects: b.left, Share: b.days}
	if _, again := s.later.Due(); !again { // what is tried again is yet to be read
		known.Idle = b.idle.Last(s.clock.Now())
	}
	return []source.Backlog{known}
}

// handed notes that an object of the page was handed out, which leaves the rest.
func (b *standing) handed(rest []s3io.Object, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.page != nil {
		b.page = rest
	} else {
		b.left = max(b.left-1, 0)
	}
	b.idle.Set(false, now)
}

// turn takes up a page, nil at the end of one.
func (b *standing) turn(page []s3io.Object) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.page, b.left = page, 0
}

// logDays notes the share of the days that was listed.
func (s *Source) logDays() {
	share := s.shareOfDays()
	s.standing.mu.Lock()
	defer s.standing.mu.Unlock()
	s.standing.days = share
}

// noteList notes how a list of the bucket ended, and returns its error. After one that failed
// nobody knows whether there is something to hand out.
func (s *Source) noteList(now time.Time, err error) error {
	s.failed = err != nil
	if s.failed {
		s.logIdle(now)
	}
	return err
}

// logIdle notes that there is nothing to hand out for now, unless there may be: days
// before the window, or a list that failed.
func (s *Source) logIdle(now time.Time) {
	idle := !s.failed
	for _, p := range s.prefixes {
		idle = idle && len(p.spans) == 0
	}
	s.standing.mu.Lock()
	defer s.standing.mu.Unlock()
	s.standing.idle.Set(idle, now)
}

// shareOfDays returns which share of the days from the start to now was listed; 0 when none
// is known yet.
func (s *Source) shareOfDays() float64 {
	all, left := 0, 0
	for _, p := range s.prefixes {
		first := max(p.from.day, p.began)
		if first == 0 {
			if len(p.spans) > 0 {
				return 0
			}
			continue
		}
		all += int(s.today-first) + 1
		for _, sp := range p.spans {
			at := first
			if d, _, ok := p.form.cut(max(sp.at, sp.from)); ok {
				at = max(at, d)
			}
			left += max(int(sp.to-at), 0)
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
