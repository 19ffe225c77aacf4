package queue

import (
	"errors"
	"math"
	"slices"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

const (
	// heldPause is how long Next waits at most, for messages too, while objects are held:
	// their bucket may recover.
	heldPause = time.Second
	// giveWayAfter is how long an opening waits for its answer when buckets in trouble have
	// more than their share of the downloads: a connection that hangs takes minutes.
	giveWayAfter = 10 * time.Second
	// forgetAfter is how long it is known how a bucket answered last.
	forgetAfter = 30 * time.Minute
	// maxLanes bounds the buckets of which nothing is there but how they answered: messages
	// may name any.
	maxLanes = 20_000
)

// lanes decides which objects may be read now: those of buckets in trouble share a quarter
// of the downloads, one of each bucket at a time, so that they hold up no others; and a
// bucket has one at a time until it answers. The others of such a bucket are held: their
// messages stay hidden, since to return one costs a receive, which a redrive policy counts.
// The Source's mu guards it.
type lanes struct {
	downloads int // objects that are read at a time; 0 means that nothing is held
	maxHeld   int
	of        map[string]*lane // by bucket; none is idle
	turns     []*lane          // that hold objects, the next one first
	held      int              // objects
}

// lane is what is known of a bucket.
type lane struct {
	source.Openings
	out     int           // objects that are handed out
	last    time.Time     // when it answered or failed last
	breaks  bool          // an object could not be read on, and none was read since
	reached bool          // it answered once
	pause   time.Duration // after the last failure
	held    []*object
}

// isTroubled reports whether a bucket is slow or failing.
func (l *lane) isTroubled(now time.Time) bool { return l.breaks || l.Troubled(now) }

// fail notes that the storage failed.
func (l *lane) fail(now time.Time) { l.last, l.pause = now, min(max(2*l.pause, minPause), maxPause) }

// mayTry reports whether it is time to read another object of a bucket in trouble.
func (l *lane) mayTry(now time.Time) bool { return l.out == 0 && !now.Before(l.last.Add(l.pause)) }

// isIdle reports whether nothing is known of a bucket.
func (l *lane) isIdle(now time.Time) bool {
	return l.isEmpty() && now.Sub(l.last) > forgetAfter
}

// isEmpty reports whether there is nothing of a bucket.
func (l *lane) isEmpty() bool { return l.out == 0 && !l.Wait() && len(l.held) == 0 }

func (ls *lanes) lane(bucket string) *lane {
	l := ls.of[bucket]
	if l == nil {
		l = &lane{}
		ls.of[bucket] = l
	}
	return l
}

// mayRead reports whether an object of a bucket may be read now.
func (ls *lanes) mayRead(l *lane, now time.Time) bool {
	switch {
	case ls.downloads == 0:
		return true
	case l.isTroubled(now):
		return l.mayTry(now) && ls.hasRoom(now)
	}
	return l.out == 0 || l.reached
}

// share returns how many objects of buckets in trouble may be read at a time.
func (ls *lanes) share() int { return max(1, ls.downloads/4) }

// hasRoom reports whether another object of a bucket in trouble may be read.
func (ls *lanes) hasRoom(now time.Time) bool {
	troubled := 0
	for _, l := range ls.of {
		if l.isTroubled(now) {
			troubled += l.out
		}
	}
	return troubled < ls.share()
}

// hold keeps an object back. It returns false when too many are.
func (ls *lanes) hold(l *lane, o *object) bool {
	if ls.held >= ls.maxHeld {
		return false
	}
	if len(l.held) == 0 {
		ls.turns = append(ls.turns, l)
	}
	l.held = append(l.held, o)
	ls.held++
	return true
}

// release returns an object that was held and may be read now, or nil. The buckets take
// turns.
func (ls *lanes) release(now time.Time) *object {
	if ls.held == 0 {
		return nil
	}
	hasRoom := ls.hasRoom(now)
	for i, l := range ls.turns {
		if l.isTroubled(now) && !hasRoom || !ls.mayRead(l, now) {
			continue
		}
		o := l.held[0]
		l.held[0], l.held = nil, l.held[1:]
		ls.held--
		ls.turns = slices.Delete(ls.turns, i, i+1)
		if len(l.held) > 0 {
			ls.turns = append(ls.turns, l)
		}
		return o
	}
	return nil
}

// releaseAll returns all objects that are held.
func (ls *lanes) releaseAll() (objects []*object) {
	for _, l := range ls.turns {
		objects = append(objects, l.held...)
		l.held = nil
	}
	ls.turns, ls.held = nil, 0
	return objects
}

// begin notes an opening.
func (ls *lanes) begin(bucket string, now time.Time) { ls.lane(bucket).Begin(now) }

// answer notes how an opening ended, see source.Openings.
func (ls *lanes) answer(bucket string, begun, now time.Time, err error, ended bool) {
	l := ls.lane(bucket)
	l.Answer(begun, err, ended)
	switch {
	case ended:
	case errors.Is(err, source.ErrUnreachable):
		l.fail(now)
	case l.breaks: // that it can be opened says little
	default:
		l.last, l.pause, l.reached = now, 0, true
	}
}

// breakOff notes that an object which could be opened could not be read on.
func (ls *lanes) breakOff(bucket string, now time.Time) {
	l := ls.lane(bucket)
	l.breaks = true
	l.fail(now)
}

// settle notes that an object which was handed out is settled, and whether that shows that
// its bucket can be read.
func (ls *lanes) settle(bucket string, now time.Time, works bool) {
	l := ls.lane(bucket)
	l.out--
	if works && l.breaks {
		l.breaks, l.pause = false, 0
	}
	if l.isEmpty() && (l.isIdle(now) || len(ls.of) > maxLanes) {
		delete(ls.of, bucket)
	}
}

// forget forgets how buckets answered of which nothing came for long.
func (ls *lanes) forget(now time.Time) {
	for bucket, l := range ls.of {
		if l.isIdle(now) {
			delete(ls.of, bucket)
		}
	}
}

// nextObject returns the next object to hand out, nil when there is none that may be read
// now. s.mu is held.
func (s *Source) nextObject(now time.Time) *object {
	for {
		var o *object
		if len(s.ready) > 0 {
			o, s.ready[0], s.ready = s.ready[0], nil, s.ready[1:]
		} else if o = s.lanes.release(now); o == nil {
			return nil
		}
		if o.leaveVisible(now); !o.isWanted() {
			delete(s.objects, o.work.ID)
			continue
		}
		l := s.lanes.lane(o.work.Object.Bucket)
		if s.lanes.mayRead(l, now) {
			l.out++
			o.begin()
			return o
		}
		s.holdBack(l, o)
	}
}

// holdBack holds an object, or returns its messages when too many are held. s.mu is held.
func (s *Source) holdBack(l *lane, o *object) {
	o.held = s.lanes.hold(l, o)
	if !o.held {
		delete(s.objects, o.work.ID)
	}
	for _, m := range o.messages {
		switch {
		case !m.live():
		case o.held:
			m.held = true
		default:
			s.returnUnread(m, s.backoff(m.receives))
		}
	}
}

// giveWay ends openings that wait for long, so that buckets in trouble keep to their share:
// the last ones that were begun. Their objects are held. s.mu is held.
func (s *Source) giveWay(now time.Time) {
	var slow []*object
	for _, o := range s.objects {
		if !o.begun.IsZero() && now.Sub(o.begun) > giveWayAfter && !o.work.LastOffer {
			slow = append(slow, o)
		}
	}
	slices.SortFunc(slow, func(a, b *object) int { return a.begun.Compare(b.begun) })
	for _, o := range slow[min(s.lanes.share(), len(slow)):] {
		o.givesWay = true
		o.cancel()
	}
}

// spare returns how many objects may be received: no more than can be held, unless others
// than those of buckets in trouble are read. s.mu is held.
func (s *Source) spare(now time.Time) int {
	for _, read := range s.recent {
		l := s.lanes.of[read.bucket]
		if now.Sub(read.at) < maxPause && (l == nil || !l.isTroubled(now)) {
			return math.MaxInt
		}
	}
	return max(s.lanes.maxHeld-s.lanes.held, 0)
}

// held returns how many objects are held.
func (s *Source) held() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lanes.held
}
