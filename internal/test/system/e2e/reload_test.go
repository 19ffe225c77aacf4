package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/fakesqs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/machine"
)

// usage is what a collector holds on to.
type usage struct {
	descriptors, goroutines, heap int
}

// usage reads it with all garbage collected. pprofAt is the address of the
// extension.
func (c *collector) usage(t testing.TB, pprofAt string) (u usage) {
	t.Helper()
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", c.cmd.Process.Pid))
	require.NoError(t, err)
	u.descriptors = len(fds)
	number := func(path, before string) int {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+pprofAt+"/debug/pprof/"+path, http.NoBody)
		require.NoError(t, err)
		resp, err := scraper.Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		_, rest, found := strings.Cut(string(text), before)
		require.True(t, found, path)
		rest, _, _ = strings.Cut(rest, "\n")
		n, err := strconv.Atoi(rest)
		require.NoError(t, err)
		return n
	}
	u.goroutines = number("goroutine?debug=1", "goroutine profile: total ")
	number("heap?gc=1&debug=1", "# HeapAlloc = ") // what has a finalizer is freed by the second
	u.heap = number("heap?gc=1&debug=1", "# HeapAlloc = ")
	return u
}

// What a run of the receiver takes, it gives back when the collector is reloaded,
// with every source, with feeds of which one keeps its connections for ever, with a
// role that is assumed, with databases and with storage.
func TestReloadsLeaveNothingBehind(t *testing.T) {
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		t.Skip("there is no /proc to count descriptors in")
	}
	t.Parallel()
	program(t)
	reloads := 20
	if n, err := strconv.Atoi(os.Getenv("E2E_RELOADS")); err == nil {
		reloads = n
	}
	var asked atomic.Int64 // of all servers but the queue
	serve := func(contentType, body string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			w.Header().Set("Content-Type", contentType)
			_, _ = io.WriteString(w, body)
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	s3 := serve("application/xml", `<ListBucketResult><Name>logs</Name><IsTruncated>false</IsTruncated></ListBucketResult>`)
	sts := serve("text/xml", `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>id</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>`+
		`<SessionToken>token</SessionToken><Expiration>2126-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`)
	list := serve("text/plain", "192.0.2.1\n")
	collection := serve("application/taxii+json;version=2.1", `{"objects":[{"type":"indicator","id":"indicator--1","pattern":"[ipv4-addr:value = '192.0.2.1']","pattern_type":"stix"}]}`)
	sqs := fakesqs.Start()
	t.Cleanup(sqs.Close)
	queue := sqs.CreateQueue("logs", fakesqs.Settings{})
	database, err := filepath.Abs("../../../../testdata/geo/sample.mmdb")
	require.NoError(t, err)

	pprofAt := machine.FreeAddr(t)
	known := indented(fmt.Sprintf(`
storage: file_storage
geoip: {databases: [%q]}
threat_intel:
  feeds:
    - {name: list, http: {endpoint: %q, headers: {X-Key: key}}}
    - {name: kept, http: {endpoint: %q, keepalive: {idle_conn_timeout: 0s}}}
    - {name: taxii, taxii: {collection: %q}, http: {keepalive: {idle_conn_timeout: 0s}}}
`, database, list, list, collection))
	aws := fmt.Sprintf("aws: {endpoint: %q, force_path_style: true, role_arn: 'arn:aws:iam::111122223333:role/reader'}", s3)
	c := start(t, setup{
		receivers: fmt.Sprintf("s3_access_logs/bucket:\n  bucket: {name: logs}\n  %s\n  %s\n", aws, known) +
			fmt.Sprintf("s3_access_logs/queue:\n  queue: {url: %q, wait_time: 1s}\n  %s\n  %s\n", queue.URL(), aws, known) +
			fmt.Sprintf("s3_access_logs/directory:\n  directory: {path: %q, follow: true}\n  %s\n", t.TempDir(), known),
		exporters:  "nop: {}",
		extensions: fmt.Sprintf("file_storage: {directory: %q}\npprof: {endpoint: %q}", t.TempDir(), pprofAt),
		signals:    []string{"logs", "metrics"},
		env:        []string{"AWS_ACCESS_KEY_ID=any", "AWS_SECRET_ACCESS_KEY=any", "AWS_REGION=us-east-1", "AWS_ENDPOINT_URL_STS=" + sts},
	})
	const feeds, lists, roles = 9, 1, 2
	runs := 0
	running := func() {
		t.Helper()
		runs++
		c.until(t, 30*time.Second, fmt.Sprintf("run %d", runs), func() bool {
			return strings.Count(c.log(t), "Everything is ready") >= runs && asked.Load() >= int64(feeds+lists+roles)
		})
	}
	reload := func(times int) {
		t.Helper()
		for range times {
			asked.Store(0)
			require.NoError(t, c.cmd.Process.Signal(syscall.SIGHUP))
			running()
		}
	}
	running()
	reload(5) // what is made once is there then
	before := c.usage(t, pprofAt)
	reload(reloads)
	var after usage
	c.until(t, 30*time.Second, fmt.Sprintf("no more than %+v", before), func() bool {
		after = c.usage(t, pprofAt)
		t.Logf("%+v", after)
		return after.descriptors <= before.descriptors+2 && after.goroutines <= before.goroutines+6
	})
	assert.Less(t, after.heap-before.heap, 1<<20+reloads*20<<10, "%+v, then %+v", before, after)
	t.Logf("%d reloads: %+v, then %+v", reloads, before, after)
	c.stop(t, 15*time.Second)
}
