package queue

import (
	"cmp"
	"context"
	"math"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/notify"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

const (
	// maxCalls is how many receives, or deletes, are under way at a time. At 20 ms a
	// receive, one after another would give no more than 500 messages a second.
	maxCalls = 8

	// maxReceives is after how many receives an object that cannot be read is given up,
	// if the queue has no redrive policy, and so would deliver it for ever.
	maxReceives = 5
	// lastAttempt, as Work.Attempt, is above every limit.
	lastAttempt = math.MaxInt32
)

// pace adapts receives to the last messages.
type pace struct {
	calls   int // receives at a time
	objects int // per message, rounded up
}

// received is the result of one receive.
type received struct {
	asked    int // requested messages
	messages []s3io.Message
	at       time.Time // when they came
	err      error
}

// receive receives messages for which there is room. While all receives are full, it
// makes more at a time; else one, which waits for the first message.
func (s *Source) receive(ctx context.Context) error {
	s.mu.Lock()
	spare := max(s.spare(s.deps.Clock.Now()), 1)
	s.mu.Unlock()
	room := (min(max(s.deps.Room(), 1), spare) + s.pace.objects - 1) / s.pace.objects
	calls := min(s.pace.calls, (room+s3io.QueueBatch-1)/s3io.QueueBatch)
	answers := make(chan received, calls)
	for range calls {
		in := s3io.Receive{Max: min(room, s3io.QueueBatch), Visibility: s.cfg.VisibilityTimeout}
		room -= in.Max
		if calls == 1 {
			in.Wait = s.waitTime()
		}
		go func() { answers <- s.receiveOnce(ctx, in) }()
	}
	var failure error
	full, messages, objects := true, 0, 0
	for range calls {
		r := <-answers
		if r.err != nil {
			failure = r.err
		}
		full = full && len(r.messages) == r.asked
		messages += len(r.messages)
		for i := range r.messages {
			objects += s.accept(ctx, &r.messages[i], r.at)
		}
	}
	s.pace.calls = 1
	if full {
		s.pace.calls = min(2*calls, maxCalls)
	}
	if failure == nil {
		s.deps.Hooks.Received()
	}
	s.depth.setEmpty(failure == nil && !full, s.deps.Clock.Now())
	if messages == 0 {
		return failure
	}
	s.pace.objects = max((objects+messages-1)/messages, 1)
	return nil // a lasting failure shows again, after these messages
}

// waitTime returns how long a receive waits for the first message.
func (s *Source) waitTime() time.Duration {
	if s.held() > 0 {
		return min(s.cfg.WaitTime, heldPause)
	}
	return s.cfg.WaitTime
}

// receiveOnce makes one call. Its messages are hidden from when SQS answers on.
func (s *Source) receiveOnce(ctx context.Context, in s3io.Receive) received {
	timed, cancel := context.WithTimeout(ctx, in.Wait+callTimeout)
	defer cancel()
	messages, err := s.deps.SQS.Receive(timed, in)
	if err != nil && ctx.Err() == nil {
		err = orTimeout(err)
	}
	return received{in.Max, messages, s.deps.Clock.Now(), err}
}

// accept parses a message and keeps it. One that is not a notification is ignored, so
// that the queue delivers it again until its redrive policy takes it away; so is one of
// which only a part can be read, once that is done. accept returns how many objects are
// to be read.
func (s *Source) accept(ctx context.Context, raw *s3io.Message, at time.Time) int {
	if raw.Receives > 1 {
		s.deps.Hooks.Message(Redelivered)
	}
	n, err := notify.Parse([]byte(raw.Body))
	if why := cmp.Or(err, n.Unread); why != nil {
		s.deps.Hooks.Message(Unknown)
		s.unknown.add(raw.ID, why, at)
	}
	if err != nil {
		return 0
	}
	named := s.wanted(n.Objects)
	outcome := Deleted
	if len(named) == 0 {
		outcome = Ignored
	}
	as := s.policy.offer(ctx, s.deps.SQS, s.deps.Clock.Now(), raw.Receives)
	m := &message{
		id: raw.ID, receipt: raw.Receipt, receives: raw.Receives,
		received: at, hiddenUntil: at.Add(s.cfg.VisibilityTimeout), unread: n.Unread != nil,
		last: as.redrive && as.last,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	works := s.worksOf(named, as)
	if m.unread {
		s.rememberDone(named)
	}
	m.left = len(works)
	s.add(m, works, as, outcome)
	return len(works)
}

// wanted returns the objects that the settings include.
func (s *Source) wanted(named []notify.Object) []source.Object {
	objects := make([]source.Object, 0, len(named))
	for i := range named {
		o := &named[i]
		if len(s.cfg.Buckets) > 0 && !s3io.Fits(s.cfg.Buckets, o.Bucket) || s.pattern != nil && !s.pattern.MatchString(o.Key) {
			s.deps.Hooks.Skipped()
			continue
		}
		name, _ := source.ParseName(o.Key)
		if o.Region != "" {
			s.deps.Hint(o.Bucket, o.Region)
		}
		objects = append(objects, source.Object{Bucket: o.Bucket, Key: o.Key, ETag: o.ETag, Size: o.Size, Name: name, AccountID: o.AccountID})
	}
	return objects
}

// worksOf returns the objects that are not done as work. s.mu is held, which an Ack
// waits for: an object that is neither done nor in s.objects is not being read.
func (s *Source) worksOf(named []source.Object, as offer) []source.Work {
	works := make([]source.Work, 0, len(named))
	group := groupOf(s.deps.Clock.Now())
	for _, o := range named {
		id := source.Identify(o.Bucket, o.Key, o.ETag)
		if s.deps.Progress.Done(id) {
			s.deps.Hooks.AlreadyDone()
			continue
		}
		offset, attempt := s.deps.Progress.Reached(id)
		switch {
		case as.redrive:
		case as.last:
			attempt = lastAttempt
		default:
			attempt = 0
		}
		works = append(works, source.Work{
			Object: o, ID: id, Group: group, Offset: offset, Attempt: attempt,
			Redrive: as.redrive, LastOffer: as.redrive && as.last,
		})
	}
	return works
}

// add keeps a message and makes its objects ready. s.mu is held.
func (s *Source) add(m *message, works []source.Work, as offer, outcome MessageOutcome) {
	// The same message again, before this collector finished it: the queue delivered it
	// early. Only the last receipt is valid.
	earlier := s.messages[m.id]
	if earlier != nil {
		if earlier.state == deleting {
			m.left, outcome = 0, earlier.outcome
		}
		s.settle(earlier)
	}
	s.messages[m.id] = m
	switch {
	case m.left == 0:
		s.complete(m, outcome)
		return
	case s.stopping():
		s.returnUnread(m, 0)
		return
	}
	for _, w := range works {
		s.enlist(w, as).join(m)
	}
}
