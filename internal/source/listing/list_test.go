package listing

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// answers that are not the list that was asked for, of which the SDK takes most
// for an empty one.
var noLists = map[string]string{
	"empty":        "",
	"HTML":         "<html><body>sign in</body></html>",
	"another root": "<Buckets><Name>b</Name><IsTruncated>false</IsTruncated></Buckets>",
	"somebody else's": `<ListBucketResult><Name>b</Name><IsTruncated>false</IsTruncated>` +
		`<Contents><Key>q/1</Key></Contents><CommonPrefixes><Prefix>x/</Prefix></CommonPrefixes></ListBucketResult>`,
}

// Whichever answer is none, each object is read once, also after a restart.
func TestAnswerThatIsNoListEndsNothing(t *testing.T) {
	step := 1
	if underRace {
		step = 5
	}
	for what, wrong := range noLists {
		for layout := range keyOf {
			t.Run(what+", "+layout, func(t *testing.T) {
				for nth := 0; nth < 16; nth += step {
					synctest.Test(t, func(t *testing.T) {
						time.Sleep(1000 * fullDay)
						r := newRig(t, func(s *settings) { from("earliest")(s); s.Layout = layoutOf(layout) })
						r.size = 20
						r.fill(layout, time.Now().Add(-6*fullDay), 6, 20)
						for life := range 2 { // in the second one the search must find what is stored
							w := r.over(t, r.fakeBucket)
							w.change = func(n int, _ s3io.ListInput, body string) string {
								if n == nth || n == nth+1 { // also when it is asked for ahead
									return wrong
								}
								return body
							}
							keys, errs := r.patiently(t, time.Hour)
							assert.Len(t, keys, 120*(1-life), "list %d of life %d", nth, life)
							assert.NotEmpty(t, errs)
							seen := slices.Compact(slices.Sorted(slices.Values(keys)))
							assert.Len(t, seen, len(keys), "once")
						}
					})
				}
			})
		}
	}
}

// What the search does not see in an answer that is in doubt is still there.
// What it does not see in a good one is gone.
func TestSearchDropsOnlyWhatIsGone(t *testing.T) {
	for what, c := range map[string]struct {
		change  func(in s3io.ListInput, body string) string
		dropped bool
	}{
		"no list":        {func(s3io.ListInput, string) string { return "" }, false},
		"no such bucket": {func(s3io.ListInput, string) string { return "<Error><Code>NoSuchBucket</Code></Error>" }, false},
		"nothing there":  {func(s3io.ListInput, string) string { return bodyOf(&s3io.Page{}) }, true},
		"other things too": {func(in s3io.ListInput, _ string) string {
			return bodyOf(&s3io.Page{Prefixes: []string{in.Prefix + "222233334444/", "elsewhere/"}})
		}, false},
		"no delimiter": {func(s3io.ListInput, string) string {
			return bodyOf(&s3io.Page{Objects: []s3io.Object{{Key: eventKey(partB, time.Unix(0, 0), 1)}}})
		}, false},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(1000 * fullDay)
				r := newRig(t, func(s *settings) { from("earliest")(s); s.Layout = Partitioned })
				w := r.over(t, r.fakeBucket)
				r.put(eventKey(partA, time.Now(), 1), time.Now())
				keys, errs := r.patiently(t, time.Minute)
				require.Len(t, keys, 1)
				require.Empty(t, errs)
				w.change = func(_ int, in s3io.ListInput, body string) string {
					if in.Delimiter != "" && strings.HasPrefix(in.Prefix, "p/") {
						return c.change(in, body)
					}
					return body
				}
				_, _ = r.patiently(t, time.Hour)
				assert.Equal(t, c.dropped, r.src.prefixes[partA] == nil)
				_, kept := r.store.Cursors()["listing/b/p/:"+partA]
				assert.Equal(t, c.dropped, !kept)
				w.change = nil
				r.objects = nil
				_, errs = r.patiently(t, time.Hour)
				assert.Empty(t, errs)
				assert.Empty(t, r.src.prefixes, "a later search is not in doubt")
			})
		})
	}
}

func TestKeysThatWereNotAskedForAreToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var problems []string
		r := newRig(t, func(s *settings) {
			from("earliest")(s)
			s.Problem = func(err error) { problems = append(problems, err.Error()) }
		})
		w := r.over(t, r.fakeBucket)
		r.put(simpleKey(time.Now(), 1), time.Now())
		r.put(eventKey(partA, time.Now(), 2), time.Now())
		w.change = func(_ int, _ s3io.ListInput, body string) string {
			return strings.Replace(body, "</Name>", "</Name><Contents/><Contents><Key>q</Key></Contents>"+
				"<CommonPrefixes><Prefix>x/</Prefix></CommonPrefixes><CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes>", 1)
		}
		r.put("p/x", time.Now())
		keys, _ := r.patiently(t, 10*time.Hour)
		assert.Contains(t, keys, simpleKey(time.Unix(946684800, 0), 1))
		require.Len(t, problems, 1)
		assert.Contains(t, problems[0], "s3://b/p/: the list has entries that were not asked for (4 in a page")
		t.Log(problems[0])
	})
}

