package dashboards

import (
	"fmt"
	"regexp"
	"strings"
)

// logStore is where a dashboard finds log records. Each dashboard that lists records
// is there once for each store.
type logStore struct {
	variable // its data source

	suffix string // of its dashboards' names
	// query selects the records that pass all matchers, such as
	// `error_type="AccessDenied"`, and is asked for the columns beside the time.
	query func(matchers []string, columns []column) string
	// field names what a query gives back for a label.
	field func(label string) string
	// target is what its data source has to be told beside the query.
	target object
}

var (
	loki = logStore{
		variable: variable{name: "loki", label: "Loki", kind: dataSource, query: "loki"},
		query:    logQL,
		field:    func(label string) string { return label },
		target:   object{"queryType": "range", "direction": "backward"},
	}
	victoriaLogs = logStore{
		variable: variable{name: "victorialogs", label: "VictoriaLogs", kind: dataSource, query: "victoriametrics-logs-datasource"},
		suffix:   "-victorialogs",
		query:    logsQL,
		field:    attribute,
		target:   object{"queryType": "instant"},
	}
)

// titled returns a title that tells the store's dashboard from the one of Loki.
func (s *logStore) titled(title string) string {
	if s.suffix == "" {
		return title
	}
	return title + " (" + s.label + ")"
}

// logQL is Loki's query. The dots of attributes are underscores there, and matchers are
// written as Prometheus writes them.
func logQL(matchers []string, columns []column) string {
	return `{service_name=~"s3_access_logs.*"} | ` + strings.Join(matchers, " | ") + " | keep " + labels(columns)
}

// logsQL is VictoriaLogs' query. There attributes keep their names, and a regular
// expression may match a part of a value unless it is anchored.
func logsQL(matchers []string, columns []column) string {
	var q strings.Builder
	q.WriteString(`{service.name=~"s3_access_logs.*"}`)
	for _, matcher := range matchers {
		q.WriteString(" " + logsQLFilter(matcher))
	}
	q.WriteString(" | sort by (_time desc) | limit " + most + " | fields _time")
	for _, c := range columns {
		q.WriteString(", " + attribute(c.label))
	}
	return q.String()
}

var (
	matcherParts = regexp.MustCompile("^(\\w+)(=~?)[\"`]([^\"`]*)[\"`]$")
	variableName = regexp.MustCompile(`^\$(?:(\w+)|\{(\w+:raw)\})$`)
)

// logsQLFilter writes a matcher as LogsQL does. It panics on what no dashboard has.
func logsQLFilter(matcher string) string {
	parts := matcherParts.FindStringSubmatch(matcher)
	if parts == nil {
		panic(fmt.Sprintf("the matcher %s has no form in LogsQL", matcher))
	}
	name, operator, value := attribute(parts[1]), parts[2], parts[3]
	switch chosen := variableName.FindStringSubmatch(value); {
	case chosen != nil:
		// The data source's own ways to write several values differ by its version, so
		// Grafana is asked for a regular expression; its backslashes need a raw string.
		format := chosen[2] // a text that is one already
		if format == "" {
			format = chosen[1] + ":regex"
		}
		return name + ":~`^(?:${" + format + "})$`"
	case operator == "=~":
		return name + `:~"^(?:` + value + `)$"`
	}
	return name + `:="` + value + `"`
}

// attribute is a label's name as log records have it. It panics on one that no log
// query had so far.
func attribute(label string) string {
	name, known := attributes[label]
	if !known {
		panic(fmt.Sprintf("the label %s has no attribute beside it", label))
	}
	return name
}

var attributes = map[string]string{
	account:     "cloud.account.id",
	region:      "cloud.region",
	requester:   "aws.requester.type",
	userName:    "user.name",
	tlsVersion:  "tls.protocol.version",
	signature:   "aws.signature.version",
	authType:    "aws.s3.auth_type",
	aclRequired: "aws.s3.acl_required",
	country:     "geo.country.iso_code",
	bucket:      "aws.s3.bucket",
	operation:   "aws.s3.operation",
	status:      "http.response.status_code",
	errorType:   "error.type",
	address:     "client.address",
	actor:       "threat.group.name",
	confidence:  "threat.indicator.confidence",
	requesterID: "user.id",
	key:         "aws.s3.key",
	userAgent:   "user_agent.original",
}
