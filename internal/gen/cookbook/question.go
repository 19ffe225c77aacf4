package cookbook

import "strings"

// Question is what somebody wants to know, and how each store answers it.
type Question struct {
	Title  string
	About  string // what the answer means, and what it leaves out
	Report string // where the report shows it

	LogsQL, LogQL, DuckDB, ClickHouse string
	PromQL                            string // empty where the metrics do not tell
}

// Chapter is a group of questions.
type Chapter struct {
	Title     string
	Questions []Question
}

// plan is a question about log records from which all queries follow: either list or by
// and values are set.
type plan struct {
	where  []condition
	list   []string // attributes of the records to show, the newest first
	by     []string // attributes of a group
	hourly bool     // a group for each hour
	values []value  // the first one decides the order
	least  string   // groups with less of the first value are left out
	top    bool     // only the largest groups
}

// value is a figure of a group.
type value struct {
	name string
	kind kind
	of   string      // an attribute
	only []condition // of the records that pass these as well
}

type kind int

const (
	count kind = iota
	sum
	different // values of an attribute
	p95
)

// The largest groups, and the newest records, that a query shows.
const (
	topGroups  = "20"
	mostListed = "500"
)

// condition is a test of an attribute.
type condition struct {
	attribute string
	test      test
	values    []string
}

type test int

const (
	isOneOf test = iota
	isNot
	isThere
	isAbsent
	begins
	beginsNot
	matches // a regular expression, all of the value
	atLeast
	below
)

func is(attribute string, values ...string) condition { return condition{attribute, isOneOf, values} }

func not(attribute, value string) condition { return condition{attribute, isNot, []string{value}} }
func has(attribute string) condition        { return condition{attribute, isThere, nil} }

func starts(attribute string, values ...string) condition {
	return condition{attribute, begins, values}
}

func startsNot(attribute, value string) condition {
	return condition{attribute, beginsNot, []string{value}}
}

func matching(attribute, expression string) condition {
	return condition{attribute, matches, []string{expression}}
}

func from(attribute, number string) condition { return condition{attribute, atLeast, []string{number}} }

func under(attribute, number string) condition {
	return condition{attribute, below, []string{number}}
}

// types are those of the attributes in queries that are no text.
var types = map[string]string{
	status: "int", bytesSent: "int", objectSize: "int", totalTime: "int", "aws.s3.turn_around_time": "int", aclRequired: "bool",
}

const (
	bucket      = "aws.s3.bucket"
	operation   = "aws.s3.operation"
	key         = "aws.s3.key"
	status      = "http.response.status_code"
	errorType   = "error.type"
	bytesSent   = "http.response.body.size"
	objectSize  = "aws.s3.object.size"
	totalTime   = "aws.s3.total_time"
	aclRequired = "aws.s3.acl_required"
	signature   = "aws.signature.version"
	authType    = "aws.s3.auth_type"
	uploadID    = "aws.s3.upload_id"
	versionID   = "aws.s3.version_id"
	requestID   = "aws.request_id"
	tlsVersion  = "tls.protocol.version"
	scheme      = "url.scheme"
	requester   = "user.id"
	userName    = "user.name"
	whoType     = "aws.requester.type"
	session     = "aws.requester.session_name"
	account     = "aws.requester.account_id"
	address     = "client.address"
	agent       = "user_agent.original"
	confidence  = "threat.indicator.confidence"
	actor       = "threat.group.name"
)

// column is an attribute's name as Loki, Prometheus and s3_access have it.
func column(attribute string) string { return strings.ReplaceAll(attribute, ".", "_") }

func columns(attributes []string) string {
	names := make([]string, len(attributes))
	for i, a := range attributes {
		names[i] = column(a)
	}
	return strings.Join(names, ", ")
}

// answers fills in the queries that follow from a plan.
func (p *plan) answers(q Question) Question {
	q.LogsQL, q.LogQL = p.logsQL(), p.logQL()
	q.DuckDB, q.ClickHouse = p.sql(&duckDB), p.sql(&clickHouse)
	return q
}
