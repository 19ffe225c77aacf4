package s3accesslogsreceiver

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/otlplogs"
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
	)
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
	return fmt.Sprintf("it must be an attribute of log records; the nearest is %q", nearest(name, names))
}

// nearest returns the name that is the fewest changes of a character away.
func nearest(name string, names []string) string {
	return slices.MinFunc(names, func(a, b string) int { return distance(name, a) - distance(name, b) })
}

// distance returns how many bytes have to be added, removed or replaced to make b of a,
// in any case (the Levenshtein distance).
func distance(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	row := make([]int, len(b)+1) // from a[:i] to each b[:k]
	for k := range row {
		row[k] = k
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for k := range len(b) {
			replaced := diagonal
			if a[i] != b[k] {
				replaced++
			}
			diagonal = row[k+1]
			row[k+1] = min(replaced, row[k]+1, row[k+1]+1)
		}
	}
	return row[len(b)]
}
