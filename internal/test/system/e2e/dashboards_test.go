package e2e

import (
	"maps"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/system/servers"
)

// dashboardWindow is longer than the test, so that it holds all that was counted.
const dashboardWindow = 10 * time.Minute

// shown is what the dashboards show: the sample logs through the example that they
// name, and a second collector that takes some of them from a queue.
type shown struct {
	prometheus    *servers.PrometheusServer
	logs          *servers.VictoriaLogsServer
	bucket, queue *collector
	objects       map[string][]byte // by key
	queued        []string          // keys that the queue announced
	requests      []request         // of all objects
	malformed     int
	at            time.Time // of the newest sample

	listed   map[string]bool // panels of log records that were compared
	compared int             // figures, of raw counters and of increases
	worst    float64         // of them, the largest share by which an increase or a rate was off
}

// Every query of every panel, on the sample logs, against real servers: none fails,
// none is empty, and figures are those of a count over the lines.
func TestServersDashboards(t *testing.T) {
	program(t)
	s := showSamples(t)
	boards := readBoards(t)
	for i := range boards {
		b := &boards[i]
		if b.isEvent() {
			continue // TestServersEventDashboards
		}
		t.Run(b.name, func(t *testing.T) {
			for name, v := range b.values(t) {
				query := everything("").fill(t, "group by ("+v[1]+") ("+v[0]+")")
				assert.NotEmpty(t, s.prometheus.Query(t, query, s.at), "the values of $%s", name)
			}
			for _, p := range b.Panels {
				for _, q := range p.Targets {
					s.assertQuery(t, figureName(b, &p), &p, &q)
				}
			}
		})
	}
	t.Run("alerts", s.assertAlerts)
	assertAllFigures(t, boards)
	assert.Len(t, s.listed, len(recordFigures), "lists of log records that were compared")
	t.Logf("%d requests; of %d figures the worst increase or rate is %.2g of it off",
		len(s.requests), s.compared, s.worst)
}

// figureName is what a panel's figure is called. The dashboards of both stores of logs
// show the same, and those by the time of the request.
func figureName(b *board, p *boardPanel) string {
	return strings.TrimPrefix(strings.TrimSuffix(b.name, "-victorialogs"), eventPrefix) + ": " + p.Title
}

// assertAllFigures finds what no panel has any more.
func assertAllFigures(t *testing.T, boards []board) {
	t.Helper()
	titles := map[string]bool{}
	for _, b := range boards {
		for _, p := range b.Panels {
			titles[figureName(&b, &p)] = true
			for _, q := range p.Targets {
				titles[figureName(&b, &p)+": "+q.LegendFormat] = len(p.Targets) > 1
			}
		}
	}
	for _, wanted := range []func(func(string) bool){
		func(yield func(string) bool) { maps.Keys(figures)(yield) },
		func(yield func(string) bool) { maps.Keys(recordFigures)(yield) },
		func(yield func(string) bool) { maps.Keys(ownFigures)(yield) },
	} {
		for name := range wanted {
			assert.True(t, titles[name], "no panel is called %s", name)
		}
	}
}

// oneThreat chooses a client that a feed names with high confidence.
func (s *shown) oneThreat(c chosen) chosen {
	one := maps.Clone(c)
	i := slices.IndexFunc(s.requests, func(q request) bool { return isHigh(&q) })
	one.choose("client", s.requests[i].labels["client_address"])
	return one
}

