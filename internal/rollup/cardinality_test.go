package rollup

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
)

// heap returns how many bytes are in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A client that sends a million different methods, keys, user agents, from as
// many addresses, costs the memory of the series there may be, and no request is
// left out.
func TestMillionsOfValues(t *testing.T) {
	const (
		records = 1_000_000
		ceiling = 64 << 20 // 10,000 series and a worker's look-ups, of 1 KiB values
	)
	if raceEnabled {
		t.Skip("too slow, and has one goroutine")
	}
	s := testSettings()
	s.Metrics["aws.s3.server.requests"] = by(
		"aws.s3.bucket", "http.request.method", "user_agent.original", "client.address", "user.id", "server.address",
	)
	overflow := map[string]int64{}
	s.Overflow = func(metric string, n int64) { overflow[metric] += n }
	l := newProcess(t, s)
	long := strings.Repeat("x", 10<<10)
	before, most := heap(), int64(0)
	for i := range records {
		r := get()
		n := fmt.Sprint(i)
		r.Method, r.Key, r.RemoteIP, r.Requester, r.HostHeader = n, n, n, n, n
		r.UserAgent = n
		if i < 2*s.CardinalityLimit { // these fill all there is
			r.UserAgent += long
		}
		l.counter.Add(&r, noClient)
		if i%400 == 399 {
			l.state.Add(l.counter.Cut())
		}
		if i%20_000 == 19_999 {
			l.state.Change(l.now)
			require.NoError(t, l.state.Committed())
		}
		if i%250_000 == 249_999 {
			most = max(most, heap()-before)
		}
	}
	t.Logf("%d MiB", most>>20)
	assert.Less(t, most, int64(ceiling))

	total, beyond := int64(0), int64(0)
	for _, p := range l.emitAccepted() {
		if p.metric != "aws.s3.server.requests" {
			continue
		}
		total += p.values.sum
		if _, is := p.attributes.Get(overflowName); is {
			beyond += p.values.sum
		}
	}
	assert.Equal(t, int64(records), total)
	assert.Equal(t, int64(records-s.CardinalityLimit), beyond)
	assert.Equal(t, map[string]int64{"aws.s3.server.requests": beyond}, overflow)
	assert.Equal(t, s.CardinalityLimit, l.state.Series()["aws.s3.server.requests"])
	runtime.KeepAlive(l)
}

// What overflows is reported, a metric at a time, and each metric has one series of it.
func TestOverflow(t *testing.T) {
	s := testSettings()
	s.CardinalityLimit = 2
	overflow := map[string]int64{}
	s.Overflow = func(metric string, n int64) { overflow[metric] += n }
	l := newProcess(t, s)
	for i := range 5 {
		l.add(with(func(r *accesslog.Record) {
			r.Bucket, r.Operation = fmt.Sprint("b", i), "REST.PUT.OBJECT"
		}))
	}
	l.commit()
	want := map[string]int64{
		"aws.s3.server.requests": 3, "aws.s3.server.object.added": 3,
		"aws.s3.server.io":               4, // of one key, both directions have a series
		"aws.s3.server.request.duration": 3, "aws.s3.server.turn_around.duration": 3,
	}
	assert.Equal(t, want, overflow)
	got := map[string]totals{}
	for _, p := range l.emitAccepted() {
		if _, is := p.attributes.Get(overflowName); is && !p.isStartPoint() {
			assert.Zero(t, got[p.metric])
			got[p.metric] = p.values
		}
	}
	assert.Equal(t, int64(3), got["aws.s3.server.requests"].sum)
	assert.Equal(t, int64(4*1100), got["aws.s3.server.io"].sum)
	assert.Equal(t, int64(3000), got["aws.s3.server.object.added"].sum)
	assert.Equal(t, uint64(3), got["aws.s3.server.request.duration"].count)

	l.restart(func(*setup) {})
	assert.Equal(t, want, overflow, "a replay tells nothing")
}

