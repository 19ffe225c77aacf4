package otlplogs

import (
	"cmp"
	"sync"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/redact"
)

// Original says when a record carries its line as log.record.original.
type Original string

// A malformed record always carries its line, whatever is chosen here: nothing
// else tells what it said. So OriginalNever and OriginalOnError both keep
// well-formed records free of it; an HTTP status of 4xx or 5xx is no error of
// the record.
const (
	OriginalNever   Original = "never"
	OriginalOnError Original = "on_error" // lines that could not be parsed
	OriginalAlways  Original = "always"
)

// Body says what the body of a record is.
type Body string

// A summary is one line that people read; of a malformed record, why it is one.
const (
	BodyNone     Body = "none"
	BodyOriginal Body = "original" // the redacted line
	BodySummary  Body = "summary"
)

// Options choose what a log record holds.
type Options struct {
	ServiceName  string // the component id
	ScopeName    string
	ScopeVersion string

	Body                Body // "" means BodyNone
	Original            Original
	SourceObject        bool     // log.file.path
	SensitiveParameters []string // names of parameters whose values are redacted; nil means redact.DefaultNames
	TraceParameter      string   // "" turns trace context off
	// RequestParameters and RefererParameters are the names of parameters, each once,
	// that records show: MaxParameters of each at most.
	RequestParameters []string
	RefererParameters []string
	// ExcludeAttributes names attributes that records do not get. It has no effect on
	// malformed ones.
	ExcludeAttributes []string
	// MaxRecordSize is the estimated OTLP size in bytes past which the long
	// values of a record are cut to 4 KiB; 0 means never.
	MaxRecordSize int
}

// Origin is what is known of a log object beside its lines.
type Origin struct {
	Path      string // s3://bucket/key or a file's path
	Bucket    string // the source bucket, as far as the key tells it
	AccountID string // of Bucket, from the key, as the one below: other buckets' records do not get them
	Region    string
	// Of the log object's bucket: S3 delivers access logs only within an account and
	// Region. "" means not known.
	LogAccountID, LogRegion string

	Observed pcommon.Timestamp // when its lines were read
}

// Place returns the account and the Region of a bucket, as far as they are known. Whoever
// sets a bucket's TargetPrefix chooses what its keys begin with, so those in a key hold for
// the bucket that stands beside them only.
func (o *Origin) Place(bucket string) (accountID, region string) {
	if bucket == o.Bucket {
		accountID, region = o.AccountID, o.Region
	}
	return cmp.Or(accountID, o.LogAccountID), cmp.Or(region, o.LogRegion)
}

// Converter holds the options in the form that the work needs. It is immutable
// and safe for concurrent use.
type Converter struct {
	options  Options
	redactor *redact.Redactor
	finders  *sync.Pool // of *redact.Finder
	excluded exclusion
	skip     skipped

	requestParameters []parameter
	refererParameters []parameter
	// describing makes absent values have attributes too; see describe.
	describing bool
}

// NewConverter returns a Converter. It copies what it keeps of o.
func NewConverter(o Options) *Converter {
	redactor := redact.New(o.SensitiveParameters)
	excluded := newExclusion(o.ExcludeAttributes)
	o.SensitiveParameters, o.ExcludeAttributes = nil, nil
	request := parametersOf(RequestParameter, o.RequestParameters)
	referer := parametersOf(RefererParameter, o.RefererParameters)
	o.RequestParameters, o.RefererParameters = nil, nil
	return &Converter{
		options: o, redactor: redactor, finders: &sync.Pool{New: func() any { return new(redact.Finder) }},
		excluded: excluded, skip: excluded.skipped(o.Body),
		requestParameters: request, refererParameters: referer,
	}
}
