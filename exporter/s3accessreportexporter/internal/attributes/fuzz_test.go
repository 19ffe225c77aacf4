package attributes

import (
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/tally"
)

// FuzzEach reads log records of anybody: no panic, texts within their bound, and figures
// that can be counted.
func FuzzEach(f *testing.F) {
	for _, event := range []string{eventRequest, eventMalformed, ""} {
		all := plog.NewLogs()
		of := all.ResourceLogs().AppendEmpty()
		of.Resource().Attributes().PutStr("aws.s3.bucket", "b")
		record := of.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
		record.SetEventName(event)
		record.Attributes().PutStr("client.address", "192.0.2.1")
		record.Attributes().PutInt("http.response.status_code", 403)
		record.Attributes().PutDouble("aws.s3.total_time", -1e300)
		record.Attributes().PutEmptySlice("threat.feed.name").AppendEmpty().SetStr("x")
		value, err := (&plog.ProtoMarshaler{}).MarshalLogs(all)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		all, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(value)
		if err != nil {
			return
		}
		of := tally.New(720 * time.Hour)
		Each(all, func(r *tally.Record) {
			for _, text := range []string{r.Bucket, r.Operation, r.Client, r.Requester, r.Key, r.Agent, r.Code, r.City, r.Actor, r.OddValue, r.Reason, r.Example} {
				if len(text) > tally.MostText {
					t.Errorf("a text of %d bytes", len(text))
				}
			}
			of.Add(r, time.Now().UnixMilli())
		})
	})
}
