package queue

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"sync"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// Limits of SQS, and how they are kept.
const (
	// maxWait is how long SQS waits for a message at most.
	maxWait = 20 * time.Second
	// minVisibility leaves time to renew it at half-time in spite of a failure.
	minVisibility = 10 * time.Second
	// maxHeld is how long a message is kept. SQS allows 12 hours.
	maxHeld = 11 * time.Hour
)

// Queue is what a Source needs of SQS; *s3io.Queue has it.
type Queue interface {
	Receive(ctx context.Context, in s3io.Receive) ([]s3io.Message, error)
	Delete(ctx context.Context, receipts []string) ([]error, error)
	SetVisibility(ctx context.Context, of []s3io.Visibility) ([]error, error)
	MaxReceives(ctx context.Context) (int, error)
}

// Bucket opens objects; *s3io.Client has it.
type Bucket interface {
	Open(ctx context.Context, o source.Object, offset int64) (io.ReadCloser, error)
}

// Outcome is what became of a message.
type Outcome string

const (
	Deleted     Outcome = "deleted"     // all its objects are done
	Ignored     Outcome = "ignored"     // deleted too, but it named no object to read
	Returned    Outcome = "returned"    // given back for another try
	Unknown     Outcome = "unknown"     // not a notification; left to the redrive policy
	Redelivered Outcome = "redelivered" // received, and not for the first time; besides the others
)

// Hooks tell what happens, for telemetry and logs. They must return soon and
// not call the Source; they are called from several goroutines. nil: nobody
// wants to know.
type Hooks struct {
	Message     func(Outcome) // a message came to this
	Received    func()        // the queue could be asked for messages
	Skipped     func()        // an object is done unread, since KeyPattern or Buckets leave it out
	AlreadyDone func()        // an object is done unread, since Progress knows it
	// Unknown is told the id of a message that is not a notification and why, each
	// time it is received.
	Unknown func(id string, why error)
	// Trouble is told, about once a second, why a message could not be deleted,
	// renewed or returned although the call worked, nil when there is none. What
	// fails as a whole is told by Next.
	Trouble func(error)
}

// Settings say how to take messages. Visibility is required.
type Settings struct {
	Visibility time.Duration  // whole seconds, 10 s to 11 h
	Wait       time.Duration  // of a receive for the first message, whole seconds up to 20 s
	KeyPattern *regexp.Regexp // of decoded keys; nil: any
	Buckets    []string       // none: any

	// Room returns how many objects could be taken now, with the one that Next was
	// called for. Only so many messages are received. nil: one.
	Room     func() int
	Progress source.Progress // required; knows objects for as long as Remember
	Remember time.Duration   // how long, at least, after an object was first met
	Hooks    Hooks           // the zero value: nobody wants to know
	Clock    source.Clock    // nil: the machine's
}

// Source implements source.Source.
type Source struct {
	set     Settings
	queue   Queue
	bucket  Bucket
	clock   source.Clock
	buckets map[string]bool // nil: any
	swept   string          // see Change
	redrive redrive         // of the goroutine of Next
	pace    pace            // of the goroutine of Next

	returning chan struct{}   // signals the keeper: there is a message to return
	done      <-chan struct{} // of the context of New
	closing   chan struct{}   // closed by Close
	calls     context.Context // of all calls but the receives
	abort     func()          // ends calls
	kept      chan struct{}   // closed when the keeper has ended
	deleting  sync.WaitGroup  // the deleters

	mu       sync.Mutex            // guards everything below, and all messages and objects
	messages map[string]*message   // by id; none is over
	objects  map[source.ID]*object // handed out or ready
	ready    []*object             // to hand out, some of them perhaps in vain
	deletes  []*message            // to send
	aside    []*message            // to send from the keeper's next beat on, since it failed
	returns  []*message            // to send

	deleters    int  // under way
	gatherers   int  // of them, that have not taken messages yet
	undeletable bool // deleting failed, and waits for the keeper's beat

	pause   time.Duration         // how long not to receive after the next fault
	resume  time.Time             // until when not to receive
	trouble [2]error              // of the last calls, by kind
	failing [2]map[*message]error // by kind: why its last call failed for a message alone; none is over
}

// kind is a kind of calls.
type kind int