// With start_from: latest LastModified decides. What cannot be read must not
// leave an object out.
func TestObjectWithoutATimeCountsAsDeliveredNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		var problems []string
		r := newRig(t, func(s *settings) {
			from("latest")(s)
			s.Problem = func(err error) { problems = append(problems, err.Error()) }
		})
		w := r.over(t, r.fakeBucket)
		time.Sleep(time.Minute)
		w.change = func(_ int, _ s3io.ListInput, body string) string {
			return strings.ReplaceAll(body, "<LastModified>", "<LastModified>about ")
		}
		r.put(simpleKey(time.Now(), 1), time.Now())
		r.put(eventKey(partA, time.Now(), 2), time.Now())
		keys, errs := r.patiently(t, 10*time.Hour)
		assert.Empty(t, errs)
		assert.Len(t, keys, 2)
		require.Len(t, problems, 1)
		assert.Contains(t, problems[0], "objects without a readable LastModified")
		t.Log(problems[0])
	})
}

// script answers the lists of one prefix by page numbers, in tokens; others are
// empty.
type script struct {
	prefix string
	page   func(number int) s3io.Page
	lists  int
}

func (s *script) List(_ context.Context, in s3io.ListInput) (s3io.Page, error) {
	if in.Prefix != s.prefix {
		return s3io.Page{}, nil
	}
	s.lists++
	number, _ := strconv.Atoi(in.Token)
	return s.page(number), nil
}

func (s *script) Open(context.Context, source.Object, int64) (io.ReadCloser, error) { return nil, nil }

// shows is a page with a log object of each of these minutes.
func shows(token int, minutes ...int) s3io.Page {
	var p s3io.Page
	if token > 0 {
		p.Token = strconv.Itoa(token)
	}
	for _, minute := range minutes {
		at := time.Now().Truncate(24 * time.Hour).Add(time.Duration(minute) * time.Minute)
		p.Objects = append(p.Objects, s3io.Object{Key: simpleKey(at, minute), ETag: "e", LastModified: at})
	}
	return p
}

func TestListThatGoesInCirclesBacksOff(t *testing.T) {
	lengths := []int{1, 2, 3, 7, 40}
	if underRace {
		lengths = []int{7}
	}
	for _, length := range lengths {
		for what, page := range map[string]func(number int) s3io.Page{
			"empty": func(number int) s3io.Page { return shows(number%length + 1) },
			"strays": func(number int) s3io.Page {
				return s3io.Page{Token: strconv.Itoa(number%length + 1), Objects: []s3io.Object{{Key: "p/.a"}}}
			},
			"folders": func(number int) s3io.Page {
				return s3io.Page{Token: strconv.Itoa(number%length + 1), Prefixes: []string{"p/.a/"}}
			},
			"behind some": func(number int) s3io.Page { // a circle that the first token is not of
				if number < 20 {
					return shows(number + 1)
				}
				return shows((number-20)%length + 21)
			},
			"accounts": func(number int) s3io.Page {
				return s3io.Page{Token: strconv.Itoa(number%length + 1), Prefixes: []string{"p/111122223333/"}}
			},
		} {
			t.Run(fmt.Sprint(what, length), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, from("earliest"))
					s := &script{prefix: "p/", page: page}
					r.over(t, s).change = nil
					_, errs := r.patiently(t, time.Hour)
					require.NotEmpty(t, errs)
					require.ErrorIs(t, errs[0], source.ErrUnreachable)
					assert.Contains(t, errs[0].Error(), "s3://b/p/: the list goes in circles")
					assert.Contains(t, errs[0].Error(), "aws.endpoint")
					assert.Less(t, s.lists, 4*(int(time.Hour/time.Second)+4*(length+20)), "one a second for each of poll, sweep, span and search")
				})
			})
		}
	}
}

// The trouble of one list does not hold up the others.
func TestListThatGoesInCirclesLeavesTheOthersTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		r := newRig(t, func(s *settings) { from("earliest")(s); s.Layout = Simple })
		r.put(simpleKey(time.Now().Add(-100*fullDay), 0), time.Now())
		w := r.over(t, r.fakeBucket)
		w.change = func(_ int, in s3io.ListInput, body string) string {
			if in.StartAfter == "" { // the span
				return bodyOf(&s3io.Page{Token: "t"})
			}
			return body
		}
		for n := range 3 {
			r.put(simpleKey(time.Now(), n), time.Now())
			keys, errs := r.patiently(t, 5*time.Minute)
			assert.Len(t, keys, 1)
			assert.NotEmpty(t, errs)
		}
		w.change = nil
		keys, _ := r.patiently(t, time.Hour)
		assert.Len(t, keys, 1, "not by the token that was given last")
	})
}

