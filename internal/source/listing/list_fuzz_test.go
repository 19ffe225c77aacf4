package listing

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// reel answers each list with the next page of it, whatever is asked for. It
// ends what it is read for a while after the last one.
type reel struct {
	mu    sync.Mutex // a page ahead is listed by a goroutine of its own
	pages []s3io.Page
	left  int
	end   context.CancelFunc
}

func (b *reel) List(_ context.Context, in s3io.ListInput) (page s3io.Page, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.pages) > 0 {
		page, b.pages = b.pages[0], b.pages[1:]
	} else if b.left--; b.left < 0 {
		b.end()
		return page, context.Canceled
	}
	return s3io.ReadPage([]byte(bodyOf(&page)), in)
}

func (b *reel) Open(context.Context, source.Object, int64) (io.ReadCloser, error) {
	return nil, errors.New("not opened here")
}

// parseReel reads a page from each line: entries with blanks between them, of
// which those that end in "/" are prefixes and the one behind "=" is the token.
func parseReel(text string) (pages []s3io.Page) {
	for line := range strings.Lines(text) {
		var p s3io.Page
		for i, entry := range strings.Fields(line) {
			switch token, isToken := strings.CutPrefix(entry, "="); {
			case isToken:
				p.Token = token
			case strings.HasSuffix(entry, "/"):
				p.Prefixes = append(p.Prefixes, entry)
			default:
				o := s3io.Object{Key: entry, ETag: "e"}
				if i%2 == 0 {
					o.LastModified = hugeNow
				}
				p.Objects = append(p.Objects, o)
			}
		}
		pages = append(pages, p)
	}
	return pages
}

// hastyClock does not wait.
type hastyClock struct{ now time.Time }

func (c *hastyClock) Now() time.Time { return c.now }
func (c *hastyClock) After(d time.Duration) <-chan time.Time {
	c.now = c.now.Add(max(d, time.Second))
	fired := make(chan time.Time, 1)
	fired <- c.now
	return fired
}

// positions are those of the spans, by their prefixes and ends.
type positions map[string]string

// follow takes up the cursors of a change, none of which may go back.
func (p positions) follow(t *testing.T, cursors map[string][]byte) {
	for name, value := range cursors {
		if strings.HasSuffix(name, ":"+startName) || strings.HasSuffix(name, ":"+searchName) || strings.HasSuffix(name, ":"+shardName) || len(value) == 0 {
			continue
		}
		var stored storedPrefix
		require.NoError(t, source.DecodeCursor(name, value, &stored))
		for _, open := range stored.Open {
			at := name + " " + open.To.String()
			if len(open.From) <= len("2006/01/02/") && !strings.HasSuffix(name, ":"+namesID) {
				p[at] = open.From // a source bucket that was gone is there again
			}
			require.GreaterOrEqual(t, open.From, p[at], at)
			p[at] = open.From
		}
	}
}

// Whatever a server answers, and in whatever order: nothing panics, what is
// handed out is below the prefix, and no cursor goes back.
func FuzzPages(f *testing.F) {
	const day = "111122223333/us-east-1/bucket/2026/11/"
	for _, prefix := range []string{"", "p/", "p"} {
		for _, reel := range []string{
			"PN-2026-11-01-00-00-00-0000000000000001 =1\nPN-2026-11-02-00-00-00-0000000000000002 =2\n\nP2026-11-03-00-00-00-0000000000000003\n",
			"P111122223333/ x/ P =1\n\nP111122223333/us-east-1/ Pq/\nP111122223333/us-east-1/bucket/ P111122223333/us-east-1/\n" +
				"P" + day + "01/2026-11-01-00-00-00-0000000000000001 P" + day + "21/2026-11-21-00-00-00-0000000000000002 =1\n" +
				"P" + day + "02/2026-11-02-00-00-00-0000000000000001.gz =1\n=1\n=1\n=2\n",
			"P2026-11-02-00-00-00-0000000000000002 P2026-11-01-00-00-00-0000000000000001 P2026-11-03-00-00-00-0000000000000002 =1\n" +
				"P2026-11-01-00-00-00-0000000000000001 =2\nP2026-11-01-00-00-00-0000000000000001 Pz =3\n",
		} {
			f.Add(strings.ReplaceAll(reel, "P", prefix), prefix, byte(len(reel)))
		}
	}
	f.Fuzz(func(t *testing.T, text, prefix string, setting byte) {
		cfg := DefaultConfig()
		cfg.Name, cfg.Prefix = "b", prefix
		if cfg.Validate("bucket") != nil {
			t.Skip("no prefix of keys")
		}
		cfg.Layout = []Layout{Auto, Simple, Partitioned}[setting%3]
		cfg.StartFrom = []string{"earliest", "latest", "720h"}[setting/3%3]
		clock, store, positions := &hastyClock{hugeNow}, checkpoint.InMemory(), positions{}
		pages := parseReel(text)
		half := len(pages) * int(setting) / 256
		for _, pages := range [][]s3io.Page{pages[:half], pages[half:]} { // two lives
			ctx, end := context.WithCancel(t.Context())
			s, err := New(cfg, Deps{Bucket: &reel{pages: pages, left: 40, end: end}, Progress: store, Clock: clock})
			require.NoError(t, err)
			for ctx.Err() == nil {
				w, err := s.Next(ctx)
				var c checkpoint.Change
				if err == nil {
					require.True(t, strings.HasPrefix(w.Object.Key, prefix), w.Object.Key)
					c.Done(w.Group, w.ID)
				}
				own := s.Change()
				positions.follow(t, own.Cursors)
				for _, group := range own.Forget {
					c.Forget(group)
				}
				for group, ids := range own.Done {
					for _, id := range ids {
						c.Done(group, id)
					}
				}
				for name, value := range own.Cursors {
					c.Cursor(name, value)
				}
				require.NoError(t, store.Commit(t.Context(), &c))
				if err == nil {
					w.Receipt.Ack()
				}
			}
			require.NoError(t, s.Close())
		}
	})
}
