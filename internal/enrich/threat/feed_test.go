package threat

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// feedServer serves what a test sets.
type feedServer struct {
	*httptest.Server
	handler  atomic.Value // http.HandlerFunc
	requests atomic.Int64
}

func newServer(t *testing.T, handler http.HandlerFunc) *feedServer {
	t.Helper()
	s := &feedServer{}
	s.serve(handler)
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		s.handler.Load().(http.HandlerFunc)(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *feedServer) serve(handler http.HandlerFunc) { s.handler.Store(handler) }

// feed is what settings say of the server's list.
func (s *feedServer) feed() Feed {
	return Feed{FeedConfig: FeedConfig{Confidence: 50}, Endpoint: s.URL + "/list?key=secret", Client: s.Client()}
}

func text200(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// withETag answers 304 to who knows the tag.
func withETag(tag, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", tag)
		w.Header().Set("Last-Modified", "Sun, 22 Nov 2026 12:00:00 GMT")
		if r.Header.Get("If-None-Match") == tag && r.Header.Get("If-Modified-Since") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write([]byte(text))
	}
}

func TestFileIsReadAgainWhenItChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list")
	require.NoError(t, os.WriteFile(path, []byte("192.0.2.1\nbad\n"), 0o644))
	r := newRig(t, nil, fileFeed("test", path))
	r.Load(t.Context())
	assert.Equal(t, "192.0.2.1", r.indicatorOf("192.0.2.1"))
	assert.Equal(t, Status{
		Feed: "test", Entries: 1, Seen: today,
		Stats: Stats{Entries: 1, Skipped: 1, Reasons: []string{`line 2: neither an address, a prefix nor a range: "bad"`}},
	}, r.Status()[0])

	r.clock.advance(time.Hour)
	r.Load(t.Context())
	assert.Equal(t, today.Add(time.Hour), r.Status()[0].Seen, "an unchanged feed is fresh")

	require.NoError(t, os.WriteFile(path, []byte("192.0.2.22\nbad\n"), 0o644))
	r.Load(t.Context())
	assert.Empty(t, r.indicatorOf("192.0.2.1"))
	assert.Equal(t, "192.0.2.22", r.indicatorOf("192.0.2.22"))

	require.NoError(t, os.WriteFile(path, []byte("nonsense"), 0o644))
	r.Load(t.Context())
	assert.Equal(t, "192.0.2.22", r.indicatorOf("192.0.2.22"), "the last good one stays")
	assert.ErrorIs(t, r.Status()[0].Err, ErrNothingUsable)

	require.NoError(t, os.Remove(path))
	r.Load(t.Context())
	assert.Equal(t, "192.0.2.22", r.indicatorOf("192.0.2.22"))
	assert.Equal(t, []FeedOutcome{Loaded, Unchanged, Loaded, Refused, Unreachable}, r.outcomes)
	assert.Len(t, r.problems, 2)
	assert.Len(t, r.skipped, 1, "the same bad entries are told once")

	require.NoError(t, os.WriteFile(path, []byte("192.0.2.3\n"), 0o644))
	r.Load(t.Context())
	assert.Empty(t, r.problems[2], "it is over")
}

func TestURLIsAskedForChangesOnly(t *testing.T) {
	s := newServer(t, withETag(`"1"`, "192.0.2.1\n"))
	r := newRig(t, nil, s.feed())
	r.Load(t.Context())
	r.Load(t.Context())
	r.Load(t.Context())
	s.serve(withETag(`"2"`, "192.0.2.2\n"))
	r.Load(t.Context())
	assert.Equal(t, []FeedOutcome{Loaded, Unchanged, Unchanged, Loaded}, r.outcomes)
	assert.Empty(t, r.indicatorOf("192.0.2.1"))
	assert.Equal(t, "192.0.2.2", r.indicatorOf("192.0.2.2"))
	assert.Empty(t, r.problems)
}

