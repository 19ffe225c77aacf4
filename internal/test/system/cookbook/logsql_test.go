package cookbook

import (
	"strings"
	"testing"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/system/servers"
)

// The times between which all records are.
var (
	longAgo = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	farOff  = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

func TestServersCookbookOfLogsQL(t *testing.T) {
	questions := readPage(t)
	victoria := servers.VictoriaLogs(t)
	folder, lines := logs(t)
	run(t, folder, pipeline("logs", "", `
    logs_endpoint: `+victoria.URL()+`/insert/opentelemetry/v1/logs
    headers: {VL-Stream-Fields: "service.name,aws.s3.bucket,event_name"}`))
	requests := readRequests(t, lines)
	for question, f := range figures {
		t.Run(question, func(t *testing.T) {
			var answer []map[string]string
			for _, found := range victoria.Query(t, questions[question]["logsql"], longAgo, farOff) {
				line := map[string]string{}
				for name, value := range found {
					line[strings.ReplaceAll(name, ".", "_")] = value
				}
				line["time"], line["hour"] = found["_time"], found["_time"]
				answer = append(answer, line)
			}
			f.assertRows(t, requests, answer)
		})
	}
}
