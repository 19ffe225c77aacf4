package listing

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

const (
	// idleLimit is how many pages in a row may show nothing new before the list
	// is reported and paced. S3 itself gives a few where much was deleted.
	idleLimit = 100
	// idlePause is the wait before each further one.
	idlePause = time.Second
)

// list is a list under way: the next request, and the progress so far.
type list struct {
	s3io.ListInput
	state listState
}

// listState is the progress of a list, which its next page must continue.
type listState struct {
	last  string // the greatest key or prefix so far
	lead  string // the token that came with it
	idle  int    // pages in a row with nothing after last
	token string // one of the tokens since then
	name  string // the last key of a log object, where the order matters
}

// advance takes a page as the next one of the list, or returns what is wrong with it.
// After an error the list continues from the last page that had something new.
func (l *list) advance(got *s3io.Page) error {
	c := l.state
	if l.Token == "" {
		c.last, c.lead, c.idle, c.token = "", "", 0, ""
	}
	if last := lastShown(got); last > c.last {
		c.last, c.lead, c.idle, c.token = last, got.Token, 0, got.Token
	} else if got.Token != "" {
		if got.Token == c.token {
			// The tokens since then may be of another list, and could lead past the end
			// of this one.
			l.Token, l.state.idle, l.state.token = c.lead, 0, c.lead
			return fmt.Errorf("%w: %s: the list goes in circles behind %q; check aws.endpoint and proxies",
				source.ErrUnreachable, l.uri(), c.last)
		}
		// Brent's algorithm detects a cycle of any length: compare with one token, and
		// replace it by a later one whenever the count has doubled.
		if c.idle++; c.idle&(c.idle-1) == 0 {
			c.token = got.Token
		}
	}
	l.state = c
	return nil
}

// advanceInOrder is advance for lists whose position and end rely on the order of log
// objects. Other keys may be out of order.
func (l *list) advanceInOrder(got *s3io.Page, p *prefix) error {
	name := l.state.name
	if l.Token == "" {
		name = ""
	}
	if key := firstOutOfOrder(got.Objects, name, p); key != "" {
		return fmt.Errorf("%w: %s: the list is out of order: %q comes behind a greater key; check the server at aws.endpoint",
			source.ErrUnreachable, l.uri(), key)
	}
	if err := l.advance(got); err != nil {
		return err
	}
	// A server whose tokens name the last key may list it again, and it may be done and
	// forgotten by now.
	if name != "" && len(got.Objects) > 0 && got.Objects[0].Key == name {
		got.Objects = got.Objects[1:]
	}
	for _, o := range slices.Backward(got.Objects) {
		if _, _, ok := p.parse(o.Key); ok {
			name = o.Key
			break
		}
	}
	l.state.name = name
	return nil
}

// firstOutOfOrder returns the first key of a log object that follows a greater one;
// last is the one before objects. "" means that all are in order.
func firstOutOfOrder(objects []s3io.Object, last string, p *prefix) string {
	inOrder := slices.IsSortedFunc(objects, func(a, b s3io.Object) int { return strings.Compare(a.Key, b.Key) })
	if inOrder && (len(objects) == 0 || objects[0].Key >= last) {
		return ""
	}
	for i := range objects {
		key := objects[i].Key
		if _, _, ok := p.parse(key); !ok {
			continue
		}
		if key < last {
			return key
		}
		last = key
	}
	return ""
}

func (l *list) uri() string { return "s3://" + l.Bucket + "/" + l.Prefix }

// isSlow reports whether to wait before the next page.
func (l *list) isSlow() bool { return l.Token != "" && l.state.idle >= idleLimit }

// reportProblems reports what is wrong with a page that is used nevertheless.
func (s *Source) reportProblems(l *list, got *s3io.Page) {
	if u := got.Unrequested; u.Count > 0 && !s.reported.unasked {
		s.reported.unasked = true
		s.deps.Problem(fmt.Errorf("%s: the list has entries that were not asked for (%d in a page, such as %q): they are left out; check aws.endpoint and proxies",
			l.uri(), u.Count, u.Example))
	}
	if u := got.Undated; u.Count > 0 && !s.reported.undated {
		s.reported.undated = true
		s.deps.Problem(fmt.Errorf("%s: the list has objects without a readable LastModified (%d in a page, such as %q): they count as delivered now; check the server at aws.endpoint",
			l.uri(), u.Count, u.Example))
	}
	if l.state.idle == idleLimit {
		s.deps.Problem(fmt.Errorf("%s: %d pages in a row show nothing behind %q: each further one is waited for %v; check the server at aws.endpoint",
			l.uri(), idleLimit, l.state.last, idlePause))
	}
}

// lastShown returns the greatest key or prefix of a page; "" when it is empty.
func lastShown(got *s3io.Page) (last string) {
	if n := len(got.Objects); n > 0 {
		last = got.Objects[n-1].Key
	}
	if n := len(got.Prefixes); n > 0 {
		last = max(last, got.Prefixes[n-1])
	}
	return last
}
