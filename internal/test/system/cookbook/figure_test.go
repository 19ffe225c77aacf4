package cookbook

import (
	"cmp"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// figure is the answer to a question: a function of the requests.
type figure struct {
	keep   func(*request) bool
	by     []string           // the columns that name a row
	values map[string]measure // other columns; none: a row is a record
	least  float64            // of the column order
	having func(row) bool
	top    int    // so many rows, the largest of the column order
	order  string // a column
	metric *metric
}

// metric is what the metrics tell of it.
type metric struct {
	keep  func(*request) bool
	by    []string
	value measure
	least float64
}

// measure is a column of a group of requests.
type measure func([]*request) span

// span is where a value has to be: that of a quantile between two observations has no
// agreed definition.
type span struct{ least, most float64 }

// row has the columns of a group.
type row map[string]span

func number(n float64) span { return span{n, n} }

func count(tests ...func(*request) bool) measure {
	return func(all []*request) span {
		n := 0.0
		for _, q := range all {
			if passes(q, tests) {
				n++
			}
		}
		return number(n)
	}
}

func passes(q *request, tests []func(*request) bool) bool {
	for _, test := range tests {
		if !test(q) {
			return false
		}
	}
	return true
}

func sum(label string, tests ...func(*request) bool) measure {
	return func(all []*request) span {
		n := 0.0
		for _, q := range all {
			if passes(q, tests) {
				n += q.number(label)
			}
		}
		return number(n)
	}
}

func different(label string) measure {
	return func(all []*request) span {
		values := map[string]bool{}
		for _, q := range all {
			if q.labels[label] != "" {
				values[q.labels[label]] = true
			}
		}
		return number(float64(len(values)))
	}
}

func largest(label string) measure {
	return func(all []*request) span {
		n := 0.0
		for _, q := range all {
			n = max(n, q.number(label))
		}
		return number(n)
	}
}

// p95 is one of the two observations around 95 %.
func p95(label string) measure {
	return func(all []*request) span {
		values := sorted(all, label)
		at := 0.95 * float64(len(values)-1)
		return span{values[int(at)], values[int(math.Ceil(0.95*float64(len(values))))-1+min(1, len(values)-int(math.Ceil(0.95*float64(len(values)))))]}
	}
}

func sorted(all []*request, label string) (values []float64) {
	for _, q := range all {
		if q.labels[label] != "" {
			values = append(values, q.number(label))
		}
	}
	slices.Sort(values)
	return values
}

// p95Bucket is the bucket of an explicit histogram that holds the 95th percentile, in seconds.
func p95Bucket(all []*request) span {
	values := sorted(all, "aws_s3_total_time")
	bounds := []float64{0, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60, 300}
	at := values[int(math.Ceil(0.95*float64(len(values))))-1] / 1000
	i, _ := slices.BinarySearch(bounds, at)
	return span{bounds[max(i-1, 0)], bounds[min(max(i, 1), len(bounds)-1)]}
}

// is tests a label with a regular expression that has to match all of it.
func is(label, pattern string) func(*request) bool {
	expression := regexp.MustCompile("^(?:" + pattern + ")$")
	return func(q *request) bool { return expression.MatchString(q.labels[label]) }
}

func isNot(label, pattern string) func(*request) bool {
	test := is(label, pattern)
	return func(q *request) bool { return !test(q) }
}

func all(tests ...func(*request) bool) func(*request) bool {
	return func(q *request) bool { return passes(q, tests) }
}

// key names a row.
func key(labels map[string]string, by []string) string {
	values := make([]string, len(by))
	for i, label := range by {
		values[i] = labels[label]
	}
	return strings.Join(values, " | ")
}

// groups are the requests of each row.
func groups(requests []request, keep func(*request) bool, by []string) map[string][]*request {
	of := map[string][]*request{}
	for i := range requests {
		if q := &requests[i]; keep(q) {
			k := key(q.labels, by)
			of[k] = append(of[k], q)
		}
	}
	return of
}

const rows = "rows" // the column of a list of records: how many are alike

// want returns all rows.
func (f *figure) want(requests []request) map[string]row {
	want := map[string]row{}
	values := f.values
	if values == nil {
		values = map[string]measure{rows: count()}
	}
	for k, group := range groups(requests, f.keep, f.by) {
		r := row{}
		for name, value := range values {
			r[name] = value(group)
		}
		if (f.having == nil || f.having(r)) && (f.least == 0 || r[f.order].least >= f.least) {
			for name := range r {
				if strings.HasPrefix(name, "_") { // for having only
					delete(r, name)
				}
			}
			want[k] = r
		}
	}
	return want
}

// assertRows compares an answer, whose columns are those of the query.
func (f *figure) assertRows(t *testing.T, requests []request, answer []map[string]string) {
	t.Helper()
	want := f.want(requests)
	assert.NotEmpty(t, want, "the samples have none")
	got, columns := map[string]row{}, map[string]bool{}
	for _, line := range answer {
		for name := range line {
			columns[name] = true
		}
		k := key(line, f.by)
		if f.values == nil {
			got[k] = row{rows: number(got[k][rows].least + 1)}
			continue
		}
		assert.NotContains(t, got, k, "twice")
		r := row{}
		for name := range f.values {
			if strings.HasPrefix(name, "_") {
				continue
			}
			text := line[name]
			n, err := strconv.ParseFloat(text, 64)
			if text == "" || math.IsNaN(n) { // an empty sum
				n, err = 0, nil
			}
			assert.NoError(t, err)
			r[name] = number(n)
		}
		got[k] = r
	}
	for k, r := range got {
		for name, value := range r {
			assert.True(t, name == rows || columns[name], "no column %s", name)
			w, known := want[k][name]
			assert.True(t, known && w.least <= value.least && value.least <= w.most, "%s: %s is %v, not %v", k, name, value.least, w)
		}
	}
	if f.top == 0 {
		assert.ElementsMatch(t, slices.Collect(maps.Keys(want)), slices.Collect(maps.Keys(got)))
		return
	}
	assert.InDeltaSlice(t, f.largest(want), f.largest(got), f.slack(want))
}

// slack is what two orders by spans may differ by.
func (f *figure) slack(of map[string]row) (most float64) {
	for _, r := range of {
		most = max(most, r[f.order].most-r[f.order].least)
	}
	return most
}

// largest are the top values of the column that orders.
func (f *figure) largest(of map[string]row) (values []float64) {
	for _, r := range of {
		values = append(values, r[f.order].least)
	}
	slices.SortFunc(values, func(a, b float64) int { return cmp.Compare(b, a) })
	return values[:min(len(values), f.top)]
}

// assertSeries compares an answer of PromQL with the requests in its window.
func (m *metric) assertSeries(t *testing.T, requests []request, got map[string]float64, at time.Time) {
	t.Helper()
	want := map[string]span{}
	for k, group := range groups(requests, m.keep, m.by) {
		if v := m.value(group); v.most >= max(m.least, 1e-9) {
			want[k] = v
		}
	}
	for k, n := range got {
		w, known := want[k]
		if n == 0 && !known {
			continue // a series without requests in the window
		}
		assert.True(t, known && w.least*(1-1e-9) <= n && n <= w.most*(1+1e-9), "%v: %s is %v, not %v", at, k, n, w)
	}
	for k, w := range want {
		assert.Contains(t, got, k, "%v: %v", at, w)
	}
}
