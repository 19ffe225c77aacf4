package testservers

import (
	"encoding/json"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// LokiServer is a running Loki.
type LokiServer struct {
	*process
}

// Entry is a log record as Loki gives it back. Its labels are those of the
// stream, the record's structured metadata, and what the query added.
type Entry struct {
	Time   time.Time
	Line   string
	Labels map[string]string
}

// lokiLimit is the number of entries a query may give back.
const lokiLimit = 100_000

// lokiConfig has HTTP, GRPC (ports) and DIR filled in. It takes records of any
// age in any order: max_chunk_age bounds how far a record may be behind its
// stream, and query_ingesters_within is off so that the old records which are
// still in memory are found. Queries over years are not split by the hour.
// A querier that asks the frontend for work, instead of a scheduler that it has
// to find first, is what makes the first query answer at once and not after 4 s.
const lokiConfig = `
auth_enabled: false
analytics: {reporting_enabled: false}
server: {http_listen_address: 127.0.0.1, http_listen_port: HTTP, grpc_listen_address: 127.0.0.1, grpc_listen_port: GRPC, log_level: warn}
common:
  instance_addr: 127.0.0.1
  path_prefix: DIR
  replication_factor: 1
  ring: {kvstore: {store: inmemory}}
  storage: {filesystem: {chunks_directory: DIR/chunks, rules_directory: DIR/rules}}
schema_config:
  configs: [{from: 2000-01-01, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: index_, period: 24h}}]
ingester:
  lifecycler: {min_ready_duration: 0s, final_sleep: 0s}
  max_chunk_age: 876000h
querier: {query_ingesters_within: 0}
frontend_worker: {frontend_address: "127.0.0.1:GRPC", dns_lookup_duration: 100ms}
query_range: {parallelise_shardable_queries: false}
limits_config:
  reject_old_samples: false
  max_query_length: 0
  split_queries_by_interval: 0
  split_instant_metric_queries_by_interval: 0
  max_entries_limit_per_query: 100000
  ingestion_rate_mb: 1000
  ingestion_burst_size_mb: 1000
  per_stream_rate_limit: 1GB
  per_stream_rate_limit_burst: 1GB
`

// Loki starts a server. It is killed when the test ends.
func Loki(t testing.TB) *LokiServer {
	t.Helper()
	program := built(t, "bin", "loki")
	port := freePort(t)
	config := strings.NewReplacer("HTTP", port, "GRPC", freePort(t), "DIR", filepath.ToSlash(t.TempDir())).Replace(lokiConfig)
	return &LokiServer{start(t, port, "/ready", program, "-config.file="+write(t, "loki.yaml", config))}
}

// OTLP returns the endpoint as the otlp_http exporter takes it; logs go to
// /v1/logs below it. What was accepted is seen by the next query.
func (l *LokiServer) OTLP() string { return l.url + "/otlp" }

// Query returns the records that a log query finds in [from, to), oldest first
// within a stream, up to 100,000.
func (l *LokiServer) Query(t testing.TB, logql string, from, to time.Time) []Entry {
	t.Helper()
	got := l.ask(t, "/loki/api/v1/query_range", url.Values{
		"query": {logql}, "limit": {strconv.Itoa(lokiLimit)}, "direction": {"forward"},
		"start": {nanoseconds(from)}, "end": {nanoseconds(to)},
	})
	var streams []struct {
		Stream map[string]string `json:"stream"`
		Values [][2]string       `json:"values"` // nanoseconds since 1970, line
	}
	if got.ResultType != "streams" {
		t.Fatalf("query %q is answered with a %s: use QueryMetric", logql, got.ResultType)
	}
	if err := json.Unmarshal(got.Result, &streams); err != nil {
		t.Fatalf("query %q: %v: %s", logql, err, got.Result)
	}
	var entries []Entry
	for _, s := range streams {
		for _, value := range s.Values {
			ns, err := strconv.ParseInt(value[0], 10, 64)
			if err != nil {
				t.Fatalf("query %q: %v", logql, err)
			}
			entries = append(entries, Entry{Time: time.Unix(0, ns).UTC(), Line: value[1], Labels: s.Stream})
		}
	}
	return entries
}

// QueryMetric returns the answer of a metric query, such as
// sum(count_over_time({...}[1h])), at a time, in no order.
func (l *LokiServer) QueryMetric(t testing.TB, logql string, at time.Time) []Sample {
	t.Helper()
	samples, err := l.ask(t, "/loki/api/v1/query", url.Values{"query": {logql}, "time": {nanoseconds(at)}}).samples()
	if err != nil {
		t.Fatalf("query %q: %v", logql, err)
	}
	return samples
}

func nanoseconds(at time.Time) string { return strconv.FormatInt(at.UnixNano(), 10) }
