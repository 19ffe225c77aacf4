package rollup

import "github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"

// Metric describes a metric.
type Metric struct {
	Name        string
	Unit        string // UCUM
	Description string
	Attributes  []string // the default ones
	Needs       Need

	histogram bool
	measure   measure
	directed  []measure // its parts, if network.io.direction is to tell them apart
}

// Type returns sum or histogram.
func (m *Metric) Type() string {
	if m.histogram {
		return "histogram"
	}
	return "sum"
}

// Need is what a metric counts nothing without.
type Need uint8

// What metrics need beside the log.
const (
	NeedsNothing Need = iota
	NeedsGeo
	NeedsThreats // such a metric counts threats alone
)

// measure is what of a record is added up.
type measure uint8

const (
	requests measure = iota
	transmitted
	received
	transferred // both
	added
	total
	turnAround
	measures // how many there are
)

// amounts are a record's measures; Absent is no observation.
type amounts [measures]int64

const direction = "network.io.direction"

// directions are the values of network.io.direction by measure.
var directions = [measures]string{transmitted: "transmit", received: "receive"}

// Metrics returns all metrics, in the order of the documentation.
func Metrics() []Metric {
	byOperation := []string{"aws.s3.bucket", "aws.s3.operation"}
	return []Metric{
		{
			Name: "aws.s3.server.requests", Unit: "{request}",
			Description: "Requests that S3 served or refused.",
			Attributes:  []string{"aws.s3.bucket", "aws.s3.operation", "http.response.status_code", "error.type"},
			measure:     requests,
		},
		{
			Name: "aws.s3.server.io", Unit: "By",
			Description: "Bytes sent to clients (transmit) and taken from them as objects and parts (receive).",
			Attributes:  append(byOperation[:2:2], direction),
			measure:     transferred,
			directed:    []measure{transmitted, received},
		},
		{
			Name: "aws.s3.server.object.added", Unit: "By",
			Description: "Size of the objects and parts that were stored, uploaded or copied.",
			Attributes:  byOperation,
			measure:     added,
		},
		{
			Name: "aws.s3.server.request.duration", Unit: "s",
			Description: "Time from the request's arrival to the last byte of the response (total time).",
			Attributes:  byOperation,
			histogram:   true, measure: total,
		},
		{
			Name: "aws.s3.server.turn_around.duration", Unit: "s",
			Description: "Time that S3 spent on the request (turn-around time).",
			Attributes:  byOperation,
			histogram:   true, measure: turnAround,
		},
		{
			Name: "aws.s3.server.client.requests", Unit: "{request}",
			Description: "Requests by the country of the client.",
			Attributes:  []string{"aws.s3.bucket", "geo.country.iso_code"},
			Needs:       NeedsGeo, measure: requests,
		},
		{
			Name: "aws.s3.server.threat.requests", Unit: "{request}",
			Description: "Requests of clients that a threat feed names.",
			Attributes: []string{
				"aws.s3.bucket", "client.address", "geo.country.iso_code",
				"threat.group.name", "threat.indicator.confidence", "threat.feed.name",
			},
			Needs: NeedsThreats, measure: requests,
		},
	}
}

// measureOf returns what of a record is added up.
func measureOf(r *accesslog.Record) amounts {
	sent := accesslog.BodySize(r)
	a := amounts{
		requests:    1,
		transmitted: sent,
		received:    accesslog.Absent,
		transferred: sent,
		added:       accesslog.Absent,
		total:       r.TotalTime,
		turnAround:  r.TurnAroundTime,
	}
	if r.ObjectSize == accesslog.Absent || r.Status < 200 || r.Status > 299 {
		return a
	}
	switch r.Operation {
	case "REST.PUT.OBJECT", "REST.PUT.PART", "REST.POST.OBJECT":
		a[received], a[added] = r.ObjectSize, r.ObjectSize
		a[transferred] = plus(max(sent, 0), r.ObjectSize)
	case "REST.COPY.OBJECT", "REST.COPY.PART":
		// REST.POST.UPLOAD, which completes an upload, is not here: its parts were counted.
		a[added] = r.ObjectSize
	}
	return a
}
