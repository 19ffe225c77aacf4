package e2e

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/machine"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// silentFront stands before a server, and answers nothing until it is opened.
func silentFront(t testing.TB, endpoint string) (address string, open func()) {
	t.Helper()
	back, err := url.Parse(endpoint)
	require.NoError(t, err)
	opened, done := make(chan struct{}), make(chan struct{})
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(back)
		r.Out.Host = r.In.Host // which is signed
	}}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-opened:
			proxy.ServeHTTP(w, r)
		case <-r.Context().Done():
		case <-done:
		}
	}))
	t.Cleanup(func() {
		close(done)
		front.Close()
	})
	return front.URL, func() { close(opened) }
}

// health returns the code and the text of the health check.
func health(t testing.TB, addr string) (code int, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+addr+"/?verbose", http.NoBody)
	require.NoError(t, err)
	resp, err := scraper.Do(req)
	if err != nil {
		return 0, "" // it has not come up yet
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body)
}

// The operator sees in the log, in the gauges and in the health check where the collector
// is: before S3 has answered, while the back end is away, and once it has caught up.
func TestTheOperatorKnowsWhereTheCollectorIs(t *testing.T) {
	t.Parallel()
	collector := program(t)
	server := s3test.Start(t)
	server.CreateBucket(t, "logs")
	records := samplelogs.Records(41, 20)
	server.Put(t, "logs", "access/2026-11-09-10-00-00-0123456789ABCDEF", joined(records))
	front, open := silentFront(t, server.Endpoint)
	var accepts atomic.Bool
	backEnd := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !accepts.Load() {
			http.Error(w, "the back end is away", http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(backEnd.Close)

	metricsAt, ready, alive := machine.FreeAddr(t), machine.FreeAddr(t), machine.FreeAddr(t)
	cmd := exec.Command(collector, "--config", "env:E2E_CONFIG", "--feature-gates=+extension.healthcheck.useComponentStatus")
	cmd.Env = append([]string{"E2E_CONFIG=" + configuration(t, setup{
		receivers: "s3_access_logs: {bucket: {name: logs, prefix: access/, start_from: earliest, poll_interval: 1s}, " + strings.TrimSpace(s3At(front)) + ", " +
			"retry_on_failure: {initial_interval: 100ms, max_interval: 1s}}",
		exporters: "otlp_http: {endpoint: \"" + backEnd.URL + "\", sending_queue: {enabled: false}, retry_on_failure: {enabled: false}}",
		extensions: "{health_check: {endpoint: \"" + ready + "\", component_health: {include_permanent_errors: true, include_recoverable_errors: true, recovery_duration: 0s}}, " +
			"health_check/alive: {endpoint: \"" + alive + "\"}}",
	}, metricsAt)}, server.Env...)
	c := launch(t, cmd, metricsAt)
	c.ready(t)
	c.logged(t, 5*time.Second, "starting: reads bucket s3://logs/access/, layout auto, from start_from: earliest on; nothing is stored")

	code, text := health(t, ready)
	assert.Equal(t, http.StatusInternalServerError, code, text)
	assert.Contains(t, text, "log objects are looked for, without an answer yet")
	code, text = health(t, alive)
	assert.Equal(t, http.StatusOK, code, text)

	open()
	c.logged(t, 30*time.Second, "the back end accepts nothing; nothing is lost: reading waits", "503")
	c.until(t, 40*time.Second, "the delivery that waits in the health check", func() bool {
		code, text = health(t, ready)
		return code == http.StatusInternalServerError && containsAll(text, []string{
			"delivery: s3://logs/access/2026-11-09-10-00-00-0123456789ABCDEF at byte 0 waits since ", "; reading has stopped: ", "503",
		})
	})
	c.logged(t, 40*time.Second, "reading: 0 objects done, at least 1 left (how many is not known)")
	assert.EqualValues(t, 1, c.metric(t, "otelcol_receiver_s3_access_logs_source_backlog", `bucket="logs"`))
	code, text = health(t, alive)
	assert.Equal(t, http.StatusOK, code, text)

	accepts.Store(true)
	c.logged(t, 10*time.Second, "the back end accepts again")
	c.logged(t, 10*time.Second, "caught up: read 20 records in 1 object")
	c.until(t, 10*time.Second, "a healthy collector", func() bool {
		code, _ := health(t, ready)
		return code == http.StatusOK
	})
	c.until(t, 5*time.Second, "gauges of a collector that has caught up", func() bool {
		return c.metric(t, "otelcol_receiver_s3_access_logs_source_backlog", `bucket="logs"`) == 0 &&
			c.metric(t, "otelcol_receiver_s3_access_logs_source_position_age", `bucket="logs"`) > 0
	})
	assert.Less(t, c.metric(t, "otelcol_receiver_s3_access_logs_source_look_age", `bucket="logs"`), limit(10*time.Second).Seconds())
	c.stop(t, 5*time.Second)
	assert.Equal(t, 1, strings.Count(c.log(t), "caught up: "))
}
