// Package attributes reads log records: which of their attributes a report counts, and what
// these say. It is the only reader of log records. The texts of a record that was read
// point into the log record.
package attributes

import (
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/sketch"
	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/tally"
)

// The names of the events that are read.
const (
	eventRequest   = "aws.s3.server_access"
	eventMalformed = "aws.s3.server_access.malformed"
)

// Each calls f for each log record, with a record that is valid until f returns.
func Each(logs plog.Logs, f func(*tally.Record)) {
	var r reader
	for _, of := range logs.ResourceLogs().All() {
		bucket := ""
		if v, found := of.Resource().Attributes().Get("aws.s3.bucket"); found {
			bucket = v.Str()
		}
		for _, scope := range of.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				r.read(record, bucket)
				f(&r.Record)
			}
		}
	}
}

// reader has what a record says beside what is counted of it.
type reader struct {
	tally.Record
	kind       string // aws.requester.type
	scheme     string
	auth       string
	signature  string
	tlsVersion string
	objectSize int64
	original   string // http.request.method_original
	acl        bool
}

func (r *reader) read(record plog.LogRecord, bucket string) {
	*r = reader{Record: tally.Record{Bucket: bucket, Total: tally.Absent, Turn: tally.Absent}}
	event := record.EventName()
	time := record.Timestamp()
	if event == eventMalformed {
		r.Malformed = true
		time = record.ObservedTimestamp()
	}
	r.Time = int64(time / 1e6)
	for name, value := range record.Attributes().All() {
		r.take(name, value)
	}
	switch {
	case r.Malformed:
		r.Code = ""
		r.cut(&r.Bucket)
		return
	case event != eventRequest || time == 0 || r.Bucket == "":
		r.Record = tally.Record{Ignored: true}
		return
	}
	r.derive()
	for _, text := range []*string{&r.Bucket, &r.Operation, &r.Client, &r.Requester, &r.Key, &r.Agent, &r.Code} {
		r.cut(text)
	}
}

// take takes an attribute of a record.
func (r *reader) take(name string, v pcommon.Value) {
	switch name {
	case "aws.s3.bucket": // of records that a processor changed
		if r.Bucket == "" {
			r.Bucket = v.Str()
		}
	case "client.address":
		r.Client = r.text(v, tally.HasClient)
	case "user.id":
		r.Requester = r.text(v, tally.HasUser)
	case "aws.requester.type":
		r.kind = v.Str()
	case "aws.s3.operation":
		r.Operation = r.text(v, tally.HasOperation)
	case "aws.s3.key":
		r.Key = r.text(v, tally.HasKey)
	case "http.request.method_original":
		r.original = v.Str()
	case "url.scheme":
		r.scheme = v.Str()
	case "http.response.status_code":
		r.Status = uint16(min(max(r.number(v, tally.HasStatus), 0), 999))
	case "error.type":
		r.Code = v.Str()
	case "http.response.body.size":
		r.Sent = r.number(v, tally.HasBodySize)
	case "aws.s3.object.size":
		r.objectSize = r.number(v, tally.HasObjectSize)
	case "aws.s3.total_time":
		r.Total = max(r.number(v, tally.HasTotalTime), tally.Absent)
	case "aws.s3.turn_around_time":
		r.Turn = max(r.number(v, tally.HasTurnAroundTime), tally.Absent)
	case "user_agent.original":
		r.Agent = r.text(v, tally.HasAgent)
	case "aws.signature.version":
		r.signature = r.text(v, tally.HasSignature)
	case "aws.s3.auth_type":
		r.auth = r.text(v, tally.HasAuthType)
	case "tls.protocol.version":
		r.tlsVersion = r.text(v, tally.HasTLSVersion)
	case "aws.s3.acl_required":
		r.has(tally.HasACLRequired)
		r.acl = v.Bool()
	case "log.record.uid":
		r.UID = uid(r.text(v, tally.HasUID))
	default:
		r.takeMore(name, v)
	}
}

// takeMore takes the attributes that few records have.
func (r *reader) takeMore(name string, v pcommon.Value) {
	switch name {
	case "geo.country.iso_code":
		r.Country = r.kept(r.text(v, tally.HasCountry))
	case "geo.locality.name":
		r.City = r.kept(v.Str())
	case "geo.location.lat":
		r.Lat, r.HasPoint = float32(v.Double()), true
	case "geo.location.lon":
		r.Lon, r.HasPoint = float32(v.Double()), true
	case "threat.indicator.ip":
		r.has(tally.HasThreat)
	case "threat.indicator.confidence":
		for i, word := range tally.Confidences {
			if v.Str() == word {
				r.Confidence = uint8(i) + 1
			}
		}
	case "threat.indicator.type":
		r.ThreatType = r.kept(v.Str())
	case "threat.group.name":
		r.Actor = r.kept(v.Str())
	case "threat.feed.name":
		r.Feed = r.kept(v.Str())
	case "threat.feeds":
		r.Feeds = feeds(v)
	case "aws.s3.extra_fields":
		if v.Type() == pcommon.ValueTypeSlice && v.Slice().Len() > 0 {
			r.oddly("Further field", v.Slice().At(0).Str())
		}
	case "aws.s3.parse_error":
		r.Reason = r.kept(v.Str())
	case "log.record.original":
		if r.Malformed {
			r.Example = r.kept(v.Str())
		}
	}
}

func (r *reader) has(a tally.Attribute) { r.Present |= 1 << a }

func (r *reader) text(v pcommon.Value, a tally.Attribute) string {
	r.has(a)
	return v.Str()
}

func (r *reader) number(v pcommon.Value, a tally.Attribute) int64 {
	r.has(a)
	return v.Int()
}

// cut cuts a text to what is kept.
func (r *reader) cut(text *string) {
	if len(*text) <= tally.MostText {
		return
	}
	end := tally.MostText
	for end > tally.MostText-utf8.UTFMax && !utf8.RuneStart((*text)[end]) {
		end--
	}
	*text = (*text)[:end]
	if r.Cut < 255 {
		r.Cut++
	}
}

func (r *reader) kept(text string) string {
	r.cut(&text)
	return text
}

// mostFeeds is how many of the feeds that one record matched are read.
const mostFeeds = 7

func feeds(v pcommon.Value) string {
	if v.Type() != pcommon.ValueTypeSlice {
		return ""
	}
	var all []string
	for i := range min(v.Slice().Len(), mostFeeds) {
		name := v.Slice().At(i).Str()
		all = append(all, name[:min(len(name), tally.MostText)])
	}
	return strings.Join(all, "\n")
}

// uid returns the first 64 bits of a uid of 128 bits in hexadecimal, the hash of any other.
func uid(text string) (id uint64) {
	const digits = 32
	if len(text) == 0 {
		return 0
	}
	hex := len(text) == digits
	for i := 0; hex && i < digits/2; i++ {
		c := text[i]
		switch {
		case '0' <= c && c <= '9':
			id = id<<4 | uint64(c-'0')
		case 'a' <= c && c <= 'f':
			id = id<<4 | uint64(c-'a'+10)
		default:
			hex = false
		}
	}
	if !hex {
		id = sketch.Hash(text)
	}
	return max(id, 1)
}