// Whatever a server does, what was good stays, and the reason is clear and holds
// no key of the URL.
func TestServerInTrouble(t *testing.T) {
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		outcome FeedOutcome
		want    string
	}{
		"error":        {status(http.StatusInternalServerError), Unreachable, "answered 500 Internal Server Error"},
		"gone":         {status(http.StatusNotFound), Unreachable, "answered 404 Not Found"},
		"unauthorized": {status(http.StatusUnauthorized), Unreachable, "does not accept the credentials: 401 Unauthorized"},
		"forbidden":    {status(http.StatusForbidden), Unreachable, "does not accept the credentials: 403 Forbidden"},
		"nothing":      {text200(""), Refused, "it is empty"},
		"sign-in page": {text200("<html>please sign in</html>"), Refused, "it is a web page or XML"},
		"garbage":      {text200("\x00\x01\x02"), Refused, "it is not text"},
		"too large":    {text200(strings.Repeat("192.0.2.9\n", 200)), Refused, "larger than max_feed_size"},
		"cut off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte("192.0.2.9\n"))
		}, Unreachable, "broke off: unexpected EOF"},
		"endless redirects": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		}, Unreachable, "more than 10 redirects"},
		"to http": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://"+r.Host+"/", http.StatusFound)
		}, Unreachable, "redirected from https to http"},
		"elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://other.example/", http.StatusFound)
		}, Unreachable, `redirected to another host, "other.example"`},
		"nowhere": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://h/%zz?token=secret")
			w.WriteHeader(http.StatusFound)
		}, Unreachable, "redirected to what is no address"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, text200("192.0.2.1\n"))
			f := s.feed()
			f.StayOnHost = true
			r := newRig(t, nil, f)
			r.feeds[0].maxSize = 1000
			r.Load(t.Context())
			s.serve(c.handler)
			r.Load(t.Context())
			r.Load(t.Context())
			assert.Equal(t, []FeedOutcome{Loaded, c.outcome, c.outcome}, r.outcomes)
			require.Len(t, r.problems, 1, "the same trouble is told once")
			assert.Contains(t, r.problems[0], c.want)
			assert.NotContains(t, r.problems[0], "secret")
			assert.Equal(t, "192.0.2.1", r.indicatorOf("192.0.2.1"))
			assert.Equal(t, 1, r.Status()[0].Entries)

			s.serve(text200("192.0.2.2\n"))
			r.Load(t.Context())
			assert.Equal(t, "192.0.2.2", r.indicatorOf("192.0.2.2"))
			assert.Empty(t, r.problems[1])
		})
	}
}

func TestRedirectIsFollowed(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/moved" {
			_, _ = w.Write([]byte("192.0.2.1\n"))
			return
		}
		http.Redirect(w, r, "/moved", http.StatusMovedPermanently)
	})
	r := newRig(t, nil, s.feed())
	r.Load(t.Context())
	assert.Equal(t, "192.0.2.1", r.indicatorOf("192.0.2.1"))
}

// Nobody is told a feed's key: not where it is sent on to, not in a Referer.
func TestKeysStayWithTheirHost(t *testing.T) {
	for name, c := range map[string]struct {
		feed    func(f *Feed)
		refused bool
	}{
		"nothing":      {func(*Feed) {}, false},
		"a query":      {func(f *Feed) { f.Endpoint += "?key=secret" }, true},
		"what signs":   {func(f *Feed) { f.StayOnHost = true }, true},
		"a collection": {func(f *Feed) { f.TAXII.Collection, f.Endpoint = f.Endpoint, "" }, false},
		"a collection with a query": {func(f *Feed) {
			f.TAXII.Collection, f.Endpoint = f.Endpoint+"?key=secret", ""
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			other := newServer(t, func(w http.ResponseWriter, r *http.Request) {
				asked++
				assert.Empty(t, r.Header.Values("Referer"))
				assert.Equal(t, "token=of-the-location", r.URL.RawQuery)
				w.Header().Set("Content-Type", taxiiType)
				_, _ = w.Write([]byte(`{"objects":[` + indicatorObject(1, early, "192.0.2.1", "") + `]}`))
			})
			s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, other.URL+"/moved?token=of-the-location", http.StatusFound)
			})
			f := Feed{Endpoint: s.URL + "/list", Client: s.Client()}
			c.feed(&f)
			r := newRig(t, nil, f)
			r.Load(t.Context())
			if !c.refused {
				require.Empty(t, r.problems)
				assert.Equal(t, "192.0.2.1", r.indicatorOf("192.0.2.1"))
				return
			}
			assert.Zero(t, asked)
			require.Len(t, r.problems, 1)
			assert.Contains(t, r.problems[0], "must not get the feed's credentials")
			assert.NotContains(t, r.problems[0], "secret")
		})
	}
}

