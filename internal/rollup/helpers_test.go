package rollup

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
)

// epoch is when all tests begin: 2023-11-14T22:13:20Z.
var epoch = time.Unix(1_700_000_000, 0)

// setup is what a state is made of.
type setup struct {
	Config
	Deps
}

func (s *setup) state(now time.Time) *State { return New(s.Config, s.Deps, now) }

func (s *setup) Validate(path string) error { return s.Config.Validate(path, s.Parameters) }

func (s *setup) setDelta(on bool) {
	s.Temporality = map[bool]string{false: TemporalityCumulative, true: TemporalityDelta}[on]
}

func (s *setup) setEvent(on bool) {
	s.Timestamps = map[bool]string{false: TimestampsArrival, true: TimestampsEvent}[on]
}

func (s *setup) setExponential(on bool) {
	s.Histogram = map[bool]string{false: HistogramExplicit, true: HistogramExponential}[on]
}

func (s *setup) isDelta() bool       { return s.Temporality == TemporalityDelta }
func (s *setup) isEvent() bool       { return s.Timestamps == TimestampsEvent }
func (s *setup) isExponential() bool { return s.Histogram == HistogramExponential }

// testSettings count all that needs neither databases nor feeds.
func testSettings() setup {
	s := setup{Config: DefaultConfig(), Deps: Deps{
		TraceParameter: "x-traceparent", Parameters: Parameters{Request: []string{"<name>"}, Referer: []string{"<name>"}},
		ServiceName: "s3_access_logs", ScopeName: "scope", ScopeVersion: "v1",
	}}
	s.InstanceID, s.KeyPrefixDepth = "instance", 1
	return s
}

// by are attributes of a metric that is counted.
func by(attributes ...string) MetricConfig {
	return MetricConfig{Enabled: true, Attributes: attributes}
}

// only leaves one metric, with these attributes.
func only(s *setup, metric string, attributes ...string) {
	s.Metrics = map[string]MetricConfig{metric: by(attributes...)}
}

// get is a record of a GET; tests change what they are about.
func get() accesslog.Record {
	return accesslog.Record{
		Owner: "owner", Bucket: "b", Time: epoch.Unix(), RemoteIP: "192.0.2.3", Requester: "arn:aws:iam::111122223333:user/team/alice",
		RequestID: "3E57427F3EXAMPLE", Operation: "REST.GET.OBJECT", Key: "k", Method: "GET", Target: "/k", Version: "1.1",
		Status: 200, BytesSent: 100, ObjectSize: 1000, TotalTime: 21, TurnAroundTime: 7, UserAgent: "curl/8",
		SignatureVersion: "SigV4", CipherSuite: "ECDHE-RSA-AES128-GCM-SHA256", AuthType: "AuthHeader",
		HostHeader: "b.s3.us-west-1.amazonaws.com:443", TLSVersion: "TLSv1.2", ACLRequired: accesslog.ACLNeeded,
		SourceRegion: "us-west-1", Fields: 27,
	}
}

// with returns a GET with changes.
func with(change func(*accesslog.Record)) accesslog.Record {
	r := get()
	change(&r)
	return r
}

// process is a counter, its state, and what was stored.
type process struct {
	t           testing.TB
	settings    setup
	state       *State
	counter     *Counter
	client      enrich.Client
	now         time.Time
	requestSize int       // of a request; 0: the usual
	sending     []Request // of the last emission, those that are not settled

	snapshot []byte
	journal  [][]byte
	inspector
}

func newProcess(t testing.TB, settings setup) *process {
	require.NoError(t, settings.Validate("metrics"))
	l := &process{t: t, settings: settings, now: epoch, inspector: newInspector(t, settings)}
	l.begin()
	return l
}

func (l *process) begin() {
	l.state = l.settings.state(l.now)
	if l.sending = nil; l.requestSize > 0 {
		l.state.requestSize = l.requestSize
	}
	l.counter = l.state.NewCounter()
	l.counter.From(here{})
	if l.snapshot != nil {
		require.NoError(l.t, l.state.Restore(l.snapshot))
	}
	for _, change := range l.journal {
		require.NoError(l.t, l.state.Replay(change))
	}
}

// here is where all buckets are.
type here struct{}

func (here) Place(bucket string) (accountID, region string) {
	if bucket == "" {
		return "", ""
	}
	return "444455556666", "eu-west-1"
}

// requestsOf makes requests of this size, in all processes to come too.
func (l *process) requestsOf(size int) { l.requestSize, l.state.requestSize = size, size }

