package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"
)

// output is what the collector wrote.
type output struct {
	records   int
	malformed []malformed
	first     time.Time
	last      time.Time
	byBucket  map[string]map[string]int // bucket -> operation -> records
	countries map[string]int            // records by country of the client
	threats   map[string]int            // records by confidence and group of a threat
	example   *logRecord
	resource  []attribute // of the example
}

type malformed struct{ path, reason, line string }

// The part of OTLP's JSON encoding that is shown here.
type (
	export struct {
		ResourceLogs []struct {
			Resource  struct{ Attributes []attribute }
			ScopeLogs []struct{ LogRecords []logRecord }
		}
	}
	logRecord struct {
		TimeUnixNano   int64 `json:",string"`
		SeverityText   string
		SeverityNumber int
		EventName      string
		TraceID        string
		SpanID         string
		Attributes     []attribute
	}
	attribute struct {
		Key   string
		Value value
	}
	value struct {
		StringValue *string
		IntValue    *json.Number
		BoolValue   *bool
		DoubleValue *float64
		ArrayValue  *struct{ Values []value }
	}
)

const malformedEvent = "aws.s3.server_access.malformed"

// readRecords reads the file exporter's lines, one request each.
func readRecords(path string) (*output, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	out := &output{byBucket: map[string]map[string]int{}, countries: map[string]int{}, threats: map[string]int{}}
	for requests := json.NewDecoder(f); ; {
		var e export
		if err := requests.Decode(&e); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		out.add(&e)
	}
}

func (out *output) add(e *export) {
	for _, rl := range e.ResourceLogs {
		bucket := find(rl.Resource.Attributes, "aws.s3.bucket")
		for _, sl := range rl.ScopeLogs {
			for i := range sl.LogRecords {
				out.addRecord(&sl.LogRecords[i], rl.Resource.Attributes, bucket)
			}
		}
	}
}

func (out *output) addRecord(r *logRecord, resource []attribute, bucket string) {
	if r.EventName == malformedEvent {
		out.malformed = append(out.malformed, malformed{
			path:   find(r.Attributes, "log.file.path"),
			reason: find(r.Attributes, "aws.s3.parse_error"),
			line:   find(r.Attributes, "log.record.original"),
		})
		return
	}
	out.records++
	if out.byBucket[bucket] == nil {
		out.byBucket[bucket] = map[string]int{}
	}
	out.byBucket[bucket][find(r.Attributes, "aws.s3.operation")]++
	if country := find(r.Attributes, "geo.country.iso_code"); country != "" {
		out.countries[country]++
	}
	if group := find(r.Attributes, "threat.group.name"); group != "" {
		out.threats[find(r.Attributes, "threat.indicator.confidence")+", "+group]++
	}
	t := time.Unix(0, r.TimeUnixNano).UTC()
	if out.first.IsZero() || t.Before(out.first) {
		out.first = t
	}
	if t.After(out.last) {
		out.last = t
	}
	// The record with the most to show, the earliest of those.
	if out.example == nil || len(r.Attributes) > len(out.example.Attributes) ||
		len(r.Attributes) == len(out.example.Attributes) && r.TimeUnixNano < out.example.TimeUnixNano {
		out.example, out.resource = r, resource
	}
}

func (out *output) print(w io.Writer) {
	fmt.Fprintf(w, "Gave      %d records from %s to %s, and %d malformed ones\n",
		out.records, out.first.Format(time.DateTime), out.last.Format(time.DateTime), len(out.malformed))

	fmt.Fprintf(w, "\nRecords per bucket and operation\n")
	for _, bucket := range sortedKeys(out.byBucket) {
		operations := out.byBucket[bucket]
		total := 0
		for _, n := range operations {
			total += n
		}
		fmt.Fprintf(w, "  %-34s %6d\n", bucket, total)
		printCounts(w, "      %-30s %6d\n", operations)
	}
	fmt.Fprintf(w, "\nRecords per country of the client (invented, see testdata/geo)\n ")
	printCounts(w, " %s %d ", out.countries)
	fmt.Fprintf(w, "\n\nRecords of threats, by confidence and actor (invented, see testdata/feeds)\n")
	printCounts(w, "  %-34s %6d\n", out.threats)

	fmt.Fprintf(w, "\nMalformed lines, each kept as a record of its own\n")
	sort.Slice(out.malformed, func(i, j int) bool { return out.malformed[i].path < out.malformed[j].path })
	for _, m := range out.malformed {
		fmt.Fprintf(w, "  %s\n      %s\n      %s\n", m.path, m.reason, shorten(m.line, 110))
	}
	if out.example != nil {
		out.printExample(w)
	}
}

// printCounts prints the counts, the largest first.
func printCounts(w io.Writer, format string, counts map[string]int) {
	names := sortedKeys(counts)
	sort.SliceStable(names, func(i, j int) bool { return counts[names[i]] > counts[names[j]] })
	for _, name := range names {
		fmt.Fprintf(w, format, name, counts[name])
	}
}

func (out *output) printExample(w io.Writer) {
	r := out.example
	fmt.Fprintf(w, "\nOne record\n")
	row := func(name, value string) { fmt.Fprintf(w, "  %-32s %s\n", name, shorten(value, 300)) }
	for _, a := range out.resource {
		row("resource "+a.Key, a.Value.String())
	}
	row("Timestamp", time.Unix(0, r.TimeUnixNano).UTC().Format(time.RFC3339))
	row("EventName", r.EventName)
	row("Severity", fmt.Sprintf("%s (%d)", r.SeverityText, r.SeverityNumber))
	if r.TraceID != "" {
		row("TraceId, SpanId", r.TraceID+", "+r.SpanID)
	}
	for _, a := range r.Attributes {
		row(a.Key, a.Value.String())
	}
}

// find returns the value of an attribute, "" without it.
func find(attributes []attribute, key string) string {
	for _, a := range attributes {
		if a.Key == key {
			return a.Value.String()
		}
	}
	return ""
}

func (v value) String() string {
	switch {
	case v.StringValue != nil:
		return *v.StringValue
	case v.IntValue != nil:
		return v.IntValue.String()
	case v.BoolValue != nil:
		return strconv.FormatBool(*v.BoolValue)
	case v.DoubleValue != nil:
		return strconv.FormatFloat(*v.DoubleValue, 'g', -1, 64)
	case v.ArrayValue != nil:
		parts := make([]string, len(v.ArrayValue.Values))
		for i, element := range v.ArrayValue.Values {
			parts[i] = element.String()
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return ""
}

// shorten cuts a value at about limit bytes and makes it safe for a terminal:
// it is the client's text.
func shorten(s string, limit int) string {
	cut := len(s) > limit
	if cut {
		s = s[:limit]
	}
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '.'
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if cut {
		s += " ..."
	}
	return s
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