// From http to https and back is a way to http too.
func TestRedirectsDoNotLeaveTLS(t *testing.T) {
	request := func(address string) *http.Request {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
		require.NoError(t, err)
		r.Header.Set("Referer", "https://h/?key=secret")
		return r
	}
	follows := limitRedirects(nil, false).CheckRedirect
	require.Error(t, follows(request("http://h/"), []*http.Request{request("http://h/"), request("https://h/")}))
	up := request("https://h/")
	require.NoError(t, follows(up, []*http.Request{request("http://h/")}))
	assert.Empty(t, up.Header.Values("Referer"))
}

func TestReasonsAreShort(t *testing.T) {
	r := newRig(t, nil, Feed{Endpoint: "https://h/", Client: &http.Client{Transport: failing{}}})
	r.Load(t.Context())
	assert.Less(t, len(r.problems[0]), 400)
}

// failing is a connection whose errors have a server's long words in them.
type failing struct{}

func (failing) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New(strings.Repeat("malformed", 1000))
}

func TestSlowServerDoesNotHoldUpTheOthers(t *testing.T) {
	release := make(chan struct{})
	s := newServer(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	path := filepath.Join(t.TempDir(), "list")
	require.NoError(t, os.WriteFile(path, []byte("192.0.2.1\n"), 0o644))
	slow := s.feed()
	slow.Name = "slow"
	x, err := New(Config{}, []Feed{slow, fileFeed("quick", path)}, Deps{})
	require.NoError(t, err)
	defer x.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second) // in which the other one is read
	defer cancel()
	x.Load(ctx)
	require.ErrorIs(t, x.Status()[0].Err, context.DeadlineExceeded)
	require.NoError(t, x.Status()[1].Err)
	assert.NotNil(t, x.Lookup(netip.MustParseAddr("192.0.2.1"), 0))
}

func TestAddressesThatAreNotPublicMatchNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list")
	require.NoError(t, os.WriteFile(path, []byte("192.0.0.0/8\n172.0.0.0/8\n0.0.0.0/8\nfe00::/19\n"), 0o644))
	r := newRig(t, nil, fileFeed("test", path))
	r.Load(t.Context())
	assert.Equal(t, "192.0.0.0/8", r.indicatorOf("192.0.2.1"))
	assert.Equal(t, "192.0.0.0/8", r.indicatorOf("::ffff:192.0.2.1"))
	for _, addr := range []string{"192.168.1.1", "172.16.0.1", "::ffff:192.168.1.1", "0.0.0.0"} {
		assert.Empty(t, r.indicatorOf(addr), addr)
	}
	assert.Nil(t, r.Lookup(netip.Addr{}, 0))
}

func TestRunLooksWhenItIsTime(t *testing.T) {
	s := newServer(t, text200("192.0.2.1\n"))
	r := newRig(t, nil, s.feed())
	r.Load(t.Context())
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan struct{})
	go func() {
		r.Run(ctx)
		close(ran)
	}()
	// next waits until Run does, and returns for how long.
	next := func() time.Duration {
		require.Eventually(t, func() bool { return r.clock.waiting() > 0 }, 100*time.Second, time.Millisecond)
		return r.clock.waiting()
	}
	assert.Equal(t, DefaultRefresh, next())
	s.serve(status(http.StatusBadGateway))
	for _, want := range []int{30, 60, 120, 240, 480, 900, 900} { // twice as long each time
		r.clock.advance(next())
		assert.Equal(t, time.Duration(want)*time.Second, next())
	}
	s.serve(text200("192.0.2.2\n"))
	r.clock.advance(next())
	assert.Equal(t, DefaultRefresh, next())
	assert.Equal(t, "192.0.2.2", r.indicatorOf("192.0.2.2"))
	cancel()
	<-ran
}

