package servers

import (
	"bytes"
	"encoding/json"
	"net/url"
	"testing"
	"time"
)

// VictoriaLogsServer is a running VictoriaLogs.
type VictoriaLogsServer struct {
	*process
}

// Row is one line of a query's answer: a log record, or what the query's pipes made of
// records. All values are text; what has none is absent.
type Row map[string]string

// VictoriaLogs starts a server that takes records of any age. It is killed when the
// test ends.
func VictoriaLogs(t testing.TB) *VictoriaLogsServer {
	t.Helper()
	program := built(t, "bin", "victoria-logs")
	port := freePort(t)
	return &VictoriaLogsServer{start(t, port, "/health",
		program,
		"-httpListenAddr=127.0.0.1:"+port,
		"-storageDataPath="+t.TempDir(),
		"-retentionPeriod=100y", // by default it drops what is older than 7 days, and answers 200
	)}
}

// URL returns the server's address. It takes logs over OTLP/HTTP at
// /insert/opentelemetry/v1/logs.
func (v *VictoriaLogsServer) URL() string { return v.url }

// Query returns the rows of a query over the records in [from, to). It finds all that
// was accepted before.
func (v *VictoriaLogsServer) Query(t testing.TB, logsql string, from, to time.Time) []Row {
	t.Helper()
	v.get(t, "/internal/force_flush", nil) // else up to a second passes
	answer := v.get(t, "/select/logsql/query", url.Values{
		"query": {logsql}, "start": {from.Format(time.RFC3339Nano)}, "end": {to.Format(time.RFC3339Nano)},
	})
	var rows []Row
	for line := range bytes.Lines(answer) {
		var row Row
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatalf("query %q: %v: %s", logsql, err, line)
		}
		rows = append(rows, row)
	}
	return rows
}
