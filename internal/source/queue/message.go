package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

const (
	// A message is returned with a back-off between these, which grows with its
	// receives. Five receives take 42 minutes, so that S3 may be unreachable for a
	// while before the redrive policy takes messages away.
	minBackoff = 30 * time.Second
	maxBackoff = time.Hour

	// After an object failed without a fault of its own, no other one of its bucket is tried
	// for a time between these, which doubles until its storage answers. A denied object is no
	// outage: others behind it may be readable, and the back-off of its message is what saves
	// receives.
	minPause = time.Second
	maxPause = 30 * time.Second
)

// state of a message, see the package comment.
type state uint8

const (
	waiting state = iota
	begun
	deleting
	returning
	over
)

type message struct {
	id          string
	receipt     string
	receives    int
	received    time.Time // this time
	hiddenUntil time.Time // until then nobody else gets it
	state       state
	left        int            // objects that are not done
	outcome     MessageOutcome // when it was deleted
	delay       time.Duration  // when returning: how long it stays invisible
	last        bool           // the redrive policy allows no further receive
	unread      bool           // not all of it can be read: it is never deleted
	held        bool           // when waiting: for a bucket in trouble, see lanes
}

// live reports whether the message can still be completed.
func (m *message) live() bool { return m.state == waiting || m.state == begun }

// object is ready or handed out; it is its work's content and receipt.
type object struct {
	work     source.Work
	offer    offer
	from     *Source
	messages []*message // that name it; repeated for one that names it repeatedly
	out      bool       // handed out
	held     bool       // by lanes, until it is handed out
	replaces bool       // it was overwritten once

	cancel    func()    // ends the reading; nil means it is not being read
	begun     time.Time // when the opening began that waits for an answer; else the zero value
	abandoned bool      // reading must stop
	givesWay  bool      // opening it was ended, see lanes
}

// enlist returns the object of w, a new one, which is ready, if there is none. s.mu is
// held.
func (s *Source) enlist(w source.Work, as offer) *object {
	o := s.objects[w.ID]
	if o == nil {
		o = &object{work: w, offer: as, from: s}
		o.work.Content, o.work.Receipt = o, o
		s.objects[w.ID] = o
		s.ready = append(s.ready, o)
	}
	return o
}

// join lets a message wait for the object. s.mu is held.
func (o *object) join(m *message) {
	o.messages = append(o.messages, m)
	m.held = m.held || o.held
	if o.out && m.live() {
		m.state = begun
	}
}

// isWanted reports whether a message waits for the object.
func (o *object) isWanted() bool { return slices.ContainsFunc(o.messages, (*message).live) }

// leaveVisible settles the messages of an object, which is not handed out, that are visible
// again: others may have them. s.mu is held.
func (o *object) leaveVisible(now time.Time) {
	for _, m := range o.messages {
		if m.live() && !now.Before(m.hiddenUntil) {
			o.from.settle(m)
		}
	}
}

// begin marks the object as handed out.
func (o *object) begin() {
	o.out, o.held = true, false
	for _, m := range o.messages {
		if m.state == waiting {
			m.state = begun
		}
	}
}

// settled notes that the object is settled, which was handed out, and whether that shows
// that its bucket can be read. s.mu is held.
func (o *object) settled(now time.Time, works bool) {
	delete(o.from.objects, o.work.ID)
	o.from.lanes.settle(o.work.Object.Bucket, now, works)
	signal(o.from.wake)
}

// OpenAt implements source.Content. The stream ends with context.Canceled when the
// object's message had to be returned.
func (o *object) OpenAt(ctx context.Context, offset int64) (io.ReadCloser, error) {
	ctx, cancel := context.WithCancel(ctx)
	o.from.mu.Lock()
	o.cancel = cancel
	abandoned := o.abandoned
	if !abandoned {
		o.begun = o.from.deps.Clock.Now()
		o.from.lanes.begin(o.work.Object.Bucket, o.begun)
	}
	o.from.mu.Unlock()
	if abandoned {
		cancel()
		return nil, context.Canceled
	}
	r, err := o.from.deps.Bucket.Open(ctx, o.work.Object, offset)
	if err = o.answered(ctx, err); err != nil {
		if r != nil {
			_ = r.Close()
		}
		cancel()
		if errors.Is(err, source.ErrArchived) {
			o.from.deps.Hooks.Archived(o.work.Object.URI())
		}
		return nil, err
	}
	return &stream{r, o, cancel}, nil
}

// answered notes how an opening ended, and returns its error.
func (o *object) answered(ctx context.Context, err error) error {
	s := o.from
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.deps.Clock.Now()
	if o.givesWay {
		err = fmt.Errorf("%w: %s: no answer for %v; check the network, aws.endpoint and aws.region",
			source.ErrUnreachable, o.work.Object.URI(), now.Sub(o.begun).Round(time.Second))
	}
	s.lanes.answer(o.work.Object.Bucket, o.begun, now, err, ctx.Err() != nil && !o.givesWay)
	o.begun = time.Time{}
	signal(s.wake)
	return err
}

type stream struct {
	io.ReadCloser
	of     *object
	cancel func()
}

