package e2e

import (
	"bytes"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/system/servers"
)

const eventPrefix = "event-" // of the files of dashboards by the time of the request

func (b *board) isEvent() bool { return strings.HasPrefix(b.name, eventPrefix) }

// eventShown is the sample logs by the time of the request.
type eventShown struct {
	shown
	victoria    *servers.VictoriaMetricsServer
	first, last time.Time // the hours of the first and of the last request
	hours       int       // figures of one hour that were compared
}

// Every query of metrics of every panel by the time of the request, in a real
// VictoriaMetrics: over the whole time, and hour by hour, figures are those of a count over
// the lines by the hour of the request. Half of the lines come late.
func TestServersEventDashboards(t *testing.T) {
	program(t)
	s := showSamplesByRequest(t)
	panels := 0
	for _, b := range readBoards(t) {
		if !b.isEvent() {
			continue
		}
		t.Run(b.name, func(t *testing.T) {
			whole := everything(s.whole())
			for name, v := range b.values(t) {
				query := whole.fill(t, "group by ("+v[1]+") (last_over_time("+selectorOf(v[0])+"[$__range]))")
				assert.NotEmpty(t, s.victoria.Query(t, query, s.at), "the values of $%s", name)
			}
			for _, p := range b.Panels {
				for _, q := range p.Targets {
					if q.Datasource.Type != "prometheus" {
						continue // records: the same query as the dashboard by arrival has
					}
					s.assertEventQuery(t, figureName(&b, &p), &p, &q)
					panels++
				}
			}
		})
	}
	assert.Greater(t, panels, 40)
	t.Logf("%d requests of %d hours; %d queries, %d figures of one hour; the worst is %.2g of it off",
		len(s.requests), int(s.last.Sub(s.first).Hours())+1, panels, s.hours, s.worst)
}

// selectorOf adds the braces that a range needs to a metric without any.
func selectorOf(metric string) string {
	if strings.Contains(metric, "{") {
		return metric
	}
	return metric + "{}"
}

// showSamplesByRequest has a collector read every other line, and another one that goes on
// with its storage the rest, so that points come again for minutes that there were.
func showSamplesByRequest(t *testing.T) *eventShown {
	t.Helper()
	s := &eventShown{shown: shown{objects: map[string][]byte{}}, victoria: servers.VictoriaMetrics(t)}
	s.readSamples(t)
	server := s3test.Start(t)
	server.CreateBucket(t, "logs")
	o := overlay{
		settings:   "bucket: {start_from: earliest, poll_interval: 1s}, " + strings.TrimSpace(s3At(server.Endpoint)),
		extensions: healthCheck(t),
		env: slices.Concat(server.Env, []string{
			"LOG_BUCKET=logs", "GEO_DATABASE=" + absolute(t, sampleGeo), "THREAT_FEED=" + absolute(t, sampleFeed),
			"VICTORIAMETRICS_URL=" + s.victoria.URL(), "STORAGE=" + t.TempDir(),
		}),
	}
	timely, late := map[string][]byte{}, map[string][]byte{}
	for k, stored := range s.objects {
		text, err := samplelogs.ReadText(stored)
		require.NoError(t, err)
		var halves [2][]byte
		n := 0
		for line := range bytes.Lines(text) {
			halves[n%2] = append(halves[n%2], line...)
			n++
		}
		timely[k] = halves[0]
		if len(halves[1]) > 0 { // S3 names an object by when it delivers it
			late[time.Now().UTC().Format("access/2006-01-02-15-04-05-")+path.Base(k)[len("2006-01-02-15-04-05-"):]] = halves[1]
		}
	}
	for _, objects := range []map[string][]byte{timely, late} {
		put(t, server, "logs", objects)
		running := startExample(t, "victoriametrics.yaml", o)
		running.settled(t, time.Minute, "ok", len(objects))
		running.stop(t, 20*time.Second)
	}
	s.victoria.Flush(t)
	byTime := func(a, b request) int { return a.at.Compare(b.at) }
	s.first = slices.MinFunc(s.requests, byTime).at.Truncate(time.Hour)
	s.last = slices.MaxFunc(s.requests, byTime).at.Truncate(time.Hour)
	s.at = s.last.Add(time.Hour)
	again := s.victoria.Query(t, "max(max_over_time(count_over_time(aws_s3_server_requests_total[1m])["+s.whole()+":1m]))", s.at)
	require.Len(t, again, 1)
	require.Greater(t, again[0].Value, 1.0, "several points of one series and minute")
	return s
}

// whole is the time range of all requests.
func (s *eventShown) whole() string { return seconds(s.at.Sub(s.first)) }

// assertEventQuery compares a query with the requests, with everything chosen and with a
// part of it.
func (s *eventShown) assertEventQuery(t *testing.T, name string, p *boardPanel, q *boardQuery) {
	t.Helper()
	f, known := figureOf(name, p, q)
	require.True(t, known, "%s has no figure", name)
	require.Contains(t, q.Expr, "sum_over_time(", name)
	all := everything(s.whole())
	some := maps.Clone(all)
	some.choose("bucket", "example-data-lake", "www.example.org")
	some.choose("operation", "REST.GET.OBJECT")
	some.choose("confidence", "High")
	some["top"] = "5"
	for _, c := range []chosen{all, some, s.oneThreat(all)} {
		c.step(s.at.Sub(s.first))
		s.assertTimes(t, name, p, q, &f, c, s.at.Sub(s.first), map[time.Time][]servers.Sample{
			s.at: s.victoria.Query(t, c.fill(t, q.Expr), s.at),
		})
		c["top"] = "500" // which are the top of an hour is another question
		c.step(time.Hour)
		if q.Instant {
			c["__range"] = seconds(time.Hour)
		}
		s.assertTimes(t, name, p, q, &f, c, time.Hour,
			s.victoria.QueryRange(t, c.fill(t, q.Expr), s.first.Add(time.Hour), s.at, time.Hour))
	}
}

// step is what lies between two points of a graph.
func (c chosen) step(d time.Duration) {
	c["__interval"], c["__interval_ms"] = seconds(d), strconv.FormatInt(d.Milliseconds(), 10)
}

// assertTimes compares what is shown at moments with the requests of the window before
// each. Windows follow upon each other, and the last one ends when all is shown.
func (s *eventShown) assertTimes(t *testing.T, name string, p *boardPanel, q *boardQuery, f *figure, c chosen, window time.Duration, got map[time.Time][]servers.Sample) {
	t.Helper()
	of := map[time.Time][]request{}
	for _, r := range s.chosen(q.Expr, c) {
		end := s.at.Add(-(s.at.Sub(r.at) - 1).Truncate(window)) // begins at or before it
		of[end] = append(of[end], r)
	}
	scale := 1.0
	if f.perTime {
		scale = window.Seconds()
	}
	moments := 0
	for end := s.at; end.After(s.first); end = end.Add(-window) {
		moments++
		want, by := f.of(of[end], c)
		samples := slices.DeleteFunc(got[end], func(sample servers.Sample) bool {
			_, wanted := want[key(sample.Labels, by)]
			return sample.Value == 0 && !wanted // a request of 0 bytes is no figure
		})
		s.assertSamples(t, name+" at "+end.Format(time.RFC3339), c.fill(t, q.Expr), samples, c, by, want, scale, 1e-9)
		if window == time.Hour {
			s.hours += len(want)
		}
		delete(got, end)
	}
	assert.Empty(t, got, "%s: %s", name, q.Expr)
	assert.Equal(t, int(s.at.Sub(s.first)/window), moments)
}