// assertQuery checks one query of a panel, whatever it asks.
func (s *shown) assertQuery(t *testing.T, name string, p *boardPanel, q *boardQuery) {
	t.Helper()
	all := everything(seconds(dashboardWindow))
	some := maps.Clone(all)
	some.choose("bucket", "example-data-lake", "www.example.org")
	some.choose("operation", "REST.GET.OBJECT")
	some.choose("confidence", "High")
	some["top"] = "5"
	switch q.Datasource.Type {
	case "loki": // is not run: internal/gen/dashboards compares it with VictoriaLogs' panel, and parses it
		assert.Contains(t, recordFigures, name)
		return
	case "victoriametrics-logs-datasource":
		s.assertRecords(t, name, q, all)
		s.assertRecords(t, name, q, some)
		s.assertRecords(t, name, q, s.oneThreat(all))
		s.listed[name] = true
		return
	}
	if !q.Instant {
		s.assertGraph(t, name, q, all)
	}
	if f, known := figureOf(name, p, q); known {
		s.assertFigure(t, name, p, q, &f, all)
		s.assertFigure(t, name, p, q, &f, some)
		s.assertFigure(t, name, p, q, &f, s.oneThreat(all))
		return
	}
	got := s.prometheus.Query(t, all.fill(t, q.Expr), s.at)
	assert.True(t, slices.ContainsFunc(got, isNumber), "%s: %s: %v", name, q.Expr, got)
	check, known := ownFigures[name]
	if assert.True(t, known, "%s has no figure", name) && check != nil {
		check(t, s, q, got)
	}
}

// assertGraph asks as Grafana does for a graph: for several moments at once.
func (s *shown) assertGraph(t *testing.T, name string, q *boardQuery, c chosen) {
	t.Helper()
	assert.Equal(t, "1m", q.Interval, "%s: the least step makes $__rate_interval hold several emissions", name)
	begin := s.at.Add(-10 * time.Second)
	parameters := url.Values{
		"query": {c.fill(t, q.Expr)}, "start": {begin.Format(time.RFC3339Nano)}, "end": {s.at.Format(time.RFC3339Nano)}, "step": {"5"},
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
		strings.TrimSuffix(s.prometheus.OTLP(), "/otlp")+"/query_range?"+parameters.Encode(), http.NoBody)
	require.NoError(t, err)
	resp, err := scraper.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body := make([]byte, 1<<16)
	n, _ := resp.Body.Read(body)
	assert.Equal(t, http.StatusOK, resp.StatusCode, "%s: %s", name, body[:n])
	assert.Contains(t, string(body[:n]), `"values":[[`, "%s: %s", name, q.Expr)
}

// counters are the ranges in a query, and what of the metric is left without them.
var counters = regexp.MustCompile(`(?:increase|rate)\(([^()[\]]*|[^()]*\{[^}]*\})\[[^\]]*\](?: @ end\(\))?\)`)

// assertFigure compares a panel with the requests, twice: as it is, within 2 %, and with
// the raw counters in place of their increase, exactly.
func (s *shown) assertFigure(t *testing.T, name string, p *boardPanel, q *boardQuery, f *figure, c chosen) {
	t.Helper()
	want, by := f.of(s.chosen(q.Expr, c), c)
	if c["bucket"] == ".*" {
		assert.NotEmpty(t, want, "%s: the samples have none", name)
	}
	scale := 1.0
	if f.perTime {
		scale = dashboardWindow.Seconds()
	}
	query := c.fill(t, q.Expr)
	s.assertValues(t, name, query, c, by, want, scale, 0.02)
	raw := counters.ReplaceAllString(query, "$1")
	assert.NotRegexp(t, `increase|rate\(`, raw)
	s.assertValues(t, name, raw, c, by, want, 1, 1e-9)
}

func (s *shown) assertValues(t *testing.T, name, query string, c chosen, by []string, want map[string]float64, scale, within float64) {
	t.Helper()
	s.assertSamples(t, name, query, s.prometheus.Query(t, query, s.at), c, by, want, scale, within)
}