// Read implements io.Reader.
func (s *stream) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	if errors.Is(err, source.ErrUnreachable) {
		from := s.of.from
		from.mu.Lock()
		defer from.mu.Unlock()
		from.lanes.breakOff(s.of.work.Object.Bucket, from.deps.Clock.Now())
	}
	return n, err
}

func (s *stream) Close() error {
	defer s.cancel()
	return s.ReadCloser.Close()
}

// Place implements source.Placed.
func (o *object) Place() (accountID, region string) {
	accountID, region = o.from.deps.Place(o.work.Object.Bucket)
	return cmp.Or(accountID, o.work.Object.AccountID), region
}

// recentReads are the buckets of which objects were read last, two of them: while one
// fails, another one may not.
type recentReads [2]struct {
	bucket string
	at     time.Time
}

func (r *recentReads) add(bucket string, now time.Time) {
	if r[0].bucket != bucket {
		r[1] = r[0]
	}
	r[0].bucket, r[0].at = bucket, now
}

// Ack implements source.Receipt.
func (o *object) Ack() {
	s := o.from
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.deps.Clock.Now()
	o.settled(now, true)
	s.recent.add(o.work.Object.Bucket, now)
	o.done()
}

// done deletes the messages whose other objects are done too. s.mu is held.
func (o *object) done() {
	for _, m := range o.messages {
		m.left--
		if m.left == 0 && m.live() {
			o.from.complete(m, Deleted)
		}
	}
}

// complete ends a message whose objects are done. s.mu is held.
func (s *Source) complete(m *message, outcome MessageOutcome) {
	if m.unread {
		s.settle(m)
		return
	}
	s.remove(m, outcome)
}

// Nack implements source.Receipt. The first one of a message returns the message. The
// offset comes from Progress when the object is offered again.
func (o *object) Nack(_ int64, charge bool) {
	s := o.from
	s.mu.Lock()
	defer s.mu.Unlock()
	o.settled(s.deps.Clock.Now(), charge)
	if o.givesWay && !s.stopping() {
		o.offerAgain(o.work.Object)
		return
	}
	for _, m := range o.messages {
		switch {
		case !m.live():
		case s.stopping() && !charge:
			s.returnUnread(m, 0)
		default:
			s.scheduleReturn(m, s.backoff(m.receives))
		}
	}
}

// Replace implements source.Receipt. The messages of the object then wait for the
// current version. An object that is overwritten again, as on a server that returns
// another ETag each time, is retried with a Nack's delay.
func (o *object) Replace(now source.Object) {
	s := o.from
	s.mu.Lock()
	if o.replaces || s.stopping() {
		s.mu.Unlock()
		o.Nack(0, true)
		return
	}
	defer s.mu.Unlock()
	o.settled(s.deps.Clock.Now(), true)
	if next := o.offerAgain(now); next != nil {
		next.replaces = true
	}
}

// offerAgain makes an object ready for which the messages wait then, or returns nil when it
// is done. s.mu is held.
func (o *object) offerAgain(now source.Object) *object {
	s := o.from
	left := s.worksOf([]source.Object{now}, o.offer)
	if len(left) == 0 {
		o.done()
		return nil
	}
	next := s.enlist(left[0], o.offer)
	for _, m := range o.messages {
		next.join(m)
	}
	return next
}

// scheduleReturn makes a message visible to all after delay. s.mu is held.
func (s *Source) scheduleReturn(m *message, delay time.Duration) {
	if s.stopping() {
		delay = 0
	}
	// SQS limits the visibility from the receipt on.
	left := m.received.Add(maxHeld).Sub(s.deps.Clock.Now())
	m.state, m.delay = returning, min(delay, max(left, 0))
	s.returns = append(s.returns, m)
	signal(s.returning)
}

// returnUnread makes a message visible after delay that is not to be read here. s.mu is held.
func (s *Source) returnUnread(m *message, delay time.Duration) {
	if m.last {
		s.deps.Hooks.Lost(m.id)
	}
	s.scheduleReturn(m, delay)
}

// settle marks a message as over: deleted, returned, or its receipt no longer valid.
// s.mu is held.
func (s *Source) settle(m *message) {
	m.state = over
	for k := range s.failing {
		delete(s.failing[k], m)
	}
	if s.messages[m.id] == m {
		delete(s.messages, m.id)
	}
}

// returnExpired returns a message that was held for the maximum time, and stops the
// reading of objects that no other message waits for. s.mu is held.
func (s *Source) returnExpired(m *message) {
	s.returnUnread(m, 0)
	for _, o := range s.objects {
		if !o.out || !slices.Contains(o.messages, m) || o.isWanted() {
			continue
		}
		o.abandoned = true
		if o.cancel != nil {
			o.cancel()
		}
	}
}

// returnReady returns the messages of all objects that are not begun, even if other
// objects of them are being read.
func (s *Source) returnReady() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range append(s.ready, s.lanes.releaseAll()...) {
		delete(s.objects, o.work.ID)
		for _, m := range o.messages {
			if m.live() {
				s.returnUnread(m, 0)
			}
		}
	}
	s.ready = nil
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
