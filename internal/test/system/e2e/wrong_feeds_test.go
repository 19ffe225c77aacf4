package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
)

const (
	feedName   = "the-indicators"
	threatName = "aws.s3.server.threat.requests"
)

// feedNetworks are the networks of the feed, by its pages: those in which the
// public clients of the samples are.
var feedNetworks = [2][]string{{"198.51.100.0/24", "192.0.2.0/24"}, {"203.0.113.0/24", "2001:db8::/32"}}

// indicators are STIX objects, as a list without its brackets.
func indicators(networks []string) string {
	var all []string
	for _, n := range networks {
		kind := "ipv4-addr"
		if strings.Contains(n, ":") {
			kind = "ipv6-addr"
		}
		all = append(all, fmt.Sprintf(`{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-%012x",`+
			`"created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"A network","confidence":90,`+
			`"pattern":"[%s:value ISSUBSET '%s']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"}`, n, kind, n))
	}
	return strings.Join(all, ",")
}

// newFeedServer serves the feed as a file and as a collection of two pages.
func newFeedServer(t testing.TB) (url string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == feedPath:
			w.Header().Set("Content-Type", stixType)
			_, _ = fmt.Fprintf(w, `{"type":"bundle","id":"bundle--1","objects":[%s,%s]}`, indicators(feedNetworks[0]), indicators(feedNetworks[1]))
		case r.URL.Query().Get("next") == "":
			w.Header().Set("Content-Type", taxiiType)
			w.Header().Set("X-TAXII-Date-Added-Last", "2026-01-02T00:00:00.000Z")
			_, _ = fmt.Fprintf(w, `{"more":true,"next":"2","objects":[%s]}`, indicators(feedNetworks[0]))
		default:
			w.Header().Set("Content-Type", taxiiType)
			w.Header().Set("X-TAXII-Date-Added-Last", "2026-01-03T00:00:00.000Z")
			_, _ = fmt.Fprintf(w, `{"more":false,"objects":[%s]}`, indicators(feedNetworks[1]))
		}
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

// runFeedCell looks at the feed in three lives, each with objects of its own: the
// first look is answered wrongly and told, the second one rightly, and the third
// one wrongly again: then the list of the second stays in use.
func runFeedCell(t *testing.T, c cell) {
	l := newLiar(t)
	l.choose = c.choose
	at := l.before(t, newFeedServer(t))
	endpoint := fmt.Sprintf("http: {endpoint: %q, headers: {Authorization: secret}}", at+feedPath)
	if c.row.what != feedAsked {
		endpoint = fmt.Sprintf("taxii: {collection: %q}, http: {headers: {Authorization: secret}}", at+taxiiPath)
	}
	corpora := [3]*corpus{wrongCorpora()["access/"], wrongCorpora()["recent/"], wrongCorpora()[partPrefix]}
	all, want, dir := sums{}, uids{}, t.TempDir()
	f := newFollowing(t, &feed{source: "directory: {path: " + dir + "}\n", died: func() {}})
	f.more = withBatches(batchSize, deliveries) + "threat_intel: {feeds: [{name: " + feedName + ", " + endpoint + "}]}\n"
	rig := &wrongRig{following: f, cell: c, liar: l}

	matched := 0
	for life, part := range corpora {
		write(t, dir, part.objects)
		all.merge(part.sums)
		maps.Copy(want, part.want)
		lying := life != 1
		if lying {
			l.arm(always)
		}
		collector := f.start(t)
		collector.readToEnd(t, time.Minute)
		if why := c.row.but[c.answer]; lying && why.silent == "" && (life == 0 || why.known == "") {
			told := collector.waits(wrongWait, func() bool { return rig.message(collector.log(t)) != "" })
			assert.True(t, told, "life %d: no message says what is wrong and what to do", life)
		}
		l.heal()
		rig.end(t, collector)
		if life > 0 {
			matched += threats(part)
		}
		got := f.back.metrics.sums()
		found := threatsIn(got)
		if life == 0 {
			matched += found // as many as the right pages brought
		}
		assert.Equal(t, matched, found, "life %d: requests of clients that the feed names", life)
		assertSums(t, all, got)
	}
	assert.Zero(t, f.back.assertAll(t, want), "records came twice")
	assert.Empty(t, f.back.metrics.problems)
	assert.Empty(t, l.trap.caught(), "it was sent to another host, and went")
	assert.Positive(t, l.told(c.row.what))
}

// threats is how many records are of clients that the feed names.
func threats(c *corpus) (n int) {
	for _, key := range slices.Sorted(maps.Keys(c.objects)) {
		eachRecord(c.objects[key], func(r *accesslog.Record) {
			if addr, ok := enrich.ParseAddr(r.RemoteIP); ok && enrich.Public(addr) {
				n++
			}
		})
	}
	return n
}

// threatsIn takes out of sums how many requests are of clients that the feed names.
func threatsIn(s sums) (n int) {
	for of, one := range s {
		if of.metric == threatName {
			n += int(one.total)
			delete(s, of)
		}
	}
	return n
}
