package s3accesslogsreceiver

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/nearest"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/otlplogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
)

// LogsConfig says what a log record holds and how records are batched.
type LogsConfig struct {
	BatchSize           int               `mapstructure:"batch_size"`  // records
	BatchBytes          ByteSize          `mapstructure:"batch_bytes"` // of estimated OTLP size
	FlushInterval       time.Duration     `mapstructure:"flush_interval"`
	Body                otlplogs.Body     `mapstructure:"body"`
	IncludeOriginal     otlplogs.Original `mapstructure:"include_original"`
	IncludeSourceObject bool              `mapstructure:"include_source_object"`
	ExcludeAttributes   []string          `mapstructure:"exclude_attributes"`
	CustomParameters    []string          `mapstructure:"custom_parameters"`  // of requests, shown as attributes
	RefererParameters   []string          `mapstructure:"referer_parameters"` // of Referers, likewise
	SensitiveParameters []string          `mapstructure:"sensitive_query_parameters"`
	TraceParameter      string            `mapstructure:"trace_context_parameter"`
	SplitJoinedRecords  bool              `mapstructure:"split_joined_records"`
}

func (c *LogsConfig) validate(path string) error {
	return errors.Join(
		atLeast(path+"::batch_size", c.BatchSize, 1),
		atLeast(path+"::batch_bytes", c.BatchBytes, minBatchBytes),
		atLeast(path+"::flush_interval", c.FlushInterval, time.Millisecond),
		oneOf(path+"::body", c.Body, otlplogs.BodyNone, otlplogs.BodyOriginal, otlplogs.BodySummary),
		oneOf(path+"::include_original", c.IncludeOriginal, otlplogs.OriginalNever, otlplogs.OriginalOnError, otlplogs.OriginalAlways),
		eachOf(path+"::exclude_attributes", c.ExcludeAttributes, cannotBeExcluded),
		c.checkParameters(path+"::custom_parameters", c.CustomParameters, notCustom),
		c.checkParameters(path+"::referer_parameters", c.RefererParameters, func(string) string { return "" }),
	)
}

// parameters are those that metrics may have as attributes.
func (c *LogsConfig) parameters() rollup.Parameters {
	return rollup.Parameters{Request: c.CustomParameters, Referer: c.RefererParameters}
}

// eachOf reports the values of a list that are wrong; wrong returns why, "" if one is not.
func eachOf(key string, values []string, wrong func(string) string) error {
	var errs []error
	for _, value := range values {
		if why := wrong(value); why != "" {
			errs = append(errs, fmt.Errorf("`%s` has %q: %s", key, value, why))
		}
	}
	return errors.Join(errs...)
}

// cannotBeExcluded returns why log records cannot do without an attribute, "" if they can.
func cannotBeExcluded(name string) string {
	is := func(a otlplogs.Attribute) bool { return a.Name == name }
	names := otlplogs.Excludable()
	for setting, prefix := range map[string]string{"custom_parameters": otlplogs.RequestParameter, "referer_parameters": otlplogs.RefererParameter} {
		if strings.HasPrefix(name, prefix) {
			return fmt.Sprintf("it must not name a parameter: leave that out of `logs::%s`", setting)
		}
	}
	switch {
	case slices.Contains(names, name):
		return ""
	case name == "log.record.uid":
		return "it cannot be excluded, since back ends and this receiver tell records apart by it"
	case slices.ContainsFunc(otlplogs.MalformedAttributes(), is):
		return "it cannot be excluded, since malformed records have it, and keep all they have"
	case slices.ContainsFunc(otlplogs.ResourceAttributes(), is):
		return "it cannot be excluded, since it is of the resource: it must be an attribute of log records"
	}
	return fmt.Sprintf("it must be an attribute of log records; the nearest is %q", nearest.Of(name, names))
}

// checkParameters reports names that are not those of parameters to be shown; wrong
// returns why one is not, "" if it may be.
func (c *LogsConfig) checkParameters(key string, names []string, wrong func(string) string) error {
	var errs []error
	if len(names) > otlplogs.MaxParameters {
		errs = append(errs, fmt.Errorf("`%s` has %d names: it must have %d at most", key, len(names), otlplogs.MaxParameters))
	}
	sensitive := func(name string) bool {
		return slices.ContainsFunc(c.SensitiveParameters, func(listed string) bool { return strings.EqualFold(listed, name) })
	}
	seen := make(map[string]bool, len(names))
	return errors.Join(append(errs, eachOf(key, names, func(name string) string {
		defer func() { seen[name] = true }()
		switch {
		case seen[name]:
			return "it must have each name once"
		case sensitive(name):
			return "it must not have a name of `logs::sensitive_query_parameters`, whose values are redacted"
		case name == "" || strings.ContainsFunc(name, notOfParameter):
			return "a name must be one or more printable characters of ASCII, without space, &, = and #"
		}
		return wrong(name)
	}))...)
}

// notOfParameter reports whether a character cannot be in a parameter's name.
func notOfParameter(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("&=#", r) }

// notCustom returns why S3 does not take a parameter for one of the client's own, "" if
// it does.
func notCustom(name string) string {
	switch {
	case len(name) >= len("x-amz-") && strings.EqualFold(name[:len("x-amz-")], "x-amz-"):
		return "it must not begin with x-amz-, as S3's own parameters do"
	case !strings.HasPrefix(name, "x-"):
		return "it must begin with x-, as all parameters do that S3 ignores and logs"
	}
	return ""
}
