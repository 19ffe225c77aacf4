package e2e

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// ledger is the part of a back end that takes metrics. It knows every series by
// resource, metric and attributes, and notes what no back end could make sense
// of. All methods may be called at any time.
type ledger struct {
	pmetricotlp.UnimplementedGRPCServer

	mu       sync.Mutex // guards everything below
	series   map[string]*account
	problems []string
	requests int  // accepted
	points   int  // accepted
	again    int  // of them, deltas with a start and end that was there before
	event    bool // such a delta is a further one, and not the same again

	slow        time.Duration // as the back end's
	unavailable float64       // the share of the requests that is refused, to be tried again
	invalid     float64       // the share that is refused for good
	refused     int           // requests, to be tried again
	denied      int           // requests, for good

	arrived  func() bool // is called before a request counts; false: it shall not
	accepted func()      // is called when a request is counted and not yet answered
}

// account is what is known of one series.
type account struct {
	series
	instance string
	start    pcommon.Timestamp
	at       pcommon.Timestamp // of the last value
	value    sum
	spans    map[span]sum // of deltas
}

// span is what a delta is the sum of.
type span struct{ start, end pcommon.Timestamp }

func newLedger() *ledger {
	return &ledger{
		series:  map[string]*account{},
		arrived: func() bool { return true }, accepted: func() {},
	}
}

// set changes how requests are answered from now on.
func (l *ledger) set(change func(*ledger)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(l)
}

// Export implements pmetricotlp.GRPCServer.
func (l *ledger) Export(ctx context.Context, in pmetricotlp.ExportRequest) (pmetricotlp.ExportResponse, error) {
	out := pmetricotlp.NewExportResponse()
	l.mu.Lock()
	slow, arrived, accepted, code := l.slow, l.arrived, l.accepted, l.judge()
	l.mu.Unlock()
	linger(ctx, slow)
	if code != codes.OK {
		return out, status.Error(code, "on purpose")
	}
	if !arrived() {
		return out, status.Error(codes.Aborted, "nobody hears this any more")
	}
	l.take(in.Metrics())
	accepted()
	linger(ctx, slow)
	return out, nil
}

// judge says how the next request is answered. mu is held.
func (l *ledger) judge() codes.Code {
	switch throw := rand.Float64(); {
	case throw < l.unavailable:
		l.refused++
		return codes.Unavailable
	case throw < l.unavailable+l.invalid:
		l.denied++
		return codes.InvalidArgument
	}
	return codes.OK
}

// take takes an accepted request.
func (l *ledger) take(request pmetric.Metrics) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests++
	type place struct {
		id string
		at pcommon.Timestamp
	}
	seen := map[place]bool{}
	eachPoint(request, func(p *point) {
		l.points++
		id := p.id()
		if p.problem == "" && p.instance == "" {
			p.problem = "it has no service.instance.id"
		}
		if p.problem == "" && seen[place{id, p.at}] {
			p.problem = "it is twice in a request"
		}
		seen[place{id, p.at}] = true
		a := l.series[id]
		if a == nil {
			if p.problem == "" && !p.delta && !p.beginning() && l.denied == 0 {
				p.problem = "it is the series' first and not its beginning"
			}
			a = &account{series: p.series, instance: p.instance, start: p.start, spans: map[span]sum{}}
			l.series[id] = a
		}
		if p.problem == "" {
			p.problem = a.take(l, p)
		}
		if p.problem != "" && len(l.problems) < 10 {
			l.problems = append(l.problems, fmt.Sprintf("%s: start %d, time %d, %v: %s", id, p.start, p.at, p.value, p.problem))
		}
	})
}

// take adds a point, and returns what is wrong with it.
func (a *account) take(l *ledger, p *point) (problem string) {
	if p.delta {
		return a.takeDelta(l, p)
	}
	switch {
	case p.start != a.start:
		return fmt.Sprint("the series began at ", a.start)
	case p.beginning():
		if p.value.total != 0 || p.value.count != 0 {
			return "it is a beginning and not 0"
		}
		return "" // it may come again when an answer was lost
	case p.at <= a.at || p.at < p.start:
		return fmt.Sprint("the one before has the time ", a.at)
	case !p.value.atLeast(a.value):
		return fmt.Sprint("the one before is ", a.value)
	}
	a.at, a.value = p.at, p.value
	return ""
}

func (a *account) takeDelta(l *ledger, p *point) (problem string) {
	if p.start >= p.at {
		return "it ends before it begins"
	}
	of := span{p.start, p.at}
	before, there := a.spans[of]
	switch {
	case l.event:
		if there {
			l.again++
		}
		a.spans[of] = before.plus(p.value)
		return ""
	case there:
		l.again++
		if !before.equal(p.value) {
			return fmt.Sprint("it came before, and was ", before)
		}
		return ""
	case p.start < a.at:
		return fmt.Sprint("the one before ends at ", a.at)
	}
	a.at, a.spans[of] = p.at, p.value
	return ""
}

// sums adds up what the series of all resources came to, deltas once.
func (l *ledger) sums() sums {
	l.mu.Lock()
	defer l.mu.Unlock()
	total := sums{}
	for _, a := range l.series {
		value := a.value
		for _, n := range a.spans {
			value = value.plus(n)
		}
		total[a.series] = total[a.series].plus(value)
	}
	return total
}

// instances returns every service.instance.id.
func (l *ledger) instances() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := map[string]bool{}
	for _, a := range l.series {
		all[a.instance] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// emissions returns how many requests were accepted.
func (l *ledger) emissions() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.requests
}

// assertAll compares what was accepted with what there is. All of it must be of
// so many instances.
func (l *ledger) assertAll(t testing.TB, want sums, instances int) {
	t.Helper()
	assertSums(t, want, l.sums())
	assert.Len(t, l.instances(), instances)
	l.mu.Lock()
	defer l.mu.Unlock()
	assert.Empty(t, l.problems)
}

// String gives the figures.
func (l *ledger) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Sprintf("%d series in %d requests of metrics with %d points", len(l.series), l.requests, l.points)
}