// assertSamples compares what a query is answered with.
func (s *shown) assertSamples(t *testing.T, name, query string, samples []servers.Sample, c chosen, by []string, want map[string]float64, scale, within float64) {
	t.Helper()
	got := map[string]float64{}
	for _, sample := range samples {
		k := key(sample.Labels, by)
		assert.NotContains(t, got, k, "%s: %s", name, query)
		assert.Subset(t, by, slices.Collect(maps.Keys(sample.Labels)), name)
		got[k] = sample.Value * scale
	}
	most := len(want)
	if strings.Contains(query, "topk("+c["top"]+",") {
		most, _ = strconv.Atoi(c["top"])
	}
	assert.InDeltaSlice(t, largestOf(most, want), largestOf(len(got), got), within*largest(want), "%s: %s", name, query)
	for k, n := range got {
		assert.InDelta(t, want[k], n, within*math.Abs(want[k])+1e-12, "%s: %s: %s", name, k, query)
		if s.compared++; want[k] != 0 {
			s.worst = max(s.worst, math.Abs(n/want[k]-1))
		}
	}
}

func largest(of map[string]float64) float64 {
	n := 0.0
	for _, value := range of {
		n = max(n, math.Abs(value))
	}
	return n
}

// chosen returns the requests that a query with chosen values is about. Not every
// query asks for each of them.
func (s *shown) chosen(expr string, c chosen) (some []request) {
	tests := []func(*request) bool{}
	for variable, label := range map[string]string{
		"bucket": "aws_s3_bucket", "operation": "aws_s3_operation", "confidence": "threat_indicator_confidence", "client": "client_address",
	} {
		if strings.Contains(expr, "$"+variable) || strings.Contains(expr, "${"+variable+":") {
			tests = append(tests, has(label, strings.ReplaceAll(c[variable], `\\`, `\`)))
		}
		if strings.Contains(expr, "${only_"+variable+":") {
			tests = append(tests, has(label, c["only_"+variable+":raw"]))
		}
	}
	for i := range s.requests {
		if of(tests...)(&s.requests[i]) == 1 {
			some = append(some, s.requests[i])
		}
	}
	return some
}

// assertRecords compares a table of log records with the requests: how many there are
// of each client and operation.
func (s *shown) assertRecords(t *testing.T, name string, q *boardQuery, c chosen) {
	t.Helper()
	w, known := recordFigures[name]
	require.True(t, known, "%s has no figure", name)
	by := []string{"client_address", "aws_s3_operation", "aws_s3_bucket", "user_id"}
	want, got := add(w)(s.chosen(q.Expr, c), by), map[string]float64{}
	columns := map[string]bool{}
	times, malformed := []string{}, 0
	for _, row := range s.logs.Query(t, c.fill(t, q.Expr), s.at.AddDate(-1, 0, 0), s.at.AddDate(0, 0, 1)) {
		labels := map[string]string{}
		for name, value := range row {
			columns[name] = true
			labels[strings.ReplaceAll(name, ".", "_")] = value
		}
		times = append(times, row["_time"])
		if row["error.type"] == "malformed_record" { // is no request, and has the time at which it was read
			malformed++
			continue
		}
		got[key(labels, by)]++
	}
	assert.LessOrEqual(t, malformed, s.malformed, name)
	assert.True(t, slices.IsSortedFunc(times, func(a, b string) int { return strings.Compare(b, a) }), "%s: the newest first", name)
	assert.Equal(t, 500, q.MaxLines, name)
	if len(times) == q.MaxLines { // the newest of them
		for k, n := range got {
			assert.LessOrEqual(t, n, want[k], "%s: %s", name, k)
		}
	} else {
		assert.Equal(t, want, got, "%s: %s", name, q.Expr)
	}
	_, kept, _ := strings.Cut(q.Expr, "| fields ")
	if c["bucket"] == ".*" {
		assert.NotEmpty(t, got, name)
	}
	if c["bucket"] == ".*" && c["client"] == ".*" {
		assert.ElementsMatch(t, strings.Split(kept, ", "), slices.Collect(maps.Keys(columns)), name)
	}
}

func isNumber(s servers.Sample) bool { return !math.IsNaN(s.Value) }

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) + "s" }
