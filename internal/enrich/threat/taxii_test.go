package threat

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// collection is a TAXII server with one collection of pages of two objects.
type collection struct {
	objects []string // JSON; object n was added n seconds after today
	queries []string
	noNext  bool // pages go on by added_after
}

func addedAt(n int) string { return today.Add(time.Duration(n) * time.Second).Format(time.RFC3339) }

func (c *collection) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.queries = append(c.queries, r.URL.RawQuery)
	user, password, _ := r.BasicAuth()
	switch {
	case user != "me" || password != "secret":
		w.WriteHeader(http.StatusUnauthorized)
		return
	case r.URL.Path != "/api/collections/1/objects/":
		w.WriteHeader(http.StatusNotFound)
		return
	case r.Header.Get("Accept") != "application/taxii+json;version=2.1":
		w.WriteHeader(http.StatusNotAcceptable)
		return
	}
	first := 0
	for first < len(c.objects) && addedAt(first) <= r.URL.Query().Get("added_after") {
		first++
	}
	if next := r.URL.Query().Get("next"); next != "" {
		_, _ = fmt.Sscan(next, &first)
	}
	end := min(first+2, len(c.objects))
	envelope := map[string]any{}
	if first < end {
		var objects []json.RawMessage
		for _, o := range c.objects[first:end] {
			objects = append(objects, json.RawMessage(o))
		}
		envelope["objects"] = objects
		w.Header().Set("X-TAXII-Date-Added-Last", addedAt(end-1))
	}
	if end < len(c.objects) {
		envelope["more"] = true
		if !c.noNext {
			envelope["next"] = fmt.Sprint(end)
		}
	}
	w.Header().Set("Content-Type", "application/taxii+json;version=2.1")
	_ = json.NewEncoder(w).Encode(envelope)
}

func indicatorObject(id int, modified, addr string, more string) string {
	return fmt.Sprintf(`{"type":"indicator","spec_version":"2.1","id":"indicator--%d","modified":%q,"pattern":"[ipv4-addr:value = '%s']","pattern_type":"stix","confidence":90%s}`,
		id, modified, addr, more)
}

// basicAuth is what the collector's basicauth extension does to a client.
type basicAuth struct{ http.RoundTripper }

func (b basicAuth) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.SetBasicAuth("me", "secret")
	return b.RoundTripper.RoundTrip(r)
}

func newTAXII(t *testing.T, c *collection, store *memoryStore) (*rig, *feedServer) {
	t.Helper()
	s := newServer(t, c.ServeHTTP)
	client := s.Client()
	client.Transport = basicAuth{client.Transport}
	return newRig(t, store, Feed{FeedConfig: FeedConfig{TAXII: TAXII{Collection: s.URL + "/api/collections/1/"}, Confidence: 50}, Client: client}), s
}

const early, late = "2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z"

func fiveObjects() *collection {
	return &collection{objects: []string{
		indicatorObject(1, early, "192.0.2.1", ""),
		indicatorObject(2, early, "192.0.2.2", ""),
		`{"type":"relationship","id":"relationship--1","relationship_type":"indicates","source_ref":"indicator--1","target_ref":"malware--1"}`,
		`{"type":"malware","id":"malware--1","name":"MadeUpBot"}`,
		indicatorObject(3, early, "192.0.2.3", `,"valid_until":"2027-01-01T00:00:00Z"`),
	}}
}

func TestCollectionIsReadPageByPage(t *testing.T) {
	for _, noNext := range []bool{false, true} {
		c := fiveObjects()
		c.noNext = noNext
		r, _ := newTAXII(t, c, nil)
		r.Load(t.Context())
		require.Empty(t, r.problems)
		assert.Equal(t, 3, r.Status()[0].Entries)
		assert.Len(t, c.queries, 3)
		assert.Equal(t, "192.0.2.3", r.indicatorOf("192.0.2.3"))
	}
}

