package otlplogs

import "go.opentelemetry.io/collector/pdata/pcommon"

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

// Options choose what a log record holds.
type Options struct {
	ServiceName  string // the component id
	ScopeName    string
	ScopeVersion string

	Body                bool // the redacted line as body
	Original            Original
	SourceObject        bool     // log.file.path
	SensitiveParameters []string // names of query parameters whose values are redacted; nil means the default ones
	TraceParameter      string   // "" turns trace context off
	// MaxRecordSize is the estimated OTLP size in bytes past which the long
	// values of a record are cut to 4 KiB; 0 means never.
	MaxRecordSize int
}

// DefaultSensitiveParameters returns the names of the query parameters that
// carry a credential or a signature: those of AWS Signature Version 4 and 2,
// of Azure's shared access signatures and of Google's signed URLs.
func DefaultSensitiveParameters() []string {
	return []string{
		"X-Amz-Signature",
		"X-Amz-Credential",
		"X-Amz-Security-Token",
		"AWSAccessKeyId",
		"Signature",
		"sig",
		"X-Goog-Signature",
	}
}

// Origin is what is known of a log object beside its lines.
type Origin struct {
	Path      string // s3://bucket/key or a file's path
	Bucket    string // the source bucket, as far as the key tells it
	AccountID string // of Bucket, from the key, as the one below: other buckets' records do not get them
	Region    string
	Observed  pcommon.Timestamp // when its lines were read
}

// Converter holds the options in the form that the work needs. It is immutable
// and safe for concurrent use.
type Converter struct {
	options Options
	redact  redactor
	// describing makes absent values have attributes too; see describe.
	describing bool
}

// NewConverter returns a Converter. It copies what it keeps of o.
func NewConverter(o Options) *Converter {
	names := o.SensitiveParameters
	if names == nil {
		names = DefaultSensitiveParameters()
	}
	o.SensitiveParameters = nil
	return &Converter{options: o, redact: newRedactor(names)}
}
