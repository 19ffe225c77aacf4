package rollup

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/otlplogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/redact"
)

// valuesInLogs are those of the record's attributes in logs.
func valuesInLogs(r *accesslog.Record, p Parameters) pcommon.Map {
	b := otlplogs.NewConverter(otlplogs.Options{RequestParameters: p.Request, RefererParameters: p.Referer}).NewBatch(1)
	b.Append(r, "", [16]byte{}, &otlplogs.Origin{}, enrich.Client{})
	return b.Logs().ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes()
}

// A parameter's value in metrics is the one in logs.
func TestParametersAreThoseOfLogs(t *testing.T) {
	p := Parameters{Request: []string{"x-user"}, Referer: []string{"op"}}
	names := []string{"aws.s3.request.parameter.x-user", "aws.s3.referer.parameter.op"}
	for query, both := range map[string]bool{
		"x-user=alice&op=op_open":                   true,
		"a=b&%78-user=a%2Fb+c%20d&%6fp=a+b":         true,
		"x-user=&op=&x-user=1&op=2&x-user=3&op=4":   true,
		"x-user=50%&op=50%":                         true,
		"x-user=a%ff%feb&op=%ff":                    true,
		"x-user=a\xff\xfeb&op=\xff":                 true,
		"x-user=a%26sig%3Ds%26b&op=a%26sig%3Ds%26b": true,
		"x-user=sig%253Ds&op=sig%253Ds":             true,
		"X-Amz-Signature=a%26x-user=b&sig=a%26op=b": false,
		"x-users=a&op2=b":                           false,
		"x-user=" + strings.Repeat("a", 255) + "%C3%A9&op=" + strings.Repeat("\u65e5", 100):      true,
		"x-user=" + strings.Repeat("%C3%A9", 2000) + "&op=" + strings.Repeat("%41", 2000):        true,
		"x-user=" + strings.Repeat("sig=s;", 200) + "&op=" + strings.Repeat("sig=s+", 200):       true,
		"x-user=" + strings.Repeat("a", 2000) + "%zz&op=" + strings.Repeat("%41", 2000) + "%":    true,
		"X-Amz-Credential=" + strings.Repeat("a", 2000) + "&x-user=a%2Fb&op=c%2Fd&x-user=e&op=f": true,
	} {
		for _, requester := range []string{"AmazonS3", ""} {
			r := with(func(r *accesslog.Record) {
				r.Target, r.Referer, r.Requester = "/k?"+query, "https://h/?"+query, requester
			})
			s := testSettings()
			s.Parameters, s.Clean = p, redact.New(nil).Redact
			only(&s, "aws.s3.server.requests", names...)
			l := newProcess(t, s)
			l.add(r)
			got, want := l.emitAccepted()[1].attributes, valuesInLogs(&r, p)
			for i, name := range names {
				wanted, inLogs := want.Get(name)
				value, there := got.Get(name)
				assert.Equal(t, both && (i == 1 || requester != ""), there, "%s of %.100s", name, query)
				if assert.Equal(t, inLogs, there) && there {
					assert.Equal(t, wanted.Str(), value.Str(), "%s of %.100s", name, query)
				}
			}
		}
	}
}

// Other orders of names in the settings mean the same stored series.
func TestOrderOfParametersIsNotStored(t *testing.T) {
	layoutOf := func(request, referer []string) string {
		s := testSettings()
		s.Parameters = Parameters{Request: request, Referer: referer}
		only(&s, "aws.s3.server.requests", requestParameter+"x-a", refererParameter+"b", requestParameter+"x-b", refererParameter+"a")
		return string(newPlan(s.Config, s.Deps).appendLayout(nil))
	}
	assert.Equal(t, layoutOf([]string{"x-a", "x-b"}, []string{"a", "b"}), layoutOf([]string{"x-b", "x-a"}, []string{"b", "a"}))
}

// Parameters cost a record no allocation once their values are known.
func TestParametersAllocateNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector's pools allocate")
	}
	s := testSettings()
	s.Clean = redact.New(nil).Redact
	only(&s, "aws.s3.server.requests", requestParameter+"<name>", refererParameter+"<name>")
	counter := s.state(epoch).NewCounter()
	r := with(func(r *accesslog.Record) {
		r.Target, r.Referer = "/k?sig=s&<name>=a%2Fb+c", "https://h/?sig=s&<name>=a%2Fb+c#"
	})
	counter.Add(&r, noClient)
	assert.Zero(t, testing.AllocsPerRun(100, func() { counter.Add(&r, noClient) }))
}