func TestCollectionIsReadOnFromWhereItWas(t *testing.T) {
	c := fiveObjects()
	store := newStore()
	r, _ := newTAXII(t, c, store)
	r.Load(t.Context())

	c.queries = nil
	r.Load(t.Context())
	assert.Equal(t, []FeedOutcome{Loaded, Unchanged}, r.outcomes)
	assert.Equal(t, []string{"added_after=2026-11-22T12%3A00%3A04Z"}, c.queries)

	c.objects = append(c.objects,
		indicatorObject(1, late, "192.0.2.11", ""), // changed: its relationship stays
		indicatorObject(2, late, "192.0.2.2", `,"revoked":true`),
		indicatorObject(3, "2025-01-01T00:00:00Z", "192.0.2.33", ""), // older than what is known
	)
	r.Load(t.Context())
	assert.Equal(t, []FeedOutcome{Loaded, Unchanged, Loaded}, r.outcomes)
	for addr, want := range map[string]bool{"192.0.2.1": false, "192.0.2.11": true, "192.0.2.2": false, "192.0.2.3": true, "192.0.2.33": false} {
		assert.Equal(t, want, r.indicatorOf(addr) != "", addr)
	}
	assert.Equal(t, "MadeUpBot", r.Lookup(netip.MustParseAddr("192.0.2.11"), r.clock.Now().Unix()).Software)

	// A day later everything is read, since what was deleted shows only so.
	c.objects, c.queries = c.objects[5:6], nil
	r.clock.advance(wholeEvery)
	r.Load(t.Context())
	assert.Equal(t, []string{""}, c.queries)
	assert.Equal(t, 1, r.Status()[0].Entries)
}

func TestCollectionGoesOnAfterARestart(t *testing.T) {
	c := fiveObjects()
	store := newStore()
	first, s := newTAXII(t, c, store)
	first.Load(t.Context())
	c.queries = nil

	client := s.Client()
	r := newRig(t, store, Feed{FeedConfig: FeedConfig{TAXII: TAXII{Collection: s.URL + "/api/collections/1/"}}, Client: client})
	r.Load(t.Context())
	assert.Equal(t, []FeedOutcome{Loaded}, r.outcomes)
	assert.Equal(t, 3, r.Status()[0].Entries)
	assert.Equal(t, []string{"added_after=2026-11-22T12%3A00%3A04Z"}, c.queries)
}

// Reading on from where the copy is not would lose what lies between.
func TestCollectionIsReadWholeWhenTheCopyIsAnOlderOne(t *testing.T) {
	c := fiveObjects()
	store := newStore()
	r, _ := newTAXII(t, c, store)
	r.Load(t.Context())
	c.objects = append(c.objects, indicatorObject(4, early, "192.0.2.4", ""))
	store.err = errors.New("disk full")
	r.Load(t.Context())
	assert.Equal(t, "192.0.2.4", r.indicatorOf("192.0.2.4"))
	store.err = nil
	c.objects, c.queries = append(c.objects, indicatorObject(5, early, "192.0.2.5", "")), nil
	r.Load(t.Context())
	assert.Empty(t, c.queries[0])
	assert.Equal(t, "192.0.2.4", r.indicatorOf("192.0.2.4"))
	assert.Equal(t, "192.0.2.5", r.indicatorOf("192.0.2.5"))
}

func TestCollectionFromATimeOn(t *testing.T) {
	c := fiveObjects()
	s := newServer(t, c.ServeHTTP)
	client := s.Client()
	client.Transport = basicAuth{client.Transport}
	r := newRig(t, nil, Feed{FeedConfig: FeedConfig{TAXII: TAXII{Collection: s.URL + "/api/collections/1", AddedAfter: addedAt(3)}}, Client: client})
	r.Load(t.Context())
	assert.Equal(t, "192.0.2.3", r.indicatorOf("192.0.2.3"))
	assert.Equal(t, 1, r.Status()[0].Entries)
}

func TestCollectionInTrouble(t *testing.T) {
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		outcome FeedOutcome
		want    string
	}{
		"wrong credentials": {status(http.StatusUnauthorized), Unreachable, "does not accept the credentials"},
		"a web page":        {text200("<html></html>"), Refused, `"text/html; charset=utf-8" is not TAXII`},
		"no end": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", taxiiType)
			_, _ = w.Write([]byte(`{"more": true, "next": "again"}`))
		}, Unreachable, "there is more, and not where"},
		"garbage": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", taxiiType)
			_, _ = w.Write([]byte(`{"objects": [{]`))
		}, Refused, "invalid character"},
		"an array": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", taxiiType)
			_, _ = w.Write([]byte(`["objects"]`))
		}, Refused, "an array in place of a TAXII envelope"},
	} {
		t.Run(name, func(t *testing.T) {
			r, s := newTAXII(t, fiveObjects(), newStore())
			r.Load(t.Context())
			s.serve(c.handler)
			r.Load(t.Context())
			assert.Equal(t, []FeedOutcome{Loaded, c.outcome}, r.outcomes)
			require.Len(t, r.problems, 1)
			assert.Contains(t, r.problems[0], c.want)
			assert.Equal(t, "192.0.2.1", r.indicatorOf("192.0.2.1"))
		})
	}
}

