package cookbook

import (
	"fmt"
	"strings"
)

// Chapters returns all questions, in the order of the page.
func Chapters() []Chapter {
	return []Chapter{objects(), access(), protection(), masses(), operations(), cost()}
}

// Page returns docs/cookbook.md.
func Page() string {
	var page, contents strings.Builder
	page.WriteString(introduction)
	chapters, questions := strings.Builder{}, 0
	for _, c := range Chapters() {
		fmt.Fprintf(&contents, "* **%s**\n", c.Title)
		fmt.Fprintf(&chapters, "\n## %s\n", c.Title)
		for i := range c.Questions {
			questions++
			title := c.Questions[i].Title
			fmt.Fprintf(&contents, "  * [%s](#%s)\n", title, anchor(title))
			chapters.WriteString(c.Questions[i].section())
		}
	}
	fmt.Fprintf(&page, "## %d questions\n\n%s\n%s%s", questions, contents.String(), preparations(), chapters.String())
	return page.String()
}

// anchor is what GitHub makes of a heading.
func anchor(title string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, title)
}

// The marks of code blocks: the first word is the language, and tests run what they say.
const (
	markLogsQL     = "logsql"
	markLogQL      = "logql"
	markPromQL     = "promql"
	markDuckDB     = "sql duckdb"
	markClickHouse = "sql clickhouse"
)

func (q *Question) section() string {
	var s strings.Builder
	fmt.Fprintf(&s, "\n### %s\n\n%s\n\n**Report:** %s\n", q.Title, q.About, q.Report)
	s.WriteString(block("LogsQL", markLogsQL, q.LogsQL))
	s.WriteString(block("LogQL (not executed)", markLogQL, q.LogQL))
	if q.PromQL != "" {
		s.WriteString(block("PromQL", markPromQL, q.PromQL))
	}
	if q.DuckDB == q.ClickHouse {
		s.WriteString(block("DuckDB; ClickHouse the same (not executed)", markDuckDB, q.DuckDB))
		return s.String()
	}
	s.WriteString(block("DuckDB", markDuckDB, q.DuckDB))
	s.WriteString(block("ClickHouse (not executed)", markClickHouse, q.ClickHouse))
	return s.String()
}

func block(title, mark, text string) string {
	return "\n" + title + ":\n\n```" + mark + "\n" + text + "\n```\n"
}

const introduction = `# Cookbook

**Which query answers this question?** Each one of an investigator or an accountant is answered
here in LogsQL ([VictoriaLogs](../examples/victorialogs.yaml)), LogQL ([Loki](../examples/loki.yaml)),
PromQL ([Prometheus](../examples/dashboards.yaml), [VictoriaMetrics](../examples/victoriametrics.yaml))
where metrics can answer it, SQL, and with the [report](../exporter/s3accessreportexporter/README.md).

<!-- Written by internal/gen/cookbook: make generate -->

| language | runs in ` + "`make test-servers`" + `, over the sample week, against a count over the lines |
|---|---|
| LogsQL | yes, in VictoriaLogs |
| PromQL | yes, in Prometheus, and with ` + "`sum_over_time`" + ` in VictoriaMetrics |
| SQL of DuckDB | yes, over the lines of the file exporter |
| LogQL | no: Grafana's grammar of LogQL parses it; most of it is made from the same table as the LogsQL |
| SQL of ClickHouse | no: most of it is made from the same table as DuckDB's |

What to know:

* **Time.** Choose a time range in LogsQL; in SQL add ` + "`time >= ...`" + `. The LogQL and PromQL queries use a window of 30 days or one hour.
* **Records that come twice.** S3 delivers some records twice, and a restart may read some again: all copies have one
  ` + "`log.record.uid`" + `, and the queries count each copy. Where that matters, begin with ` + "`| uniq by (log.record.uid, ...)`" + ` or
  ` + "`SELECT DISTINCT ON (log_record_uid) *`" + `. The report counts a record once.
* **Metrics by arrival or by the time of the request.** ` + "`increase`" + ` is for counters, which count by the time of reading.
  With ` + "`temporality: delta, timestamps: event`" + ` in VictoriaMetrics write ` + "`sum_over_time`" + ` in its place.
* **Buckets, keys, names and dates** are those of the sample week, 2026-11-09 to 15, so that each query can be tried.
* **What is not in the logs.** Delivery is best effort: no record is no proof that there was no request.

`

func preparations() string {
	return "## Before\n\nNames are those of the [schema](schema.md). VictoriaLogs keeps their dots; Loki, Prometheus and the columns of `s3_access` have `_` in their place.\n" +
		"\n### For LogsQL\n\nThe streams of [examples/victorialogs.yaml](../examples/victorialogs.yaml). An empty sum is `NaN` there.\n" +
		"\n### For PromQL\n\nThese attributes, beside the default ones:\n\n```yaml\n" + metrics + "```\n" +
		"\n### For DuckDB\n\nDuckDB 1.3 or newer reads what the file exporter writes, 2,500 records a second of CPU time, into a table:\n\n```yaml\n" + fileExporter + "```\n\n```" + markDuckDB + "\n" + duckTable() + "\n```\n" +
		"\n### For ClickHouse\n\nThe table `otel_logs` is that of contrib's `clickhouse` exporter (not executed):\n\n```" + markClickHouse + "\n" + clickView() + "\n```\n"
}

// metrics are the settings that the PromQL needs.
const metrics = `receivers:
  s3_access_logs:
    metrics:
      key_prefix_depth: 1 # for the question of cost
      aws.s3.server.requests:
        attributes:
          - aws.s3.bucket
          - aws.s3.operation
          - http.response.status_code
          - error.type
          - aws.requester.type
          - user.name
          - tls.protocol.version
          - aws.signature.version
          - aws.s3.auth_type
          - aws.s3.acl_required
          - aws.s3.key.prefix
      aws.s3.server.io:
        attributes: [aws.s3.bucket, aws.s3.operation, network.io.direction, aws.requester.type, user.name]
`

// fileExporter is a configuration whose file DuckDB reads.
const fileExporter = `receivers:
  s3_access_logs:
    directory: {path: ./logs}
exporters:
  file: {path: s3-access.jsonl}
extensions:
  shutdown_when_done:
service:
  extensions: [shutdown_when_done]
  pipelines:
    logs: {receivers: [s3_access_logs], exporters: [file]}
`
