package e2e

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/machine"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/system/servers"
)

// intake is a directory that a collector follows with metrics alone.
type intake struct {
	*following
	dir  string
	want sums // what was given so far
}

func newIntake(t *testing.T, exporters, metrics string) *intake {
	t.Helper()
	dir := t.TempDir()
	f := newFollowing(t, &feed{source: "directory: {path: " + dir + ", follow: true}\n"})
	f.exporters, f.metrics, f.signals = exporters, metrics, []string{"metrics"}
	return &intake{following: f, dir: dir, want: sums{}}
}

// give writes objects, as complete as old files are.
func (in *intake) give(t *testing.T, objects map[string][]byte) {
	t.Helper()
	outside := t.TempDir()
	write(t, outside, objects)
	for name, text := range objects {
		from, to := filepath.Join(outside, name), filepath.Join(in.dir, filepath.Base(name))
		old := time.Now().Add(-time.Hour)
		require.NoError(t, os.Chtimes(from, old, old))
		require.NoError(t, os.Rename(from, to))
		in.want.merge(sumsOf(text))
	}
}

// lonely is an object with one record, of a bucket that no other is of.
func lonely(bucket string) map[string][]byte {
	words := strings.SplitN(samplelogs.Records(98, 1)[0], " ", 3)
	words[1] = bucket
	return map[string][]byte{"2026-11-09-00-00-00-" + bucket: []byte(strings.Join(words, " ") + "\n")}
}

// answers are what Prometheus has answered to requests of metrics, by status.
type answers struct {
	mu    sync.Mutex // guards everything below
	codes map[int]int
	first map[string]time.Time // of each bucket, when it was counted first
	lose  string               // a bucket: the answer to its beginnings is lost
	lost  func()               // is called then
	texts []string             // of refusals
}

// serve passes a request of metrics on.
func (a *answers) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer := httptest.NewRecorder()
	next.ServeHTTP(answer, r)
	if r.Context().Err() != nil || a.note(body, answer) { // who asked may be dead
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

// note tells whether the answer is to be lost.
func (a *answers) note(body []byte, answer *httptest.ResponseRecorder) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.codes[answer.Code]++
	if answer.Code != http.StatusOK {
		a.texts = append(a.texts, strings.TrimSpace(answer.Body.String()))
		return false
	}
	request, lose := pmetricotlp.NewExportRequest(), false
	if err := request.UnmarshalProto(body); err != nil {
		a.texts = append(a.texts, err.Error())
	}
	eachPoint(request.Metrics(), func(p *point) {
		if _, known := a.first[p.bucket]; !known && !p.beginning() {
			a.first[p.bucket] = time.Unix(0, int64(p.at)).Truncate(time.Millisecond)
		}
		lose = lose || p.bucket == a.lose
	})
	if lose {
		a.lose = ""
		a.lost()
	}
	return lose
}

// accepted is how many requests Prometheus has taken.
func (a *answers) accepted() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.codes[http.StatusOK]
}

