package queue

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/notify"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

const (
	// maxCalls is how many receives, or deletes, are under way at a time. At 20 ms a
	// receive, one after another would give no more than 500 messages a second.
	maxCalls = 8

	// A queue without a redrive policy gives an object that cannot be read again
	// and again: it is given up after so many receives.
	maxReceives = 5
	// lastAttempt, as Work.Attempt, is above every limit.
	lastAttempt = math.MaxInt32
	// redriveAge is how long the answer to whether there is one is believed.
	redriveAge = 10 * time.Minute
)

// receive takes messages for which there is room. While they keep coming in
// full, more receives are made at a time; else one, which waits for the first.
func (s *Source) receive(ctx context.Context) error {
	room := max(s.set.Room(), 1)
	calls := min(s.calls, (room+s3io.QueueBatch-1)/s3io.QueueBatch)
	results := make([]received, calls)
	var all sync.WaitGroup
	for i := range results {
		in := s3io.Receive{Max: min(room, s3io.QueueBatch), Visibility: s.set.Visibility}
		room -= in.Max
		if calls == 1 {
			in.Wait = s.set.Wait
		}
		all.Go(func() { results[i].messages, results[i].err = s.queue.Receive(ctx, in) })
		results[i].full = in.Max
	}
	all.Wait()

	now := s.clock.Now()
	var failure error
	full, got := true, 0
	for _, r := range results {
		if r.err != nil {
			failure = r.err
		}
		full = full && len(r.messages) == r.full
		got += len(r.messages)
		for i := range r.messages {
			s.accept(ctx, &r.messages[i], now)
		}
	}
	s.calls = 1
	if full {
		s.calls = min(2*calls, maxCalls)
	}
	if failure == nil {
		s.set.Hooks.Received()
	}
	if got > 0 {
		return nil // what failed fails again, when these are on their way
	}
	return failure
}

// received is what one receive gave.
type received struct {
	messages []s3io.Message
	err      error
	full     int // messages that were asked for
}

// accept looks into a message and keeps it, unless it is not a notification:
// then nothing is done for it, so that the queue gives it out again until its
// redrive policy takes it away.
func (s *Source) accept(ctx context.Context, raw *s3io.Message, now time.Time) {
	if raw.Receives > 1 {
		s.set.Hooks.Message(Redelivered)
	}
	n, err := notify.Parse([]byte(raw.Body))
	if err != nil {
		s.set.Hooks.Message(Unknown)
		s.set.Hooks.Unknown(raw.ID, err)
		return
	}
	named := s.wanted(n.Objects)
	works := make([]source.Work, 0, len(named))
	for _, o := range named {
		w, todo := s.workOf(ctx, o, raw.Receives)
		if todo {
			works = append(works, w)
		}
	}
	m := &message{
		id: raw.ID, receipt: raw.Receipt, receives: raw.Receives,
		received: now, hidden: now.Add(s.set.Visibility), left: len(works),
	}
	outcome := Deleted
	if len(named) == 0 {
		outcome = Ignored
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(m, works, outcome)
}

// wanted returns the objects that the settings do not leave out.
func (s *Source) wanted(named []notify.Object) []source.Object {
	objects := make([]source.Object, 0, len(named))
	for i := range named {
		o := &named[i]
		if s.buckets != nil && !s.buckets[o.Bucket] || s.set.KeyPattern != nil && !s.set.KeyPattern.MatchString(o.Key) {
			s.set.Hooks.Skipped()
			continue
		}
		name, _ := source.ParseName(o.Key)
		objects = append(objects, source.Object{Bucket: o.Bucket, Key: o.Key, ETag: o.ETag, Size: o.Size, Name: name})
	}
	return objects
}

// workOf returns what is left to do of an object; false: nothing.
func (s *Source) workOf(ctx context.Context, o source.Object, receives int) (w source.Work, todo bool) {
	w.Object = o
	w.ID = source.Identify(o.Bucket, o.Key, o.ETag)
	if s.set.Progress.Done(w.ID) {
		s.set.Hooks.AlreadyDone()
		return w, false
	}
	w.Offset, _ = s.set.Progress.Reached(w.ID)
	w.Group = groupOf(s.clock.Now())
	// How often to try is the queue's affair, while it has a redrive policy.
	if receives >= maxReceives && s.redrive.missing(ctx, s.queue, s.clock.Now()) {
		w.Attempt = lastAttempt
	}
	return w, true
}

// add keeps a message and makes its objects ready. s.mu is held.
func (s *Source) add(m *message, works []source.Work, outcome Outcome) {
	// The same message again, before this collector was through with it: the queue
	// gave it out early. Only its last receipt counts.
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
		s.remove(m, outcome)
		return
	case s.stopping():
		s.giveBack(m, 0)
		return
	}
	for _, w := range works {
		o := s.objects[w.ID]
		if o == nil {
			o = &object{work: w, from: s}
			o.work.Content, o.work.Receipt = o, o
			s.objects[w.ID] = o
			s.ready = append(s.ready, o)
		}
		o.messages = append(o.messages, m)
		if o.out {
			m.state = begun
		}
	}
}

// redrive remembers whether the queue has a redrive policy.
type redrive struct {
	asked time.Time
	lacks bool
}

// missing tells whether messages that cannot be finished would come for ever.
// When that cannot be learned, for lack of sqs:GetQueueAttributes perhaps, it is
// not so: nothing is given up then.
func (r *redrive) missing(ctx context.Context, q Queue, now time.Time) bool {
	if r.asked.IsZero() || now.Sub(r.asked) >= redriveAge {
		n, err := q.MaxReceives(ctx)
		r.asked, r.lacks = now, err == nil && n == 0
	}
	return r.lacks
}
