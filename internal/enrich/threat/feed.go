package threat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// feed is a feed with its state. It is not safe for concurrent use.
type feed struct {
	*Feed
	index  uint16
	clock  Clock
	texts  *textRoom // of all feeds
	origin origin
	copies copies

	restored bool    // the state of an earlier process was read
	inUse    bool    // its entries are in the table
	version  version // of what is in use, or of the copy

	next     time.Time // when it is due
	failures int       // in a row
}

// result is what refreshing a feed gave.
type result struct {
	outcome FeedOutcome
	list    *list     // nil means that the table's entries stay
	seen    time.Time // the last successful check; zero means unchanged
	err     error
	copyErr error // the feed is fine, its copy is not
}

func newFeed(settings *Feed, index int, t *textRoom, deps *Deps) *feed {
	f := &feed{Feed: settings, index: uint16(index), clock: deps.Clock, texts: t, copies: newCopies(deps.Copies, settings)}
	client := limitRedirects(settings.Client, settings.StayOnHost || hasCredentials(settings.Endpoint) || hasCredentials(settings.TAXII.Collection))
	switch {
	case settings.Path != "":
		f.origin = fileOrigin{settings.Path}
	case settings.Endpoint != "":
		f.origin = httpOrigin{client, settings.Endpoint}
	default:
		f.origin = taxiiOrigin{settings.TAXII, client, deps.Clock, settings.maxSize, f.copies.content}
	}
	return f
}

// refresh reads the feed if it has changed. ctx bounds fetching; life bounds the
// fallback to the copy, which has to work after ctx has ended.
func (f *feed) refresh(ctx, life context.Context) result {
	var copied state
	if !f.restored {
		f.restored = true
		copied, _ = f.copies.state(life) // without a copy everything is fetched
		f.version = copied.Version
	}
	r := f.fetch(ctx, life)
	if r.outcome == Unchanged && !f.inUse {
		if list, err := f.fromCopy(life); err == nil {
			r.outcome, r.list = Loaded, list
		} else { // the copy of this version is lost
			f.version = version{}
			r = f.fetch(ctx, life)
		}
	}
	if r.err != nil && !f.inUse && copied.Seen != 0 {
		if list, err := f.fromCopy(life); err == nil {
			r.list, r.seen = list, time.Unix(copied.Seen, 0)
		}
	}
	f.inUse = f.inUse || r.list != nil
	return r
}

// fetch reads the feed from its origin.
func (f *feed) fetch(ctx, life context.Context) result {
	now := f.clock.Now()
	body, v, err := f.origin.open(ctx, f.version)
	if errors.Is(err, errUnchanged) {
		return result{outcome: Unchanged, seen: now, copyErr: f.copies.putState(life, f.version, now)}
	}
	if err != nil {
		outcome := Unreachable
		if errors.Is(err, ErrFormat) || errors.Is(err, ErrTooLarge) {
			outcome = Refused
		}
		return result{outcome: outcome, err: err}
	}
	defer body.Close()
	c := f.copies.copier()
	list, err := f.decode(ctx, c.tee(body))
	if errors.Is(err, errBroken) {
		return result{outcome: Unreachable, err: err}
	}
	if err != nil {
		return result{outcome: Refused, err: err}
	}
	f.version = v
	return result{outcome: Loaded, list: list, seen: now, copyErr: c.put(life, v, now)}
}

func (f *feed) fromCopy(ctx context.Context) (*list, error) {
	content, err := f.copies.content(ctx)
	if err != nil {
		return nil, err
	}
	defer content.Close()
	return f.decode(ctx, content)
}

// decode reads a feed; errBroken means that it could not be read to its end.
func (f *feed) decode(ctx context.Context, r io.Reader) (*list, error) {
	s := newSink(f.Feed, f.index, f.clock.Now().Unix(), f.texts)
	limited := &limitedReader{ctx: ctx, r: r, left: f.maxSize}
	err := decode(limited, s)
	if limited.broken != nil {
		return nil, fmt.Errorf("%w: %w", errBroken, limited.broken)
	}
	return &s.list, err
}

// schedule sets when the feed is due again: sooner after a failure.
func (f *feed) schedule(refresh time.Duration, failed bool) {
	wait := refresh
	if failed {
		wait = min(refresh, firstRetry<<min(f.failures, 10))
		f.failures++
	} else {
		f.failures = 0
	}
	f.next = f.clock.Now().Add(wait)
}
