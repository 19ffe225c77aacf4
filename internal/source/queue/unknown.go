package queue

import (
	"sync"
	"time"
)

const (
	// unknownInterval is how often messages that are no notifications are logged, by reason.
	unknownInterval = time.Minute
	// maxReasons bounds the reasons that are told apart. Package notify has about ten, also
	// by what is around a message.
	maxReasons = 100
)

// UnknownMessages are messages that are no notifications, or not as a whole, for one
// reason.
type UnknownMessages struct {
	Why   error
	ID    string // of one of them
	Count int    // receives since the last call for this reason
}

// unknownReasons counts them by reason. It is safe for concurrent use.
type unknownReasons struct {
	tell func(UnknownMessages)

	mu       sync.Mutex // guards everything below
	byReason map[string]*reason
}

type reason struct {
	pending UnknownMessages
	due     time.Time // when it may be logged again
}

// add logs a message whose reason is new, and counts others until flush.
func (u *unknownReasons) add(id string, why error, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	r := u.byReason[why.Error()]
	if r == nil {
		if len(u.byReason) >= maxReasons {
			return
		}
		if u.byReason == nil {
			u.byReason = map[string]*reason{}
		}
		r = &reason{}
		u.byReason[why.Error()] = r
	}
	r.pending.ID, r.pending.Why = id, why
	r.pending.Count++
	u.logDue(r, now)
}

// flush logs those that were counted, when it is time.
func (u *unknownReasons) flush(now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, r := range u.byReason {
		u.logDue(r, now)
	}
}

// logDue is called with mu held.
func (u *unknownReasons) logDue(r *reason, now time.Time) {
	if r.pending.Count == 0 || now.Before(r.due) {
		return
	}
	u.tell(r.pending)
	r.pending, r.due = UnknownMessages{}, now.Add(unknownInterval)
}
