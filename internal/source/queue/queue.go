package queue

import (
	"context"
	"io"
	"regexp"
	"sync"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// SQS is what a Source needs of a queue; *s3io.Queue has it.
type SQS interface {
	Receive(ctx context.Context, in s3io.Receive) ([]s3io.Message, error)
	Delete(ctx context.Context, receipts []string) ([]error, error)
	SetVisibility(ctx context.Context, of []s3io.Visibility) ([]error, error)
	MaxReceives(ctx context.Context) (int, error)
}

// Bucket opens objects; *s3io.Client has it.
type Bucket interface {
	Open(ctx context.Context, o source.Object, offset int64) (io.ReadCloser, error)
}

// MessageOutcome is what became of a message.
type MessageOutcome string

const (
	Deleted     MessageOutcome = "deleted"     // all its objects are done
	Ignored     MessageOutcome = "ignored"     // deleted too, but it named no object to read
	Returned    MessageOutcome = "returned"    // given back for another try
	Unknown     MessageOutcome = "unknown"     // not a notification; left to the redrive policy
	Redelivered MessageOutcome = "redelivered" // received, and not for the first time; besides the others
)

// Source implements source.Source.
type Source struct {
	cfg           Config
	deps          Deps
	pattern       *regexp.Regexp // nil allows any key
	lastForget    string         // see Change
	policy        policy         // only for the goroutine of Next
	pace          pace           // only for the goroutine of Next
	waitingLogged time.Time      // only for the renewer

	unknown unknownReasons
	depth   depth

	returning chan struct{}   // signals the renewer: there is a message to return
	done      <-chan struct{} // of the context of New
	wake      chan struct{}   // signals Next: an object that is held may be read now
	open      context.Context // until Close
	close     func()          // ends open
	calls     context.Context // of all calls but the receives
	abort     func()          // ends calls
	ended     chan struct{}   // closed when the renewer has ended
	deleting  sync.WaitGroup  // the deleters

	mu            sync.Mutex            // guards everything below, and all messages and objects
	messages      map[string]*message   // by id; none is over
	objects       map[source.ID]*object // handed out or ready
	ready         []*object             // to hand out, unless no message waits for them
	lanes         lanes
	deletes       []*message             // to send
	failedDeletes []*message             // to send from the renewer's next beat on, since it failed
	returns       []*message             // to send
	delayed       waitingList            // returned, and not visible yet
	kept          map[string][]source.ID // done objects to remember anew, by group; see rememberDone

	deleters    int  // under way
	gatherers   int  // of them, that have not taken messages yet
	undeletable bool // deleting failed, and waits for the renewer's beat

	recent  recentReads
	trouble [2]error              // of the last calls, by kind
	failing [2]map[*message]error // by kind: why its last call failed for a message alone; none is over
}

// kind is a kind of calls.
type kind int

const (
	deletion kind = iota
	visibility
)

// New prepares a source and starts its renewer; Close ends it. Once ctx is done no
// message is begun: waiting ones are returned at once, and those with a Nack without
// delay. Messages that were begun continue until Close. An error means that a setting
// is wrong.
func New(ctx context.Context, cfg Config, deps Deps) (*Source, error) {
	if err := cfg.Validate("queue"); err != nil {
		return nil, err
	}
	pattern, _ := cfg.pattern() // which Validate compiled
	deps.defaults()
	calls, abort := context.WithCancel(context.WithoutCancel(ctx))
	open, end := context.WithCancel(calls)
	s := &Source{
		cfg: cfg, deps: deps, pattern: pattern, pace: pace{calls: 1, objects: 1},
		returning: make(chan struct{}, 1), wake: make(chan struct{}, 1),
		done: ctx.Done(), open: open, close: end, calls: calls, abort: abort, ended: make(chan struct{}),
		messages: map[string]*message{}, objects: map[source.ID]*object{},
		failing: [2]map[*message]error{{}, {}},
		lanes:   lanes{downloads: deps.Downloads, maxHeld: cfg.Quota() / 12, of: map[string]*lane{}},
		unknown: unknownReasons{tell: deps.Hooks.Unknown},
	}
	s.depth.ended = make(chan struct{})
	go s.runRenewer()
	if deps.Depth != nil {
		go s.runDepth()
	} else {
		close(s.depth.ended)
	}
	return s, nil
}

// Next implements source.Source. It receives messages when it has no object left to
// hand out, but not while deleting or renewing fails for more than a few: received
// messages could not be finished.
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
			case <-s.deps.Clock.After(wait):
			case <-s.wake:
			case <-ctx.Done():
			}
		default:
			if err := s.receive(ctx); err != nil {
				return nil, err
			}
		}
	}
}

// take returns an object to hand out, or how long to wait before messages may be
// received.
func (s *Source) take() (o *object, wait time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping() {
		return nil, 0, context.Canceled
	}
	now := s.deps.Clock.Now()
	if o := s.nextObject(now); o != nil {
		return o, 0, nil
	}
	if err := s.blocked(); err != nil {
		return nil, 0, err
	}
	if len(s.deletes) >= maxUndeleted {
		return nil, undeletedPause, nil
	}
	if s.spare(now) == 0 {
		return nil, heldPause, nil
	}
	return nil, 0, nil
}

// stopping reports whether no further message may be begun.
func (s *Source) stopping() bool {
	select {
	case <-s.done:
		return true
	case <-s.open.Done():
		return true
	default:
		return false
	}
}

// Close implements source.Source. It sends what is to be deleted or returned,
// for closeTimeout at most.
func (s *Source) Close() error {
	s.close()
	ctx, cancel := context.WithTimeout(s.calls, closeTimeout)
	defer cancel()
	defer context.AfterFunc(ctx, s.abort)()
	<-s.ended
	s.abort()
	<-s.depth.ended
	return nil
}
