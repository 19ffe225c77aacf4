package rollup

import (
	"math"
	"slices"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/redact"
)

// Attribute describes an attribute that metrics can have.
type Attribute struct {
	Name  string
	Type  string // string, int, bool, double or string[]
	Needs Need

	rule redact.Rule // of the text, for what cleans it
	// shown returns the text that a point has, which is made from what text tells
	// apart; nil means the text itself, cleaned.
	shown func(*subject, func(string, redact.Rule) string) string

	// One of these is set. "" and Absent mean that a point does not have the attribute.
	text   func(*subject) string
	number func(*subject) int64
	// bytes may be set beside text: the same without an allocation, valid until the
	// next call.
	bytes func(*subject) []byte
}

// The types of attributes.
const (
	typeString = "string"
	typeInt    = "int"
	typeBool   = "bool"   // the number is 0 or 1
	typeDouble = "double" // the number is its bits
	typeList   = "string[]"
)

// subject is a record as attributes see it.
type subject struct {
	record    *accesslog.Record
	requester accesslog.Requester // only set when an attribute needs it
	place     *enrich.Place       // never nil
	threat    *enrich.Threat      // never nil
	from      Places              // nil means that nothing is known
	decoded   []byte              // of the key, reused
}

// requesterAttributes are those that need subject.requester.
var requesterAttributes = []string{
	"aws.requester.type", "aws.requester.account_id", "aws.requester.session_name", "user.name",
}

// Attributes returns all attributes that a metric can have, in the order in which a
// point has them; "<name>" is in the place of a parameter's name. network.io.direction is
// not among them: only io has it.
func Attributes() []Attribute {
	name := []string{"<name>"}
	return configured(1, Parameters{Request: name, Referer: name})
}

// configured returns the attributes that there are with these settings.
func configured(depth int, p Parameters) []Attribute {
	return slices.Concat(fixed(), prefixAttributes(depth), p.attributes())
}

// fixed returns the attributes that need no setting.
func fixed() []Attribute {
	return []Attribute{
		ofRecord("aws.s3.bucket", func(r *accesslog.Record) string { return r.Bucket }).by(redact.Never),
		ofRecord("aws.s3.owner", func(r *accesslog.Record) string { return r.Owner }).by(redact.Never),
		ofOrigin("cloud.account.id", func(accountID, _ string) string { return accountID }),
		ofOrigin("cloud.region", func(_, region string) string { return region }),
		ofRecord("aws.s3.operation", func(r *accesslog.Record) string { return r.Operation }),
		number("http.response.status_code", typeInt, NeedsNothing, func(s *subject) int64 { return int64(s.record.Status) }),
		ofRecord("error.type", accesslog.ErrorType),
		ofRecord("http.request.method", func(r *accesslog.Record) string {
			if r.Method == "" {
				return ""
			}
			known, _ := accesslog.MethodName(r.Method)
			return known
		}),
		ofRequester("aws.requester.type", func(r *accesslog.Requester) string { return string(r.Type) }),
		ofRequester("aws.requester.account_id", func(r *accesslog.Requester) string { return r.AccountID }),
		ofRequester("aws.requester.session_name", func(r *accesslog.Requester) string { return r.SessionName }),
		ofRequester("user.name", func(r *accesslog.Requester) string { return r.UserName }),
		ofRecord("user.id", func(r *accesslog.Record) string { return r.Requester }),
		ofRecord("client.address", func(r *accesslog.Record) string { return r.RemoteIP }),
		ofRecord("server.address", func(r *accesslog.Record) string {
			address, _ := accesslog.SplitHost(r.HostHeader)
			return address
		}),
		ofRecord("tls.protocol.version", func(r *accesslog.Record) string { return accesslog.TLSVersionNumber(r.TLSVersion) }),
		ofRecord("tls.cipher", func(r *accesslog.Record) string { return accesslog.CipherName(r.CipherSuite) }),
		ofRecord("aws.signature.version", func(r *accesslog.Record) string { return r.SignatureVersion }),
		ofRecord("aws.s3.auth_type", func(r *accesslog.Record) string { return r.AuthType }),
		number("aws.s3.acl_required", typeBool, NeedsNothing, func(s *subject) int64 { return aclRequired(s.record.ACLRequired) }),
		ofRecord("aws.s3.source_region", func(r *accesslog.Record) string { return r.SourceRegion }),
		ofRecord("user_agent.original", func(r *accesslog.Record) string { return r.UserAgent }).by(redact.Header),

		ofPlace("geo.continent.code", func(p *enrich.Place) string { return p.ContinentCode }),
		ofPlace("geo.country.iso_code", func(p *enrich.Place) string { return p.CountryISOCode }),
		ofPlace("geo.region.iso_code", func(p *enrich.Place) string { return p.RegionISOCode }),
		ofPlace("geo.locality.name", func(p *enrich.Place) string { return p.LocalityName }),
		ofPlace("geo.postal_code", func(p *enrich.Place) string { return p.PostalCode }),
		coordinate("geo.location.lat", func(p *enrich.Place) float64 { return p.Latitude }),
		coordinate("geo.location.lon", func(p *enrich.Place) float64 { return p.Longitude }),
		number("as.number", typeInt, NeedsGeo, func(s *subject) int64 {
			if s.place.ASNumber == 0 {
				return accesslog.Absent
			}
			return int64(s.place.ASNumber)
		}),
		ofPlace("as.organization.name", func(p *enrich.Place) string { return p.ASOrganization }),

		ofThreat("threat.indicator.ip", func(t *enrich.Threat) string { return t.Indicator }),
		ofThreat("threat.indicator.confidence", func(t *enrich.Threat) string { return string(t.Confidence) }),
		ofThreat("threat.indicator.type", func(t *enrich.Threat) string { return t.Type }),
		ofThreat("threat.indicator.provider", func(t *enrich.Threat) string { return t.Provider }),
		ofThreat("threat.indicator.description", func(t *enrich.Threat) string { return t.Description }),
		ofThreat("threat.group.name", func(t *enrich.Threat) string { return t.Group }),
		ofThreat("threat.software.name", func(t *enrich.Threat) string { return t.Software }),
		ofThreat("threat.feed.name", func(t *enrich.Threat) string { return t.Feed }),
		{
			Name: "threat.feeds", Type: typeList, Needs: NeedsThreats, rule: redact.Never,
			text: func(s *subject) string { return s.threat.FeedList() },
		},
	}
}

