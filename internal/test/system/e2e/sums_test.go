package e2e

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
)

// The metrics of the log alone, with the bounds of their histograms in seconds
// as docs/schema.md has them. They are written down again here: what is counted is
// compared with what these tests add up themselves.
const (
	requestsName   = "aws.s3.server.requests"
	ioName         = "aws.s3.server.io"
	addedName      = "aws.s3.server.object.added"
	durationName   = "aws.s3.server.request.duration"
	turnAroundName = "aws.s3.server.turn_around.duration"
)

var bounds = []float64{
	0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60, 300,
}

// series names a series within a resource.
type series struct {
	metric string
	bucket string
	others string // the other attributes, sorted
}

// sum is what a series came to.
type sum struct {
	total   int64    // requests, bytes, or milliseconds
	count   uint64   // observations of a histogram
	buckets []uint64 // of an explicit histogram
}

// plus returns the sum of both.
func (s sum) plus(other sum) sum {
	s.total += other.total
	s.count += other.count
	if len(s.buckets) == 0 {
		s.buckets = slices.Clone(other.buckets)
		return s
	}
	s.buckets = slices.Clone(s.buckets)
	for i, n := range other.buckets {
		s.buckets[i] += n
	}
	return s
}

// atLeast tells whether nothing of the sum is below another one.
func (s sum) atLeast(other sum) bool {
	for i, n := range other.buckets {
		if i >= len(s.buckets) || s.buckets[i] < n {
			return false
		}
	}
	return s.total >= other.total && s.count >= other.count
}

// equal compares the buckets only where both have some: exponential ones are not
// added up here.
func (s sum) equal(other sum) bool {
	return s.total == other.total && s.count == other.count &&
		(s.buckets == nil || other.buckets == nil || slices.Equal(s.buckets, other.buckets))
}

// sums are what series come to.
type sums map[series]sum

// sumsOf adds up the records of a text, with the default attributes.
func sumsOf(text []byte) sums {
	s := sums{}
	eachRecord(text, s.count)
	return s
}

// eachRecord parses a text and leaves out what is no record.
func eachRecord(text []byte, see func(*accesslog.Record)) {
	for line := range bytes.Lines(text) {
		var r accesslog.Record
		if accesslog.Parse(strings.TrimRight(string(line), "\r\n"), &r) == nil {
			see(&r)
		}
	}
}

func (s sums) count(r *accesslog.Record) {
	operation := "aws.s3.operation=" + r.Operation
	add := func(metric string, n sum, attributes ...string) {
		slices.Sort(attributes)
		of := series{metric, r.Bucket, strings.Join(attributes, " ")}
		s[of] = s[of].plus(n)
	}
	details := []string{operation}
	if r.Status != accesslog.Absent {
		details = append(details, fmt.Sprint("http.response.status_code=", r.Status))
	}
	switch {
	case r.ErrorCode != "":
		details = append(details, "error.type="+r.ErrorCode)
	case r.Status >= 400 && r.Status <= 599:
		details = append(details, "error.type="+strconv.Itoa(int(r.Status)))
	}
	add(requestsName, sum{total: 1}, details...)

	if r.BytesSent >= 0 || r.Status != accesslog.Absent {
		add(ioName, sum{total: max(r.BytesSent, 0)}, operation, "network.io.direction=transmit")
	}
	if r.ObjectSize >= 0 && r.Status/100 == 2 {
		switch r.Operation {
		case "REST.PUT.OBJECT", "REST.PUT.PART", "REST.POST.OBJECT":
			add(ioName, sum{total: r.ObjectSize}, operation, "network.io.direction=receive")
			add(addedName, sum{total: r.ObjectSize}, operation)
		case "REST.COPY.OBJECT", "REST.COPY.PART":
			add(addedName, sum{total: r.ObjectSize}, operation)
		}
	}
	for metric, ms := range map[string]int64{durationName: r.TotalTime, turnAroundName: r.TurnAroundTime} {
		if ms >= 0 {
			add(metric, observed(ms), operation)
		}
	}
}

// observed is one observation of a duration in milliseconds.
func observed(ms int64) sum {
	s := sum{total: ms, count: 1, buckets: make([]uint64, len(bounds)+1)}
	i := 0
	for i < len(bounds) && float64(ms)/1000 > bounds[i] {
		i++
	}
	s.buckets[i] = 1
	return s
}

// merge adds all of another one.
func (s sums) merge(other sums) {
	for of, n := range other {
		s[of] = s[of].plus(n)
	}
}

// byBucket adds up what all series of a metric have in each bucket.
func (s sums) byBucket(metric string) map[string]sum {
	total := map[string]sum{}
	for of, n := range s {
		if of.metric == metric {
			total[of.bucket] = total[of.bucket].plus(n)
		}
	}
	return total
}

// records is how many requests there are.
func (s sums) records() (n int64) {
	for _, one := range s.byBucket(requestsName) {
		n += one.total
	}
	return n
}

// assertSums compares without printing all that is equal.
func assertSums(t testing.TB, want, got sums) {
	t.Helper()
	all := maps.Clone(want)
	maps.Copy(all, got)
	wrong := 0
	for of := range all {
		if _, there := got[of]; there && got[of].equal(want[of]) {
			continue
		}
		if wrong++; wrong <= 5 {
			assert.Fail(t, "a series is wrong", "%v\nwant %v\n got %v", of, want[of], got[of])
		}
	}
	assert.Zero(t, wrong, "of %d series", len(all))
}