func TestCloseEndsALook(t *testing.T) {
	asked := make(chan struct{}, 1)
	s := newServer(t, func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	})
	r := newRig(t, nil, s.feed())
	loaded := make(chan struct{})
	go func() {
		r.Load(context.Background())
		close(loaded)
	}()
	<-asked
	r.Close()
	<-loaded
	r.Run(t.Context()) // after Close it returns at once
	assert.Empty(t, r.problems, "to be stopped is no trouble")
}

func TestCopyBridgesARestartWithoutNetwork(t *testing.T) {
	store := newStore()
	s := newServer(t, withETag(`"1"`, "192.0.2.1\n"))
	newRig(t, store, s.feed()).Load(t.Context())
	assert.Equal(t, []string{"test.feed", "test.state"}, store.names())

	s.serve(status(http.StatusServiceUnavailable))
	r := newRig(t, store, s.feed())
	r.clock.advance(3 * time.Hour)
	r.Load(t.Context())
	assert.Equal(t, []FeedOutcome{Unreachable}, r.outcomes)
	assert.Equal(t, "192.0.2.1", r.indicatorOf("192.0.2.1"))
	assert.Equal(t, today, r.Status()[0].Seen.UTC(), "it is as old as it is")
	require.Len(t, r.problems, 1)
	assert.Contains(t, r.problems[0], "503")
}

func TestCopySavesADownload(t *testing.T) {
	store := newStore()
	s := newServer(t, withETag(`"1"`, "192.0.2.1\n"))
	newRig(t, store, s.feed()).Load(t.Context())
	r := newRig(t, store, s.feed())
	r.Load(t.Context())
	assert.Equal(t, []FeedOutcome{Loaded}, r.outcomes)
	assert.Equal(t, "192.0.2.1", r.indicatorOf("192.0.2.1"))
	assert.EqualValues(t, 2, s.requests.Load())
	assert.Equal(t, 3, store.puts, "a 304 writes no content")
}

func TestCopyThatIsLostOrBroken(t *testing.T) {
	for name, content := range map[string][]byte{"lost": nil, "broken": []byte("x")} {
		store := newStore()
		s := newServer(t, withETag(`"1"`, "192.0.2.1\n"))
		newRig(t, store, s.feed()).Load(t.Context())
		store.values["test.feed"] = content
		r := newRig(t, store, s.feed())
		r.Load(t.Context())
		assert.Equal(t, "192.0.2.1", r.indicatorOf("192.0.2.1"), name)
		assert.Equal(t, []FeedOutcome{Loaded}, r.outcomes, name)
		assert.Empty(t, r.problems, name)
	}
}

func TestCopyOfAnotherOriginIsNotUsed(t *testing.T) {
	store := newStore()
	s := newServer(t, text200("192.0.2.1\n"))
	newRig(t, store, s.feed()).Load(t.Context())
	r := newRig(t, store, fileFeed("test", filepath.Join(t.TempDir(), "missing")))
	r.Load(t.Context())
	assert.Empty(t, r.indicatorOf("192.0.2.1"))
	assert.Equal(t, []FeedOutcome{Unreachable}, r.outcomes)
	assert.Zero(t, r.Status()[0].Seen)
}

func TestFeedGoesOnWithoutAKeeperThatFails(t *testing.T) {
	store := newStore()
	store.err = errors.New("disk full")
	s := newServer(t, text200("192.0.2.1\n"))
	r := newRig(t, store, s.feed())
	r.Load(t.Context())
	assert.Equal(t, "192.0.2.1", r.indicatorOf("192.0.2.1"))
	assert.Equal(t, []FeedOutcome{Loaded}, r.outcomes)
	assert.Equal(t, []string{"keep a copy: disk full"}, r.problems)
}
