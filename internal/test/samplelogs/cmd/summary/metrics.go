package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
)

// counted is what the metrics came to, by name.
type counted struct {
	names  []string // in the order of the collector
	totals map[string]*total
}

// total is the sum over the series of a metric.
type total struct {
	series int
	count  int64   // of a sum, its value
	sum    float64 // of a histogram, in seconds
	unit   string
	timed  bool // it is a histogram
}

// The part of OTLP's JSON encoding that is shown here.
type (
	emission struct {
		ResourceMetrics []struct {
			ScopeMetrics []struct{ Metrics []metric }
		}
	}
	metric struct {
		Name, Unit string
		Sum        struct{ DataPoints []point }
		Histogram  struct{ DataPoints []point }
	}
	point struct {
		StartTimeUnixNano, TimeUnixNano string
		AsInt, Count                    string
		Sum                             float64
	}
)

// readMetrics reads the file exporter's lines, one request each. Each emission
// has all series as of then, so the last one counts.
func readMetrics(path string) (*counted, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	var last emission
	for requests := json.NewDecoder(f); ; {
		var e emission
		if err := requests.Decode(&e); errors.Is(err, io.EOF) {
			return count(&last), nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		last = e
	}
}

func count(e *emission) *counted {
	c := &counted{totals: map[string]*total{}}
	for _, rm := range e.ResourceMetrics {
		for _, sm := range rm.ScopeMetrics {
			for i := range sm.Metrics {
				c.add(&sm.Metrics[i])
			}
		}
	}
	return c
}

func (c *counted) add(m *metric) {
	t := &total{unit: m.Unit, timed: len(m.Histogram.DataPoints) > 0}
	c.names, c.totals[m.Name] = append(c.names, m.Name), t
	for _, p := range append(m.Sum.DataPoints, m.Histogram.DataPoints...) {
		if p.StartTimeUnixNano == p.TimeUnixNano {
			continue // the beginning of a series
		}
		t.series++
		for _, text := range []string{p.AsInt, p.Count} {
			n, _ := strconv.ParseInt(text, 10, 64) // one of them is not there
			t.count += n
		}
		t.sum += p.Sum
	}
}

func (c *counted) print(w io.Writer) {
	fmt.Fprintf(w, "\nMetrics\n")
	for _, name := range c.names {
		t := c.totals[name]
		value := strconv.FormatInt(t.count, 10) + " " + t.unit
		if t.timed && t.count > 0 {
			value = fmt.Sprintf("%d requests, %.0f ms on average", t.count, 1000*t.sum/float64(t.count))
		}
		fmt.Fprintf(w, "  %-36s %4d series  %s\n", name, t.series, value)
	}
}