// by returns the attribute with another rule than redact.Value.
func (a Attribute) by(rule redact.Rule) Attribute {
	a.rule = rule
	return a
}

func ofRecord(name string, get func(*accesslog.Record) string) Attribute {
	return Attribute{Name: name, Type: typeString, text: func(s *subject) string { return get(s.record) }}
}

func ofOrigin(name string, choose func(accountID, region string) string) Attribute {
	return Attribute{Name: name, Type: typeString, rule: redact.Never, text: func(s *subject) string {
		if s.from == nil {
			return ""
		}
		return choose(s.from.Place(s.record.Bucket))
	}}
}

func ofRequester(name string, get func(*accesslog.Requester) string) Attribute {
	return Attribute{Name: name, Type: typeString, text: func(s *subject) string { return get(&s.requester) }}
}

func ofPlace(name string, get func(*enrich.Place) string) Attribute {
	return Attribute{Name: name, Type: typeString, Needs: NeedsGeo, text: func(s *subject) string { return get(s.place) }}
}

func ofThreat(name string, get func(*enrich.Threat) string) Attribute {
	return Attribute{Name: name, Type: typeString, Needs: NeedsThreats, text: func(s *subject) string { return get(s.threat) }}
}

func coordinate(name string, get func(*enrich.Place) float64) Attribute {
	return number(name, typeDouble, NeedsGeo, func(s *subject) int64 {
		if !s.place.HasLocation {
			return accesslog.Absent
		}
		return int64(math.Float64bits(get(s.place)))
	})
}

func number(name, kind string, needs Need, get func(*subject) int64) Attribute {
	return Attribute{Name: name, Type: kind, Needs: needs, number: get}
}

func aclRequired(a accesslog.ACLRequired) int64 {
	switch a {
	case accesslog.ACLNeeded:
		return 1
	case accesslog.ACLNotNeeded:
		return 0
	default:
		return accesslog.Absent
	}
}
