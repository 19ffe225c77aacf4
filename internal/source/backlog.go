package source

import "time"

// Backlog is what a source knows of what it has not handed out yet.
type Backlog struct {
	Bucket  string // "" means those of a queue or a directory
	Objects int64  // known and not handed out
	Total   bool   // there are no others; else Objects is a lower bound
	// Share is the share of the days from the start to now that was handed out, by the
	// times in names; 0 means that it is not known.
	Share float64
	// Idle is when there was last nothing else to hand out; the zero value means not yet.
	Idle time.Time
}

// Backlogged is a Source that knows its backlog, of each bucket and prefix. Backlog is
// safe for concurrent use, and makes no requests.
type Backlogged interface {
	Backlog() []Backlog
}