// A metric of two series a key is full before its group is. The keys that came too
// late must not take the places of others for ever.
func TestKeysWithoutSeriesGiveTheirPlaceBack(t *testing.T) {
	s := testSettings()
	s.CardinalityLimit, s.SeriesIdleTimeout = 10, 2*time.Minute
	only(&s, "aws.s3.server.io", "client.address", direction)
	l := newProcess(t, s)
	for day, operation := range []string{"REST.PUT.OBJECT", "REST.GET.OBJECT", "REST.PUT.OBJECT", "REST.GET.OBJECT"} {
		for i := range 10 {
			l.add(with(func(r *accesslog.Record) { r.RemoteIP, r.Operation = fmt.Sprint(day, " ", i), operation }))
		}
		l.emitAccepted()
		assert.Equal(t, map[string]int{"aws.s3.server.io": 10}, l.state.Series(), "day %d", day)
		for range 3 {
			l.emitAccepted()
		}
		assert.Equal(t, map[string]int{"aws.s3.server.io": 0}, l.state.Series())
		assert.Empty(t, l.state.shared.keys[0].byValues)
	}
}

// Requests stay below gRPC's default limit whatever is in them: the inspector
// weighs them.
func TestSizeOfRequests(t *testing.T) {
	if raceEnabled {
		t.Skip("too slow, and has one goroutine")
	}
	for name, change := range map[string]func(*setup){
		"explicit":    func(s *setup) { s.CardinalityLimit = 2000 },
		"exponential": func(s *setup) { s.Histogram, s.CardinalityLimit = HistogramExponential, 2000 },
		"event": func(s *setup) {
			s.Temporality, s.Timestamps, s.CardinalityLimit = TemporalityDelta, TimestampsEvent, 2000
		},
		"all attributes": func(s *setup) {
			for m := range s.Metrics {
				s.Metrics[m] = by(allNames()...)
			}
			s.CardinalityLimit = 500
		},
		"all attributes, short": func(s *setup) {
			for m := range s.Metrics {
				s.Metrics[m] = by(allNames()...)
			}
			s.CardinalityLimit = 1500
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := testSettings()
			s.Geo, s.Threats = true, true
			for m := range s.Metrics {
				s.Metrics[m] = by("user_agent.original")
			}
			change(&s)
			l := newProcess(t, s)
			l.client = fullClient()
			text := strings.Repeat("x", 2*maxText)
			if strings.HasSuffix(name, "short") {
				text = "x"
			}
			requests := l.series(s.CardinalityLimit, text)
			largest := 0
			for _, request := range requests {
				largest = max(largest, (&pmetric.ProtoMarshaler{}).MetricsSize(request))
			}
			t.Logf("%d requests, %d KiB at most", len(requests), largest>>10)
			assert.Greater(t, len(requests), 1)
			assert.Greater(t, largest, maxRequest/3, "they may be larger")
			names := map[string]int{}
			for _, p := range allPoints(requests) {
				if !p.isStartPoint() {
					names[p.metric]++
				}
			}
			record := long(0, text)
			for _, m := range Metrics() {
				if m.measure(&record) >= 0 {
					assert.Equal(t, s.CardinalityLimit, names[m.Name], m.Name)
				}
			}
		})
	}
}

// series makes n series of each metric with long texts and wide histograms, and
// returns their first emission.
func (l *process) series(n int, text string) []pmetric.Metrics {
	for i := range n {
		l.add(long(i, text))
	}
	return l.emit(l.settings.Interval)
}

// long is a record of long texts.
func long(i int, rest string) accesslog.Record {
	return with(func(r *accesslog.Record) {
		text := fmt.Sprint(i, rest)
		r.UserAgent, r.Owner, r.Bucket, r.RemoteIP = text, text, text, text
		r.Operation, r.RequestID = "REST.PUT.OBJECT", "0123456789ABCDEF0123456789ABCDEF"
		r.TotalTime, r.TurnAroundTime = int64(i)*17, int64(i)*3
		r.Target = "/?x-traceparent=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
		r.Requester = rest
	})
}