// Prometheus takes the metrics over OTLP, over a kill and one between its taking
// an emission with new series and the answer. Then it refuses what has their
// beginnings again, and takes the rest.
func TestServersPrometheusTakesMetricsOverOTLP(t *testing.T) {
	t.Parallel()
	program(t)
	c := makeCorpus(97, 60, 4, 900)
	for _, histogram := range []string{"explicit", "exponential"} {
		t.Run(histogram, func(t *testing.T) {
			t.Parallel()
			prom := servers.Prometheus(t)
			seen := &answers{codes: map[int]int{}, first: map[string]time.Time{}}
			door := newDoor(t, prom.OTLP(), seen.serve)
			in := newIntake(t, "otlp_http: {endpoint: "+door.URL+", compression: none, sending_queue: {enabled: false}, retry_on_failure: {enabled: false}}",
				"{interval: 1s, histogram: "+histogram+"}")
			parts := c.split(3)

			first := in.start(t)
			in.give(t, parts[0])
			in.give(t, lonely("lonely"))
			in.arrive(t, prom, first)
			known := seen.accepted()
			first.until(t, time.Minute, "an emission with nothing new", func() bool { return seen.accepted() >= known+2 })
			first.kill(t)

			second := in.start(t)
			second.ready(t)
			seen.mu.Lock()
			seen.lose, seen.lost = "lonelier", func() {
				_ = second.cmd.Process.Kill()
				<-second.exited
			}
			seen.mu.Unlock()
			in.give(t, parts[1])
			in.give(t, lonely("lonelier"))
			second.dead(t, 30*time.Second)

			third := in.start(t)
			in.give(t, parts[2])
			in.arrive(t, prom, third)
			third.stop(t, 15*time.Second)
			seen.mu.Lock()
			defer seen.mu.Unlock()

			at := newest(t, prom)
			const window = 10 * time.Minute
			in.assertRaw(t, prom, at)
			in.assertIncrease(t, prom, in.want, at, window)
			for _, bucket := range []string{"lonely", "lonelier"} {
				increase := fmt.Sprintf("increase(aws_s3_server_requests_total{aws_s3_bucket=%q}[%%s])", bucket)
				assert.InDelta(t, 1, one(t, prom, fmt.Sprintf(increase, "10m"), at), 1e-9, "%s, at the end", bucket)
				assert.InDelta(t, 1, one(t, prom, fmt.Sprintf(increase, "2s500ms"), seen.first[bucket]), 1e-9, "%s, at its birth", bucket)
			}
			assert.InDelta(t, 1, one(t, prom, "count(count by (job, instance) (aws_s3_server_requests_total))", at), 0)
			assert.Equal(t, 1, seen.codes[http.StatusBadRequest], "%q", seen.texts)
			assert.Len(t, seen.codes, 2, "%v", seen.codes)
			assert.Equal(t, 1, strings.Count(third.log(t), "the pipeline refused metrics"))
			t.Logf("%s: %d records, answers by status %v: %q", histogram, in.want.records(), seen.codes, seen.texts)
		})
	}
}

// Prometheus scrapes the collector's exporter, which dies between two states.
// It sees no beginnings, so that increases are looked at from a state on that has
// all series.
func TestServersPrometheusScrapesMetrics(t *testing.T) {
	t.Parallel()
	program(t)
	c := makeCorpus(99, 60, 4, 900)
	exporter := machine.FreeAddr(t)
	_, port, err := net.SplitHostPort(exporter)
	require.NoError(t, err)
	prom := servers.Prometheus(t, servers.Config(`
scrape_configs:
- job_name: collector
  honor_labels: true
  static_configs: [{targets: ["127.0.0.1:`+port+`"]}]`))
	in := newIntake(t, "prometheus: {endpoint: "+exporter+"}", "{interval: 1s}")
	first := in.start(t)
	in.give(t, c.objects)
	in.arrive(t, prom, first)
	before := newest(t, prom)
	in.assertRaw(t, prom, before)

	halves := c.split(2) // once more, under other names
	in.give(t, renamed(halves[0]))
	in.arrive(t, prom, first)
	in.give(t, renamed(halves[1]))
	first.kill(t)
	second := in.start(t)
	in.arrive(t, prom, second)
	at := newest(t, prom)
	in.assertRaw(t, prom, at)
	in.assertIncrease(t, prom, c.sums, at, at.Sub(before)+time.Millisecond)
	assert.InDelta(t, 1, one(t, prom, "count(count by (job, instance) (aws_s3_server_requests_total))", at), 0)
	second.stop(t, 15*time.Second)
	t.Logf("%d records, half of them before %v and a kill: raw counters are exact", in.want.records(), at.Sub(before))
}

// renamed gives objects other names.
func renamed(objects map[string][]byte) map[string][]byte {
	others := map[string][]byte{}
	for key, text := range objects {
		others["again-"+filepath.Base(key)] = text
	}
	return others
}

// split deals the objects out into n parts.
func (c *corpus) split(n int) []map[string][]byte {
	parts := make([]map[string][]byte, n)
	for i, key := range slices.Sorted(maps.Keys(c.objects)) {
		if parts[i%n] == nil {
			parts[i%n] = map[string][]byte{}
		}
		parts[i%n][key] = c.objects[key]
	}
	return parts
}
