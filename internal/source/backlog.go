package source

import "time"

// Backlog is what a source knows of what it has not handed out yet.
type Backlog struct {
	Bucket  string // "" means those of a queue or a directory
	Objects int64  // known and not handed out
	Total   bool   // there are no others; else Objects is a lower bound
	// Share is the share of the days from the start to now that was handed out, by the
	// times in names; 0 means that it is not known, 1 that only the newest days are read.
	Share float64
	// Idle is when there was last nothing else to hand out; the zero value means not yet.
	Idle time.Time
}

// IdleMark has when a source had last nothing else to hand out. It is not safe for
// concurrent use.
type IdleMark struct {
	idle bool
	at   time.Time
}

// Set notes whether there is nothing else to hand out for now.
func (m *IdleMark) Set(idle bool, now time.Time) {
	if idle || m.idle {
		m.at = now
	}
	m.idle = idle
}

// Last returns Backlog.Idle.
func (m *IdleMark) Last(now time.Time) time.Time {
	if m.idle {
		return now
	}
	return m.at
}

// Backlogged is a Source that knows its backlog, of each bucket and prefix. Backlog is
// safe for concurrent use, and makes no requests.
type Backlogged interface {
	Backlog() []Backlog
}
