package e2e

import (
	"cmp"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// figure is what a panel of metrics has to show: a function of the requests.
type figure struct {
	by      []string // the labels of its series
	want    func(all []request, by []string) map[string]float64
	perTime bool // what is wanted happens in the window, and the panel shows it per second
	zero    bool // nothing is shown as 0
	rest    bool // what the top leaves is shown, if it leaves any
}

// figureOf returns the figure of a panel's query. Of several, each has its own, with the
// legend in its name.
func figureOf(name string, p *boardPanel, q *boardQuery) (f figure, known bool) {
	if len(p.Targets) > 1 {
		name += ": " + q.LegendFormat
	}
	f, known = figures[name]
	return f, known
}

// of returns what the panel has to show of the requests, and the labels of its series.
func (f *figure) of(all []request, c chosen) (want map[string]float64, by []string) {
	want = f.want(all, f.by)
	if f.rest {
		top, _ := strconv.Atoi(c["top"])
		left := 0.0
		for i, n := range largestOf(len(want), want) {
			if i >= top {
				left += n
			}
		}
		want = map[string]float64{"": left}
		if left == 0 {
			delete(want, "")
		}
		return want, byAll
	}
	if f.zero && len(want) == 0 {
		want = map[string]float64{"": 0}
	}
	return want, f.by
}

// weight is what a request adds to a figure.
type weight func(*request) float64

// of counts requests that pass all tests.
func of(tests ...func(*request) bool) weight {
	return func(q *request) float64 {
		for _, passes := range tests {
			if !passes(q) {
				return 0
			}
		}
		return 1
	}
}

func bytesSent(q *request) float64  { return q.sent }
func bytesAdded(q *request) float64 { return q.added }

// has tests a label with a regular expression that has to match all of it.
func has(label, pattern string) func(*request) bool {
	expression := regexp.MustCompile("^(?:" + pattern + ")$")
	return func(q *request) bool { return expression.MatchString(q.labels[label]) }
}

// add sums weights by labels; a group of which all weigh nothing is left out.
func add(w weight) func([]request, []string) map[string]float64 {
	return func(all []request, by []string) map[string]float64 {
		sums := map[string]float64{}
		for i := range all {
			if n := w(&all[i]); n != 0 {
				sums[key(all[i].labels, by)] += n
			}
		}
		return sums
	}
}

// key names a series by the values of labels.
func key(labels map[string]string, by []string) string {
	values := make([]string, len(by))
	for i, label := range by {
		values[i] = labels[label]
	}
	return strings.Join(values, " | ")
}

// share divides one sum by another.
func share(part, whole weight) func([]request, []string) map[string]float64 {
	return func(all []request, by []string) map[string]float64 {
		parts := add(part)(all, by)
		shares := map[string]float64{}
		for k, n := range add(whole)(all, by) {
			shares[k] = parts[k] / n
		}
		return shares
	}
}

// different counts the values of a label among those that weigh something.
func different(label string, w weight) func([]request, []string) map[string]float64 {
	return func(all []request, _ []string) map[string]float64 {
		if n := len(add(w)(all, []string{label})); n > 0 {
			return map[string]float64{"": float64(n)}
		}
		return nil
	}
}

// mean is the average of durations in seconds.
func mean(metric string) func([]request, []string) map[string]float64 {
	return func(all []request, by []string) map[string]float64 {
		means := map[string]float64{}
		for k, seconds := range durations(all, by, metric) {
			for _, s := range seconds {
				means[k] += s / float64(len(seconds))
			}
		}
		return means
	}
}

// atQuantile is what histogram_quantile makes of durations: interpolated between the
// bounds, of which the last is the most it says.
func atQuantile(q float64, metric string) func([]request, []string) map[string]float64 {
	return func(all []request, by []string) map[string]float64 {
		found := map[string]float64{}
		for k, seconds := range durations(all, by, metric) {
			slices.Sort(seconds)
			rank := q * float64(len(seconds))
			lower, below := 0.0, 0
			found[k] = bounds[len(bounds)-1]
			for _, upper := range bounds {
				n, _ := slices.BinarySearch(seconds, math.Nextafter(upper, math.Inf(1)))
				if float64(n) >= rank {
					found[k] = lower + (upper-lower)*(rank-float64(below))/float64(n-below)
					break
				}
				lower, below = upper, n
			}
		}
		return found
	}
}

func durations(all []request, by []string, metric string) map[string][]float64 {
	groups := map[string][]float64{}
	for i := range all {
		if s, known := all[i].took[metric]; known {
			k := key(all[i].labels, by)
			groups[k] = append(groups[k], s)
		}
	}
	return groups
}

// largestOf keeps so many of the largest values.
func largestOf(n int, of map[string]float64) []float64 {
	values := slices.SortedFunc(maps.Values(of), func(a, b float64) int { return cmp.Compare(b, a) })
	return values[:min(n, len(values))]
}

var (
	byBucket  = []string{"aws_s3_bucket"}
	byAll     = []string{}
	byThreat  = []string{"client_address", "threat_group_name", "threat_indicator_confidence", "threat_feed_name", "geo_country_iso_code", "aws_s3_bucket"}
	byRequest = []string{"aws_s3_bucket", "aws_requester_type", "user_name"}

	isFailed    = has("http_response_status_code", "[45]..")
	isKnown     = has("geo_country_iso_code", ".+")
	isThreat    = has("threat_indicator_confidence", ".+")
	isHigh      = has("threat_indicator_confidence", "High")
	isAnonymous = has("aws_requester_type", "anonymous")
	isDenied    = has("http_response_status_code", "403")
	isOldTLS    = has("tls_protocol_version", "1\\.[01]")
	isSigV2     = has("aws_signature_version", "SigV2")
	neededACL   = has("aws_s3_acl_required", "true")
	isPresigned = has("aws_s3_auth_type", "QueryString")
)

func isDeletion(q *request) bool {
	operation := q.labels["aws_s3_operation"]
	return !isFailed(q) && (strings.HasPrefix(operation, "REST.DELETE.") || strings.HasPrefix(operation, "BATCH.DELETE.") ||
		strings.HasPrefix(operation, "S3.EXPIRE.") || operation == "S3.CREATE.DELETEMARKER" || strings.HasPrefix(operation, "S3.DELETE."))
}

// isPlain is a client's request over HTTP.
func isPlain(q *request) bool {
	operation := q.labels["aws_s3_operation"]
	return q.labels["tls_protocol_version"] == "" && q.labels["http_response_status_code"] != "" &&
		!strings.HasPrefix(operation, "S3.") && !strings.HasPrefix(operation, "BATCH.")
}

func plus(labels []string, more ...string) []string { return slices.Concat(labels, more) }

// figures are those of all panels over the metrics of the logs, by dashboard, title
// and, where a panel has several, query.
var figures = map[string]figure{
	"overview: Requests":                                    {by: byAll, want: add(of()), zero: true},
	"overview: Share of failed requests":                    {by: byAll, want: share(of(isFailed), of())},
	"overview: Data sent":                                   {by: byAll, want: add(bytesSent), zero: true},
	"overview: Data added":                                  {by: byAll, want: add(bytesAdded), zero: true},
	"overview: Requests by country of the client":           {by: []string{"geo_country_iso_code"}, want: add(of(isKnown))},
	"overview: Requests by bucket and country":              {by: plus(byBucket, "geo_country_iso_code"), want: add(of(isKnown))},
	"overview: Requests by operation: {{aws_s3_operation}}": {by: []string{"aws_s3_operation"}, want: add(of())},
	"overview: Requests by operation: others":               {by: []string{"aws_s3_operation"}, want: add(of()), rest: true},
	"overview: Data sent by bucket":                         {by: byBucket, want: add(bytesSent)},
	"overview: Requests by bucket":                          {by: byBucket, want: add(of())},

	"details: Data sent by bucket, per second":                                   {by: byBucket, want: add(bytesSent), perTime: true},
	"details: Requests by bucket":                                                {by: byBucket, want: add(of())},
	"details: Requests by operation":                                             {by: []string{"aws_s3_operation"}, want: add(of())},
	"details: Data added by bucket":                                              {by: byBucket, want: add(bytesAdded)},
	"details: Requests by country of the client":                                 {by: []string{"geo_country_iso_code"}, want: add(of(isKnown))},
	"details: Requests with 4xx by bucket":                                       {by: byBucket, want: add(of(has("http_response_status_code", "4..")))},
	"details: Requests with 5xx by bucket":                                       {by: byBucket, want: add(of(has("http_response_status_code", "5..")))},
	"details: Failed requests by bucket, operation and error":                    {by: plus(byBucket, "aws_s3_operation", "http_response_status_code", "error_type"), want: add(of(isFailed))},
	"details: Latency of all requests: average, p50, p95, p99: average":          {by: byAll, want: mean("request")},
	"details: Latency of all requests: average, p50, p95, p99: p50":              {by: byAll, want: atQuantile(0.5, "request")},
	"details: Latency of all requests: average, p50, p95, p99: p95":              {by: byAll, want: atQuantile(0.95, "request")},
	"details: Latency of all requests: average, p50, p95, p99: p99":              {by: byAll, want: atQuantile(0.99, "request")},
	"details: Average latency by bucket":                                         {by: byBucket, want: mean("request")},
	"details: p95 of latency by bucket":                                          {by: byBucket, want: atQuantile(0.95, "request")},
	"details: Turn-around time of all requests: average, p50, p95, p99: average": {by: byAll, want: mean("turn_around")},
	"details: Turn-around time of all requests: average, p50, p95, p99: p50":     {by: byAll, want: atQuantile(0.5, "turn_around")},
	"details: Turn-around time of all requests: average, p50, p95, p99: p95":     {by: byAll, want: atQuantile(0.95, "turn_around")},
	"details: Turn-around time of all requests: average, p50, p95, p99: p99":     {by: byAll, want: atQuantile(0.99, "turn_around")},
	"details: Average turn-around time by bucket":                                {by: byBucket, want: mean("turn_around")},
	"details: p95 of turn-around time by bucket":                                 {by: byBucket, want: atQuantile(0.95, "turn_around")},

	"threat-intel: Requests from known threats":              {by: byAll, want: add(of(isThreat)), zero: true},
	"threat-intel: Requests from threats of high confidence": {by: byAll, want: add(of(isHigh)), zero: true},
	"threat-intel: Malicious clients":                        {by: byAll, want: different("client_address", of(isThreat)), zero: true},
	"threat-intel: Threats by client":                        {by: []string{"client_address"}, want: add(of(isThreat))},
	"threat-intel: Threats by actor":                         {by: []string{"threat_group_name"}, want: add(of(isThreat))},
	"threat-intel: Threats by malicious confidence":          {by: []string{"threat_indicator_confidence"}, want: add(of(isThreat))},
	"threat-intel: Threat locations": {
		by:   []string{"geo_location_lat", "geo_location_lon", "geo_country_iso_code"},
		want: add(of(isThreat, has("geo_location_lat", ".+"))),
	},
	"threat-intel: Threats over time by confidence":                 {by: []string{"threat_indicator_confidence"}, want: add(of(isThreat))},
	"threat-intel: Known threats by client and bucket":              {by: byThreat, want: add(of(isThreat))},
	"threat-intel: Threats of high confidence by client and bucket": {by: byThreat, want: add(of(isHigh))},

	"security: Anonymous requests":                        {by: byAll, want: add(of(isAnonymous)), zero: true},
	"security: Denied requests":                           {by: byAll, want: add(of(isDenied)), zero: true},
	"security: Requests over TLS below 1.2":               {by: byAll, want: add(of(isOldTLS)), zero: true},
	"security: Requests without TLS":                      {by: byAll, want: add(of(isPlain)), zero: true},
	"security: Requests with signature version 2":         {by: byAll, want: add(of(isSigV2)), zero: true},
	"security: Requests that needed an ACL":               {by: byAll, want: add(of(neededACL)), zero: true},
	"security: Deletions":                                 {by: byAll, want: add(of(isDeletion)), zero: true},
	"security: Presigned requests":                        {by: byAll, want: add(of(isPresigned)), zero: true},
	"security: Anonymous requests over time by bucket":    {by: byBucket, want: add(of(isAnonymous))},
	"security: Denied requests over time by bucket":       {by: byBucket, want: add(of(isDenied))},
	"security: Denied requests by bucket and requester":   {by: plus(byRequest, "error_type"), want: add(of(isDenied))},
	"security: Presigned requests by whom":                {by: byRequest, want: add(of(isPresigned))},
	"security: Requests over time by TLS version":         {by: []string{"tls_protocol_version"}, want: add(of())},
	"security: Requests over TLS below 1.2 by whom":       {by: plus(byRequest, "tls_protocol_version"), want: add(of(isOldTLS))},
	"security: Requests with signature version 2 by whom": {by: byRequest, want: add(of(isSigV2))},
	"security: Requests that needed an ACL by whom":       {by: byRequest, want: add(of(neededACL))},
	"security: Deletions over time by operation":          {by: []string{"aws_s3_operation"}, want: add(of(isDeletion))},
	"security: Deletions by whom":                         {by: plus(byRequest, "aws_s3_operation"), want: add(of(isDeletion))},
}

// recordFigures are how many log records the panels of log records list.
var recordFigures = map[string]weight{
	"threat-intel: Threat records":                  of(isThreat),
	"threat-intel: Highly malicious threat records": of(isHigh),
	"security: Denied records":                      of(isDenied),
	"records: Log records":                          of(),
	"security: Deletion records":                    of(has("aws_s3_operation", `(REST|BATCH)\.DELETE.*`)),
}
