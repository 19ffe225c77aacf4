package dashboards

import "strings"

// Labels of Prometheus and, as structured metadata, of Loki: attributes with dots as
// underscores. attributes names those of log records as VictoriaLogs does.
const (
	account    = "cloud_account_id"
	region     = "cloud_region"
	bucket     = "aws_s3_bucket"
	operation  = "aws_s3_operation"
	status     = "http_response_status_code"
	errorType  = "error_type"
	direction  = "network_io_direction"
	requester  = "aws_requester_type"
	userName   = "user_name"
	tlsVersion = "tls_protocol_version"
	country    = "geo_country_iso_code"
	latitude   = "geo_location_lat"
	longitude  = "geo_location_lon"
	address    = "client_address"
	actor      = "threat_group_name"
	confidence = "threat_indicator_confidence"
	feed       = "threat_feed_name"

	signature   = "aws_signature_version"
	authType    = "aws_s3_auth_type"
	aclRequired = "aws_s3_acl_required"

	// These are too many for metrics.
	requesterID = "user_id"
	key         = "aws_s3_key"
	userAgent   = "user_agent_original"
)

// query is one query of a panel.
type query struct {
	expr   string
	legend string // with {{label}}
}

// Selectors. Each takes further matchers, such as `error_type="AccessDenied"`.

// ofRequests selects the counter of all requests.
func ofRequests(matchers ...string) string {
	return selector("aws_s3_server_requests_total", byOperation(matchers))
}

// ofSent selects the bytes that S3 sent to clients.
func ofSent() string {
	return selector("aws_s3_server_io_bytes_total", byOperation([]string{direction + `="transmit"`}))
}

// ofAdded selects the bytes of objects that were added.
func ofAdded() string { return selector("aws_s3_server_object_added_bytes_total", byOperation(nil)) }

// ofDuration selects a part of a histogram: sum, count or bucket.
func ofDuration(metric, part string) string {
	return selector("aws_s3_server_"+metric+"_duration_seconds_"+part, byOperation(nil))
}

// ofClients selects the requests whose place is known. They have no operation.
func ofClients() string {
	return selector("aws_s3_server_client_requests_total", append(byBucket(), country+`!=""`))
}

// ofClient matches the clients that were chosen, on dashboards with a choice of them.
const ofClient = address + `=~"$client"`

// ofThreats selects the requests of clients that a feed names.
func ofThreats(matchers ...string) string {
	return selector("aws_s3_server_threat_requests_total", byOperation(append([]string{confidence + `=~"$confidence"`, ofClient}, matchers...)))
}

// own selects one of the receiver's own metrics, by the end of its name.
func own(name string, matchers ...string) string {
	return selector("otelcol_receiver_s3_access_logs_"+name, append([]string{`receiver=~"$receiver"`}, matchers...))
}

// byBucket matches what was chosen of where the requests went. Without the attributes of
// account and Region, which metrics have on request, all of them match.
func byBucket() []string {
	return []string{account + `=~"$account"`, region + `=~"$region"`, bucket + `=~"$bucket"`}
}

func byOperation(matchers []string) []string {
	return append(append(byBucket(), operation+`=~"$operation"`), matchers...)
}

func selector(metric string, matchers []string) string {
	return metric + "{" + strings.Join(matchers, ", ") + "}"
}

// Expressions. labels are separated by commas; without any, one value comes out.

// total is how much was counted in the dashboard's time range.
func total(labels, selected string) string { return sum(labels, "increase("+selected+"[$__range])") }

// perSecond is the pace at each moment of a graph.
func perSecond(labels, selected string) string {
	return sum(labels, "rate("+selected+"[$__rate_interval])")
}

// perStep is how much was counted in each step of a graph. Unlike increase it counts each
// event once, however short the steps are. A new series has a 0 in its first step, and after
// an outage of Prometheus there is nothing before a step, but what was counted in it.
func perStep(labels, selected string) string {
	return sum(labels, "clamp_min("+selected+" - ("+selected+" offset $__interval or min_over_time("+selected+"[$__interval])), 0)")
}

// average is the mean of a histogram's observations.
func average(labels, metric string) string {
	return perSecond(labels, ofDuration(metric, "sum")) + " / " + perSecond(labels, ofDuration(metric, "count"))
}

// quantile is one of an explicit histogram's observations. Its labels come from the
// series' le and others.
func quantile(q, labels, buckets string) string {
	if labels != "" {
		labels = ", " + labels
	}
	return "histogram_quantile(" + q + ", " + perSecond("le"+labels, buckets) + ")"
}

// busiest keeps the series of a graph whose label is among the top of the whole time
// range. A plain topk chooses anew at each moment, and shows many more than it says.
func busiest(expr, label, by string) string {
	return "(" + expr + ") and on (" + label + ") topk($top, " + sum(label, "increase("+by+"[$__range] @ end())") + ")"
}

// largest keeps the top of values, in their order.
func largest(expr string) string { return "sort_desc(topk($top, " + expr + "))" }

// rest is what the top of whole values leaves of their sum, if it leaves any.
func rest(of, values string) string { return of + " - sum(topk($top, " + values + ")) > 0.5" }

// grown is total for counters that are scraped and rare. One that appears with its
// first event has no increase at it, so that its value counts if it was not there in a
// range before; a restart within the range hides what was before it.
func grown(labels, selected string) string {
	return sum(labels, "("+selected+" unless last_over_time("+selected+"[$__range] offset $__range)) or increase("+selected+"[$__range])")
}

// orZero makes nothing a 0.
func orZero(expr string) string { return "(" + expr + " or vector(0))" }

func sum(labels, expr string) string {
	if labels != "" {
		labels = " by (" + labels + ") "
	}
	return "sum" + labels + "(" + expr + ")"
}

// labels are those of columns, with commas between.
func labels(columns []column) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.label
	}
	return strings.Join(names, ", ")
}
