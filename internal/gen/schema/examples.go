package schema

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/zeebo/xxh3"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/otlplogs"
)

// The lines of the page. The first one has as many attributes as a record can have, the
// second one the others.
var lines = []string{
	`79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be example-bucket [06/Nov/2026:10:20:30 +0000] 203.0.113.101 arn:aws:sts::111122223333:assumed-role/uploader/maria@example.com 3E57427F3EXAMPLE REST.PUT.PART backup/db%252B1.tar "PUT /backup/db%2B1.tar?partNumber=2&uploadId=VXBsb2FkIElE&x-user=maria HTTP/1.1" 200 - - 8388608 435 16 "https://app.example.com/?op=copy" "aws-cli/2.32.2" 3HL4kqtJvjVBH40Nrjfkd s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader example-bucket.s3.eu-west-1.amazonaws.com:443 TLSv1.2 arn:aws:s3:eu-west-1:111122223333:accesspoint/backup Yes eu-west-1 new`,
	`79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be example-bucket [06/Nov/2026:10:20:31 +0000] 203.0.113.101:51234 - 7B4A0FABBEXAMPLE REST.UNKNOWN.OBJECT a.txt "BREW /a.txt?sig=5ECRET HTTP/1.1" 403 AccessDenied 243 - 8 7 "-" "curl/8.17.0" - s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234= - TLS_AES_128_GCM_SHA256 - example-bucket.s3.eu-west-1.amazonaws.com TLSv1.3 - - eu-west-1`,
}

var client = enrich.Client{
	Place: &enrich.Place{
		ContinentCode: "EU", CountryISOCode: "DE", RegionISOCode: "DE-BE", LocalityName: "Berlin", PostalCode: "10115",
		HasLocation: true, Latitude: 52.53, Longitude: 13.38, ASNumber: 64500, ASOrganization: "Example Networks",
	},
	Threat: &enrich.Threat{
		Indicator: "203.0.113.0/24", Confidence: enrich.High, Type: "ipv4-addr", Provider: "isac", Description: "Scans buckets",
		Group: "EXAMPLE SPIDER", Software: "ExampleRAT", Feed: "internal", Feeds: []string{"internal", "drop"},
	},
}

// examples returns a value of each attribute that the lines have, as the code makes it.
func examples() (resource, record, malformed map[string]string, err error) {
	resource, record, malformed = map[string]string{}, map[string]string{}, map[string]string{}
	converter := otlplogs.NewConverter(otlplogs.Options{
		ServiceName: "s3_access_logs", Original: otlplogs.OriginalAlways, SourceObject: true,
		RequestParameters: []string{"x-user"}, RefererParameters: []string{"op"},
	})
	from := otlplogs.Origin{
		Path:   "s3://example-logs/access/111122223333/eu-west-1/example-bucket/2026/11/06/2026-11-06-11-04-13-0123456789ABCDEF",
		Bucket: "example-bucket", AccountID: "111122223333", Region: "eu-west-1",
	}
	batch := converter.NewBatch(len(lines) + 1)
	for _, line := range lines {
		var r accesslog.Record
		if err := accesslog.Parse(line, &r); err != nil {
			return nil, nil, nil, err
		}
		batch.Append(&r, line, xxh3.HashString128(line).Bytes(), &from, client)
	}
	var torn accesslog.Record
	line := lines[0][:120]
	reason := accesslog.Parse(line, &torn)
	if reason == nil {
		return nil, nil, nil, errors.New("a torn line is a record")
	}
	batch.AppendMalformed(&torn, line, xxh3.HashString128(line).Bytes(), &from, reason)
	for _, rl := range batch.Logs().ResourceLogs().All() {
		fill(resource, rl.Resource().Attributes())
		for _, sl := range rl.ScopeLogs().All() {
			for _, lr := range sl.LogRecords().All() {
				of := record
				if lr.EventName() == "aws.s3.server_access.malformed" {
					of = malformed
				}
				fill(of, lr.Attributes())
			}
		}
	}
	return resource, record, malformed, nil
}

// fill takes the values of attributes that have none so far.
func fill(examples map[string]string, attributes pcommon.Map) {
	for name, value := range attributes.All() {
		for _, prefix := range []string{otlplogs.RequestParameter, otlplogs.RefererParameter} {
			if strings.HasPrefix(name, prefix) {
				name = prefix + "<name>"
			}
		}
		if examples[name] == "" {
			examples[name] = shown(value)
		}
	}
}

const longest = 48 // bytes of an example

func shown(value pcommon.Value) string {
	switch value.Type() {
	case pcommon.ValueTypeSlice:
		text, err := json.Marshal(value.Slice().AsRaw())
		if err != nil {
			return err.Error()
		}
		return string(text)
	case pcommon.ValueTypeDouble:
		return strconv.FormatFloat(value.Double(), 'g', -1, 64)
	}
	text := value.AsString()
	if len(text) > longest {
		text = text[:longest] + "..."
	}
	return text
}
