package rollup

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/redact"
)

// Parameters names the parameters of queries that metrics can have as attributes.
type Parameters struct {
	Request []string // of the Request-URI, each once
	Referer []string // of the Referer, each once
}

// What the names of their attributes begin with.
const (
	requestParameter = "aws.s3.request.parameter."
	refererParameter = "aws.s3.referer.parameter."
)

// attributes returns an attribute for each parameter, in an order that does not depend
// on that of the settings: it is part of what is stored.
func (p Parameters) attributes() []Attribute {
	var list []Attribute
	for _, name := range slices.Sorted(slices.Values(p.Request)) {
		list = append(list, ofQuery(requestParameter, name, redact.Query, requestQuery))
	}
	for _, name := range slices.Sorted(slices.Values(p.Referer)) {
		list = append(list, ofQuery(refererParameter, name, redact.Header, refererQuery))
	}
	return list
}

// ofQuery returns the attribute of a parameter of the query that get returns. Clean is
// applied to the text that a secret may begin in, and to the value once it is decoded.
func ofQuery(prefix, name string, rule redact.Rule, get func(r *accesslog.Record, clean func(string) string) string) Attribute {
	return Attribute{
		Name: prefix + name, Type: typeString, rule: rule,
		text: func(s *subject) string {
			value, _ := accesslog.Parameter(get(s.record, nil), name)
			return value
		},
		shown: func(s *subject, cleaner func(string, redact.Rule) string) string {
			clean := func(text string) string { return cleaner(text, rule) }
			value, _ := accesslog.Parameter(get(s.record, clean), name)
			if decoded, needed := accesslog.AppendForm(nil, value); needed {
				value = string(decoded)
			}
			return accesslog.CutText(clean(strings.ToValidUTF8(value, string(utf8.RuneError))), accesslog.MaxParameter)
		},
	}
}

// requestQuery returns the query of the Request-URI; there is none to be shown of an
// anonymous requester. clean may be nil.
func requestQuery(r *accesslog.Record, clean func(string) string) string {
	if r.Requester == "" {
		return ""
	}
	_, query, _ := strings.Cut(r.Target, "?")
	if clean != nil {
		query = clean(query)
	}
	return query
}

// refererQuery returns the query of the Referer. clean may be nil.
func refererQuery(r *accesslog.Record, clean func(string) string) string {
	referer := r.Referer
	if clean != nil {
		referer = clean(referer)
	}
	return accesslog.RefererQuery(referer)
}
