package testservers

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
)

// Audit logs are read long after they were written, and in no order.
func TestServersLokiTakesOTLPOfAnyAge(t *testing.T) {
	loki := Loki(t)
	now := time.Now().Truncate(time.Microsecond).UTC()
	ages := []time.Duration{0, 90 * 24 * time.Hour, time.Hour, 3 * 365 * 24 * time.Hour}
	for _, age := range ages {
		body, err := plogotlp.NewExportRequestFromLogs(record(now.Add(-age))).MarshalProto()
		require.NoError(t, err)
		post(t, loki.OTLP()+"/v1/logs", protobuf, body)
	}
	const all = `{service_name="testservers"}`
	for _, age := range ages {
		at := now.Add(-age)
		got := loki.Query(t, all, at, at.Add(time.Second))
		require.Len(t, got, 1, age)
		assert.Equal(t, at, got[0].Time)
		assert.Equal(t, "one request", got[0].Line)
		assert.Equal(t, "testservers", got[0].Labels["service_name"])
		assert.Equal(t, "REST.GET.OBJECT", got[0].Labels["aws_s3_operation"], "structured metadata")
	}
	assert.Empty(t, loki.Query(t, all, now.Add(-30*time.Minute), now.Add(-time.Minute)))
	counted := loki.QueryMetric(t, "sum(count_over_time("+all+"[5y]))", now.Add(time.Second))
	assert.Equal(t, []Sample{{Labels: map[string]string{}, Value: float64(len(ages))}}, counted)
}

func record(at time.Time) plog.Logs {
	logs := plog.NewLogs()
	rl := logs.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", "testservers")
	record := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	record.SetTimestamp(pcommon.NewTimestampFromTime(at))
	record.Body().SetStr("one request")
	record.Attributes().PutStr("aws.s3.operation", "REST.GET.OBJECT")
	return logs
}