// restart is a new process over what was stored, perhaps with other settings.
func (l *process) restart(change func(*setup)) {
	change(&l.settings)
	require.NoError(l.t, l.settings.Validate("metrics"))
	l.inspector.settings = l.settings
	l.begin()
}

// add counts records and hands them over.
func (l *process) add(records ...accesslog.Record) {
	for i := range records {
		l.counter.Add(&records[i], l.client)
	}
	l.state.Add(l.counter.Cut())
}

// commit stores what is noted.
func (l *process) commit() {
	if change := l.state.Change(l.now); change != nil {
		l.journal = append(l.journal, slices.Clone(change))
	}
	require.NoError(l.t, l.state.Committed())
}

// snap stores all in a snapshot.
func (l *process) snap() { l.snapshot, l.journal = l.state.AppendState(nil), nil }

// emit returns an emission after d.
func (l *process) emit(d time.Duration) []pmetric.Metrics {
	l.now = l.now.Add(d)
	if !l.state.Unsettled() {
		l.state.Cut(l.now)
	}
	l.commit()
	l.sending = l.state.Emission(l.now)
	requests := metricsIn(l.sending)
	l.check(requests)
	return requests
}

// accept is the back end's answer to the last emission.
func (l *process) accept() {
	for len(l.sending) > 0 {
		l.acceptOne()
	}
	l.state.Delivered(l.now)
	l.commit()
}

// acceptOne is the back end's answer to the next request of the last emission.
func (l *process) acceptOne() {
	l.state.Settle(&l.sending[0])
	l.sending = l.sending[1:]
	l.commit()
}

// metricsIn returns the metrics of requests.
func metricsIn(requests []Request) (list []pmetric.Metrics) {
	for _, r := range requests {
		list = append(list, r.Metrics)
	}
	return list
}

// emitAccepted returns the points of an emission after an interval, which is accepted.
func (l *process) emitAccepted() []anyPoint {
	requests := l.emit(l.settings.Interval)
	l.accept()
	return allPoints(requests)
}

// anyPoint is a point of any type.
type anyPoint struct {
	metric     string
	attributes pcommon.Map
	start, end pcommon.Timestamp
	values     totals
}

// totals are what points add up to.
type totals struct {
	sum    int64 // of histograms: milliseconds
	count  uint64
	counts [buckets]uint64
}

func (t *totals) add(other totals) {
	t.sum += other.sum
	t.count += other.count
	for i := range t.counts {
		t.counts[i] += other.counts[i]
	}
}

// isStartPoint reports whether the point only marks the start of a series.
func (p *anyPoint) isStartPoint() bool { return p.start == p.end }

// id is the identity of the point's series.
func (p *anyPoint) id() string { return p.metric + " " + attributesText(p.attributes) }

func metricsOf(request pmetric.Metrics) pmetric.MetricSlice {
	return request.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics()
}

// allPoints returns the points of requests, start points included.
func allPoints(requests []pmetric.Metrics) (list []anyPoint) {
	for _, request := range requests {
		for _, m := range metricsOf(request).All() {
			list = append(list, pointsOf(m)...)
		}
	}
	return list
}

func pointsOf(m pmetric.Metric) (list []anyPoint) {
	add := func(attributes pcommon.Map, start, end pcommon.Timestamp, values totals) {
		list = append(list, anyPoint{m.Name(), attributes, start, end, values})
	}
	switch m.Type() {
	case pmetric.MetricTypeSum:
		for _, p := range m.Sum().DataPoints().All() {
			add(p.Attributes(), p.StartTimestamp(), p.Timestamp(), totals{sum: p.IntValue()})
		}
	case pmetric.MetricTypeHistogram:
		for _, p := range m.Histogram().DataPoints().All() {
			values := totals{sum: milliseconds(p.Sum()), count: p.Count()}
			copy(values.counts[:], p.BucketCounts().AsRaw())
			add(p.Attributes(), p.StartTimestamp(), p.Timestamp(), values)
		}
	case pmetric.MetricTypeExponentialHistogram:
		for _, p := range m.ExponentialHistogram().DataPoints().All() {
			add(p.Attributes(), p.StartTimestamp(), p.Timestamp(), totals{sum: milliseconds(p.Sum()), count: p.Count()})
		}
	}
	return list
}

func milliseconds(seconds float64) int64 { return int64(seconds*1000 + 0.5) }

// noClient is one that nothing is known of.
var noClient enrich.Client
