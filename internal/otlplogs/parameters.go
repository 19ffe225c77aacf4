package otlplogs

import (
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/redact"
)

// MaxParameters is how many parameters of each kind records can show.
const MaxParameters = 16

// What the names of their attributes begin with.
const (
	RequestParameter = "aws.s3.request.parameter."
	RefererParameter = "aws.s3.referer.parameter."
)

// parameter is a parameter of a query that records show.
type parameter struct {
	name      string
	attribute string
}

func parametersOf(prefix string, names []string) []parameter {
	list := make([]parameter, len(names))
	for i, name := range names {
		list[i] = parameter{name: name, attribute: prefix + name}
	}
	return list
}

// addRequestParameters is the mapping from parameters of the Request-URI's query. An
// anonymous requester's are absent.
func (b *Batch) addRequestParameters(v *values, r *accesslog.Record, query string) {
	if r.Requester == "" {
		query = ""
	}
	b.addParameters(v, b.converter.requestParameters, query, redact.Query)
}

// addRefererParameters is the mapping from parameters of the Referer's query.
func (b *Batch) addRefererParameters(v *values, r *accesslog.Record) {
	list := b.converter.refererParameters
	if len(list) == 0 {
		return
	}
	referer := b.redact(r.Referer, redact.Header) // a secret may begin before the query
	b.addParameters(v, list, accesslog.RefererQuery(referer), redact.Header)
}

// addParameters adds those of list that are in query. A secret is looked for in the query
// and in each decoded value: either may show one that the other does not.
func (b *Batch) addParameters(v *values, list []parameter, query string, rule redact.Rule) {
	if len(list) == 0 {
		return
	}
	query = b.redact(query, rule)
	for i := range list {
		value, _ := accesslog.Parameter(query, list[i].name)
		if value != "" {
			value = accesslog.CutText(b.redact(repair(b.unescape(value)), rule), accesslog.MaxParameter)
		}
		v.text(list[i].attribute, value)
	}
}
