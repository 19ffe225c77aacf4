package servers

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
)

// Audit logs are read long after they were written, and in no order.
func TestServersVictoriaLogsTakesOTLPOfAnyAge(t *testing.T) {
	victoria := VictoriaLogs(t)
	now := time.Now().Truncate(time.Microsecond).UTC()
	ages := []time.Duration{0, 90 * 24 * time.Hour, time.Hour, 3 * 365 * 24 * time.Hour}
	for _, age := range ages {
		body, err := plogotlp.NewExportRequestFromLogs(record(now.Add(-age))).MarshalProto()
		require.NoError(t, err)
		post(t, victoria.URL()+"/insert/opentelemetry/v1/logs", http.Header{
			"Content-Type": {"application/x-protobuf"}, "Vl-Stream-Fields": {"service.name"},
		}, body)
	}
	const all = `{service.name="testservers"}`
	for _, age := range ages {
		at := now.Add(-age)
		got := victoria.Query(t, all, at, at.Add(time.Second))
		require.Len(t, got, 1, age)
		assert.Equal(t, at.Format(time.RFC3339Nano), got[0]["_time"])
		assert.Equal(t, "one request", got[0]["_msg"])
		assert.Equal(t, "testservers", got[0]["service.name"])
		assert.Equal(t, "REST.GET.OBJECT", got[0]["aws.s3.operation"])
		assert.Equal(t, "200", got[0]["http.response.status_code"], "numbers become text")
	}
	assert.Empty(t, victoria.Query(t, all, now.Add(-30*time.Minute), now.Add(-time.Minute)))
	assert.Equal(t, []Row{{"n": "4"}}, victoria.Query(t, all+" | stats count() n", now.AddDate(-5, 0, 0), now.Add(time.Second)))
}

func record(at time.Time) plog.Logs {
	logs := plog.NewLogs()
	rl := logs.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", "testservers")
	record := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	record.SetTimestamp(pcommon.NewTimestampFromTime(at))
	record.Body().SetStr("one request")
	record.Attributes().PutStr("aws.s3.operation", "REST.GET.OBJECT")
	record.Attributes().PutInt("http.response.status_code", 200)
	return logs
}