// Pages that show nothing new are legal while their tokens are.
func TestPagesWithoutAnythingNewArePacedAndTold(t *testing.T) {
	const empty = 400
	synctest.Test(t, func(t *testing.T) {
		var problems []string
		r := newRig(t, func(s *settings) {
			from("earliest")(s)
			s.Layout = Simple
			s.Problem = func(err error) { problems = append(problems, err.Error()) }
		})
		s := &script{prefix: "p/"}
		s.page = func(number int) s3io.Page {
			switch {
			case number == 0:
				return shows(1, 1)
			case number <= empty:
				return shows(number + 1)
			default:
				return shows(0, 2)
			}
		}
		begin := time.Now()
		r.over(t, s)
		first, err := r.src.Next(t.Context())
		require.NoError(t, err)
		second, err := r.src.Next(t.Context())
		require.NoError(t, err)
		r.commit(t, first, second)
		assert.InDelta(t, 300, time.Since(begin).Seconds(), 5)
		require.Len(t, problems, 2, "one for the poll, one for the sweep")
		assert.Contains(t, problems[0], "s3://b/p/: 100 pages in a row show nothing behind")
		t.Log(problems[0])
	})
}

// A position that was moved would step over what comes too late.
func TestLogObjectsOutOfOrderMoveNothing(t *testing.T) {
	for what, pages := range map[string][]s3io.Page{
		"in a page":       {pageOf("2", "1", "3")},
		"behind strays":   {pageOf(".x", ".b", "3", ".c", "1", "2")},
		"page by page":    {pageOf("2", "3"), pageOf("1")},
		"behind an empty": {pageOf("2", "3"), {}, pageOf(".a"), pageOf("1")},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(1000 * fullDay)
				r := newRig(t, func(s *settings) { from("earliest")(s); s.Layout = Simple })
				r.over(t, &script{prefix: "p/", page: func(number int) s3io.Page {
					p := pages[number]
					if number+1 < len(pages) {
						p.Token = strconv.Itoa(number + 1)
					}
					return p
				}})
				keys, errs := r.patiently(t, time.Hour)
				require.NotEmpty(t, errs)
				require.ErrorIs(t, errs[0], source.ErrUnreachable)
				assert.Contains(t, errs[0].Error(), "s3://b/p/: the list is out of order")
				t.Log(errs[0])
				if len(pages) > 1 {
					assert.Equal(t, keysOf(pages[0]), keys, "what came before is read")
				}
				var stored storedPrefix
				require.NoError(t, source.DecodeCursor("", r.store.Cursors()["listing/b/p/:names"], &stored))
				require.Len(t, stored.Open, 1, "not at its end")
				if len(keys) > 0 {
					assert.Equal(t, "p/"+stored.Open[0].From, keys[len(keys)-1])
				} else {
					assert.Empty(t, stored.Open[0].From)
				}
			})
		})
	}
}

// pageOf shows log objects of long ago by their numbers, and other keys.
func pageOf(names ...string) (p s3io.Page) {
	for _, name := range names {
		key := "p/" + name
		if n, err := strconv.Atoi(name); err == nil {
			key = simpleKey(time.Unix(0, 0).Add(time.Duration(n)*time.Minute), n)
		}
		p.Objects = append(p.Objects, s3io.Object{Key: key, ETag: "e", LastModified: time.Unix(0, 0)})
	}
	return p
}

func keysOf(p s3io.Page) (keys []string) {
	for _, o := range p.Objects {
		keys = append(keys, o.Key)
	}
	return keys
}

// Servers that walk a file system show a folder before what its name begins.
func TestOrderOfOtherKeysDoesNotMatter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		r := newRig(t, func(s *settings) { from("earliest")(s); s.Layout = Simple })
		s := &script{prefix: "p/", page: func(number int) s3io.Page {
			p := []s3io.Page{pageOf("1", ".x", ".b"), pageOf(".a", "2", "0", ".c")}[number]
			p.Objects = slices.DeleteFunc(p.Objects, func(o s3io.Object) bool { return o.Key == simpleKey(time.Unix(0, 0), 0) })
			if number == 0 {
				p.Token, p.Prefixes = "1", []string{"p/1970/"}
			}
			return p
		}}
		r.over(t, s)
		keys, errs := r.patiently(t, time.Hour)
		assert.Empty(t, errs)
		assert.Equal(t, keysOf(pageOf("1", "2")), keys)
	})
}

// A server whose tokens name the last key may begin with it again, when it is
// done and forgotten.
func TestLastKeyShownAgainIsNotReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * fullDay)
		r := newRig(t, func(s *settings) { from("earliest")(s); s.Layout = Simple })
		const pages = 3 * segmentPages
		s := &script{prefix: "p/", page: func(number int) s3io.Page {
			p := pageOf(strconv.Itoa(max(number, 1)), strconv.Itoa(number+1))
			p.Objects = slices.CompactFunc(p.Objects, func(a, b s3io.Object) bool { return a.Key == b.Key })
			if number < pages {
				p.Token = strconv.Itoa(number + 1)
			}
			return p
		}}
		r.over(t, s).change = func(n int, _ s3io.ListInput, body string) string {
			if n%3 < 2 { // so that what is done is committed between two pages
				return ""
			}
			return body
		}
		keys, _ := r.patiently(t, 10*time.Hour)
		assert.Len(t, keys, pages+1)
		assert.Len(t, slices.Compact(slices.Sorted(slices.Values(keys))), len(keys))
	})
}
