package schema

import (
	"fmt"
	"slices"
	"strings"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/otlplogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
)

const introduction = `# Schema

**What is in a log record and in a metric, and where does it come from?** Each attribute with its type, whose name it
has, the field of the access log it comes from, and an example.

<!-- Written by internal/gen/schema: make generate -->

Whose name: **OpenTelemetry**: of the [semantic conventions](https://opentelemetry.io/docs/specs/semconv/); **contrib**: these
have none, and it is the name that contrib's encoding ` + "`awslogs_encoding`" + ` uses; **ECS**: of the
[Elastic Common Schema](https://www.elastic.co/docs/reference/ecs); **own**: of this receiver alone.

Fields are numbered as in [Amazon S3 server access log format](https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html).
What the log has as ` + "`-`" + ` is absent, unless a row says otherwise. Strings are valid UTF-8: other bytes become U+FFFD.
Every text that a client can choose is
[redacted](records.md#redaction). The examples are what the receiver makes of these lines:

` + "```\n"

const recordFields = `
| part of a log record | value |
|---|---|
| Timestamp | field 3, Time: to the second, of JSON records to the millisecond; none for a malformed line |
| ObservedTimestamp | when the line was read |
| EventName | ` + "`aws.s3.server_access`, or `aws.s3.server_access.malformed`" + ` |
| SeverityNumber | INFO; WARN for a 4xx status and a malformed line; ERROR for a 5xx status |
| Body | none; ` + "`logs.body`: `original` is the line, redacted, `summary` one line to read" + ` |
| TraceId, SpanId, Flags | of ` + "`x-traceparent`" + ` in field 9, unless the requester is anonymous |
`

const ofMalformed = "Attributes of a malformed record"

// Page returns docs/schema.md.
func Page() (string, error) {
	resource, record, malformed, err := examples()
	if err != nil {
		return "", err
	}
	inMetrics := map[string]bool{}
	for _, a := range rollup.Attributes() {
		inMetrics[a.Name] = true
	}
	var page strings.Builder
	page.WriteString(introduction + strings.Join(lines, "\n") + "\n```\n\n## Log records\n" + recordFields)
	attributes := func(heading string, all []otlplogs.Attribute, rows map[string]row, examples map[string]string) {
		fmt.Fprintf(&page, "\n### %s\n\n| attribute | type | whose name | from | example | metrics |\n|---|---|---|---|---|---|\n", heading)
		for _, a := range all {
			may := ""
			if inMetrics[a.Name] && heading != ofMalformed {
				may = "may have it"
			}
			fmt.Fprintf(&page, "| `%s` | %s | %s | %s | %s | %s |\n", a.Name, a.Type, rows[a.Name].whose, rows[a.Name].from, code(examples[a.Name]), may)
		}
	}
	attributes("Resource attributes", otlplogs.ResourceAttributes(), resourceRows, resource)
	attributes("Attributes of a record", otlplogs.RecordAttributes(), recordRows, record)
	attributes(ofMalformed, otlplogs.MalformedAttributes(), malformedRows(), malformed)
	page.WriteString("\nThe resource of a malformed record has bucket and owner as far as they were read, else the bucket of the log object's key.\n")
	page.WriteString(metrics())
	return page.String(), nil
}

func metrics() string {
	var page strings.Builder
	page.WriteString("\n## Metrics\n\nThe names are own. `attributes` of a metric may name any attribute that says so above, and `aws.s3.key.prefix`.\n\n" +
		"| metric | type | unit | Prometheus | from | default attributes |\n|---|---|---|---|---|---|\n")
	for _, m := range rollup.Metrics() {
		fmt.Fprintf(&page, "| `%s` | %s | `%s` | `%s` | %s | %s |\n", m.Name, m.Type(), m.Unit, prometheusName(&m), metricRows[m.Name], "`"+strings.Join(m.Attributes, "`, `")+"`")
	}
	page.WriteString("\n| resource attribute | value |\n|---|---|\n| `cloud.provider` | `aws` |\n| `service.name` | the component's id; Prometheus: `job` |\n" +
		"| `service.instance.id` | `metrics.instance_id`; else with `storage` a UUID made once; Prometheus: `instance` |\n\n" +
		"Only metrics have these attributes:\n\n| attribute | type | whose name | value |\n|---|---|---|---|\n" +
		"| `network.io.direction` | string | OpenTelemetry | `transmit` or `receive`, of `aws.s3.server.io` |\n" +
		"| `aws.s3.key.prefix` | string | own | the first folders of field 8, `metrics.key_prefix_depth` of them |\n" +
		"| `otel.metric.overflow` | bool | OpenTelemetry | true on the one series beyond `metrics.cardinality_limit` |\n\n" +
		"The receiver's own telemetry is in [documentation.md](../receiver/s3accesslogsreceiver/documentation.md).\n")
	return page.String()
}

func prometheusName(m *rollup.Metric) string {
	name := strings.ReplaceAll(m.Name, ".", "_") + map[string]string{"By": "_bytes", "s": "_seconds"}[m.Unit]
	if m.Type() == "sum" {
		name += "_total"
	}
	return name
}

// code is an example in backquotes, so that a bar does not end the cell.
func code(example string) string {
	if example == "" {
		return ""
	}
	return "`" + strings.ReplaceAll(example, "|", `\|`) + "`"
}

// onlyMetrics are attributes of metrics that no log record has.
var onlyMetrics = []string{"aws.s3.key.prefix"}

// missing returns the attributes that no row explains, and the rows of none.
func missing() (names []string) {
	known := map[string]bool{}
	for _, list := range [][]otlplogs.Attribute{otlplogs.ResourceAttributes(), otlplogs.RecordAttributes(), otlplogs.MalformedAttributes()} {
		for _, a := range list {
			known[a.Name] = true
			if resourceRows[a.Name].from == "" && malformedRows()[a.Name].from == "" {
				names = append(names, a.Name)
			}
		}
	}
	for _, rows := range []map[string]row{resourceRows, recordRows} {
		for name := range rows {
			if !known[name] {
				names = append(names, name)
			}
		}
	}
	for _, a := range rollup.Attributes() {
		if !known[a.Name] && !slices.Contains(onlyMetrics, a.Name) {
			names = append(names, a.Name)
		}
	}
	for _, m := range rollup.Metrics() {
		if metricRows[m.Name] == "" {
			names = append(names, m.Name)
		}
	}
	return names
}
