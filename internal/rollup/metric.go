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
	directed  []directed // its parts by network.io.direction, if that is one of its attributes
}

// measure returns the value of a record that is added up; Absent, or any negative
// number, is no observation.
type measure func(*accesslog.Record) int64

// directed is the part of a metric that one value of network.io.direction has.
type directed struct {
	direction string
	measure   measure
}

const direction = "network.io.direction"

// Type returns sum or histogram.
func (m *Metric) Type() string {
	if m.histogram {
		return "histogram"
	}
	return "sum"
}

// Need is what a metric requires to count anything.
type Need uint8

// What metrics need besides the log.
const (
	NeedsNothing Need = iota
	NeedsGeo
	NeedsThreats // such a metric counts only requests of threats
)

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
			directed:    []directed{{"transmit", transmitted}, {"receive", received}},
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

func requests(*accesslog.Record) int64 { return 1 }

// transmitted returns how many bytes S3 sent.
func transmitted(r *accesslog.Record) int64 { return accesslog.BodySize(r) }

// received returns the size of the object or part that was uploaded.
func received(r *accesslog.Record) int64 {
	switch r.Operation {
	case "REST.PUT.OBJECT", "REST.PUT.PART", "REST.POST.OBJECT":
		return storedSize(r)
	}
	return accesslog.Absent
}

// transferred returns the bytes of both directions.
func transferred(r *accesslog.Record) int64 {
	sent, uploaded := transmitted(r), received(r)
	if uploaded == accesslog.Absent {
		return sent
	}
	return plus(max(sent, 0), uploaded)
}

// added returns the size of the object or part that was uploaded or copied.
func added(r *accesslog.Record) int64 {
	switch r.Operation {
	case "REST.COPY.OBJECT", "REST.COPY.PART":
		// REST.POST.UPLOAD, which completes an upload, is not here: its parts were counted.
		return storedSize(r)
	}
	return received(r)
}

// storedSize returns the object's size if the request succeeded.
func storedSize(r *accesslog.Record) int64 {
	if r.Status < 200 || r.Status > 299 {
		return accesslog.Absent
	}
	return r.ObjectSize
}

func total(r *accesslog.Record) int64 { return r.TotalTime }

func turnAround(r *accesslog.Record) int64 { return r.TurnAroundTime }
