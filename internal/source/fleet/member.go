package fleet

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/listing"
)

// state is what happens with a member.
type state uint8

const (
	waiting  state = iota // in the heap, until it is due
	runnable              // in the queue, for its turn
	polling               // a goroutine polls it
	offered               // its work waits for Next
	parked                // it may not hand out more for now
	unlisted              // it may not list for now
	ended                 // there is no more, or its bucket is gone
)

// member is a bucket and prefix.
type member struct {
	listing.Place
	src   *listing.Source
	scope scope

	// The Source's mu guards everything below.
	state    state
	due      time.Time
	index    int // in the heap
	woken    bool
	pause    time.Duration // after the next failure
	cannot   bool          // its last list failed
	held     int           // objects of lists that it holds or may soon, unless it is in trouble
	caughtUp bool          // it had no more when it was listed last
	reading  int           // objects that are handed out, or may be soon, and not read yet
	openings source.Openings
	work     *source.Work // offered
}

// isTroubled reports whether a member is slow or failing.
func (m *member) isTroubled(now time.Time) bool {
	return m.cannot || m.openings.Troubled(now)
}

// handOut returns a member's work as the engine gets it.
func (m *member) handOut(s *Source) *source.Work {
	work := m.work
	m.work = nil
	out := *work
	out.Group = m.scope.groups + out.Group
	out.Content = &content{Content: work.Content, source: s, member: m}
	return &out
}

// content reports downloads to the fleet.
type content struct {
	source.Content
	source *Source
	member *member
	again  bool // it was opened before: what is resumed is opened twice
}

// OpenAt implements source.Content.
func (c *content) OpenAt(ctx context.Context, offset int64) (io.ReadCloser, error) {
	begun := c.source.beginDownload(c.member, c.again)
	c.again = true
	body, err := c.Content.OpenAt(ctx, offset)
	c.source.noteAnswer(c.member, begun, err, ctx.Err() != nil)
	if err != nil {
		c.source.endDownload(c.member)
		return nil, err
	}
	return &download{ReadCloser: body, end: func() { c.source.endDownload(c.member) }}, nil
}

// Place implements source.Placed.
func (c *content) Place() (accountID, region string) {
	if placed, ok := c.Content.(source.Placed); ok {
		return placed.Place()
	}
	return "", ""
}

// download is a body that reports its end.
type download struct {
	io.ReadCloser
	once sync.Once
	end  func()
}

// Close implements io.Closer.
func (d *download) Close() error {
	defer d.once.Do(d.end)
	return d.ReadCloser.Close()
}

// dueHeap has the members that wait, the first one that is due first.
type dueHeap []*member

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push implements heap.Interface.
func (h *dueHeap) Push(x any) {
	m := x.(*member)
	m.index = len(*h)
	*h = append(*h, m)
}

// Pop implements heap.Interface.
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	m := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return m
}