const (
	deletion kind = iota
	visibility
)

// New prepares a source and starts its keeper; Close ends it. Once ctx is done
// no message is begun any more: those not begun are returned at once, and
// those with a Nack without delay. What was begun goes on until Close. An error
// means that a setting is wrong.
func New(ctx context.Context, queue Queue, bucket Bucket, set Settings) (*Source, error) {
	if err := set.Validate(); err != nil {
		return nil, err
	}
	set.defaults()
	calls, abort := context.WithCancel(context.WithoutCancel(ctx))
	s := &Source{
		set: set, queue: queue, bucket: bucket, clock: set.Clock, pace: pace{calls: 1, objects: 1},
		returning: make(chan struct{}, 1),
		done:      ctx.Done(), closing: make(chan struct{}), calls: calls, abort: abort, kept: make(chan struct{}),
		messages: map[string]*message{}, objects: map[source.ID]*object{},
		failing: [2]map[*message]error{{}, {}},
	}
	if len(set.Buckets) > 0 {
		s.buckets = make(map[string]bool, len(set.Buckets))
		for _, b := range set.Buckets {
			s.buckets[b] = true
		}
	}
	go s.keep()
	return s, nil
}

// Validate tells what is wrong with the settings, by the names that a user
// knows them by.
func (set *Settings) Validate() error {
	switch {
	case set.Visibility < minVisibility || set.Visibility > maxHeld || set.Visibility%time.Second != 0:
		return fmt.Errorf("`visibility_timeout` is %v: it must be in whole seconds between %v and %v", set.Visibility, minVisibility, maxHeld)
	case set.Wait < 0 || set.Wait > maxWait || set.Wait%time.Second != 0:
		return fmt.Errorf("`wait_time` is %v: it must be in whole seconds between 0 and %v", set.Wait, maxWait)
	case set.Remember < 0:
		return fmt.Errorf("`remember` is %v: it must not be negative", set.Remember)
	}
	return nil
}

func (set *Settings) defaults() {
	if set.Room == nil {
		set.Room = func() int { return 1 }
	}
	if set.Clock == nil {
		set.Clock = source.SystemClock{}
	}
	h := &set.Hooks
	if h.Message == nil {
		h.Message = func(Outcome) {}
	}
	if h.Received == nil {
		h.Received = func() {}
	}
	if h.Skipped == nil {
		h.Skipped = func() {}
	}
	if h.AlreadyDone == nil {
		h.AlreadyDone = func() {}
	}
	if h.Unknown == nil {
		h.Unknown = func(string, error) {}
	}
	if h.Trouble == nil {
		h.Trouble = func(error) {}
	}
}

// Next implements source.Source. It receives messages when no object is left
// of those it has, and not while deleting or renewing them fails, but for a few:
// what it would take could not be finished.
func (s *Source) Next(ctx context.Context) (*source.Work, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		o, wait, err := s.take()
		switch {
		case err != nil:
			return nil, err
		case o != nil:
			return &o.work, nil
		case wait > 0:
			select {
			case <-s.clock.After(wait):
			case <-ctx.Done():
			}
		default:
			if err := s.receive(ctx); err != nil {
				return nil, err
			}
		}
	}
}

// take returns an object to hand out. Without one it returns how long to wait
// before messages may be received.
func (s *Source) take() (o *object, wait time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping() {
		return nil, 0, context.Canceled
	}
	for len(s.ready) > 0 {
		o, s.ready[0], s.ready = s.ready[0], nil, s.ready[1:]
		if o.begin() {
			return o, 0, nil
		}
		delete(s.objects, o.work.ID)
	}
	if err := s.unable(); err != nil {
		return nil, 0, err
	}
	if len(s.deletes) >= maxUndeleted {
		return nil, undeletedPause, nil
	}
	return nil, s.resume.Sub(s.clock.Now()), nil
}

// stopping tells whether no message is to be begun any more.
func (s *Source) stopping() bool {
	select {
	case <-s.done:
		return true
	case <-s.closing:
		return true
	default:
		return false
	}
}

// Close implements source.Source. It sends what is to be deleted or returned,
// for closeTimeout at most.
func (s *Source) Close() error {
	close(s.closing)
	<-s.kept
	s.abort()
	return nil
}