// A page that is empty, though the one before said that there is more, is no end.
func TestEmptyPageIsNoEnd(t *testing.T) {
	c := fiveObjects()
	r, s := newTAXII(t, c, nil)
	pages := 0
	s.serve(func(w http.ResponseWriter, req *http.Request) {
		if pages++; pages == 2 {
			w.Header().Set("Content-Type", taxiiType)
			return
		}
		c.ServeHTTP(w, req)
	})
	r.Load(t.Context())
	assert.Equal(t, []FeedOutcome{Unreachable}, r.outcomes)
	assert.Contains(t, r.problems[0], "a page of the collection is empty")
	r.Load(t.Context())
	assert.Equal(t, 3, r.Status()[0].Entries)
}

// What the address has in its query is sent with every page.
func TestCollectionWithAQuery(t *testing.T) {
	c := fiveObjects()
	s := newServer(t, c.ServeHTTP)
	client := s.Client()
	client.Transport = basicAuth{client.Transport}
	r := newRig(t, nil, Feed{FeedConfig: FeedConfig{TAXII: TAXII{Collection: s.URL + "/api/collections/1?key=secret"}}, Client: client})
	r.Load(t.Context())
	require.Empty(t, r.problems)
	assert.Equal(t, 3, r.Status()[0].Entries)
	assert.Equal(t, []string{"key=secret", "key=secret&next=2", "key=secret&next=4"}, c.queries)
}

func TestCollectionLargerThanTheLimit(t *testing.T) {
	c := fiveObjects()
	r, _ := newTAXII(t, c, nil)
	o := r.feeds[0].origin.(taxiiOrigin)
	o.limit = 700 // two pages
	r.feeds[0].origin = o
	r.Load(t.Context())
	require.ErrorIs(t, r.Status()[0].Err, ErrTooLarge)
	assert.Equal(t, []FeedOutcome{Refused}, r.outcomes)
}

// manyActors is a collection with eight actors of one indicator.
func manyActors() *collection {
	c := &collection{objects: []string{indicatorObject(1, early, "192.0.2.1", "")}}
	for i := range 8 {
		c.objects = append(c.objects,
			fmt.Sprintf(`{"type":"threat-actor","id":"threat-actor--%d","name":"Actor %d"}`, i, i),
			fmt.Sprintf(`{"type":"relationship","id":"relationship--%d","relationship_type":"indicates","source_ref":"indicator--1","target_ref":"threat-actor--%d"}`, 7-i, i))
	}
	return c
}

func TestActorsOfACollectionComeInTheOrderOfTheServer(t *testing.T) {
	const want = "Actor 0, Actor 1, Actor 2, Actor 3, Actor 4, Actor 5, Actor 6, Actor 7"
	group := func(r *rig) string { return r.Lookup(netip.MustParseAddr("192.0.2.1"), r.clock.Now().Unix()).Group }
	c, store := manyActors(), newStore()
	r, _ := newTAXII(t, c, store)
	r.Load(t.Context())
	require.Equal(t, want, group(r), "read whole")
	c.objects = append(c.objects, indicatorObject(2, early, "192.0.2.2", ""))
	r.Load(t.Context())
	require.Equal(t, want, group(r), "read on")
	again, _ := newTAXII(t, c, store)
	again.Load(t.Context())
	require.Equal(t, want, group(again), "after a restart")
}

func TestBundleOfTheSameAnswersIsTheSame(t *testing.T) {
	var first []byte
	for range 10 {
		store := newStore()
		r, s := newTAXII(t, manyActors(), store)
		r.Load(t.Context())
		s.Close()
		bundle, err := r.feeds[0].copies.content(t.Context())
		require.NoError(t, err)
		content, err := io.ReadAll(bundle)
		require.NoError(t, err)
		if first == nil {
			first = content
		}
		require.Equal(t, string(first), string(content))
	}
}
