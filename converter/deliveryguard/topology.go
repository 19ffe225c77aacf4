package deliveryguard

import (
	"maps"
	"slices"
	"strings"
)

// topology is what a configuration says of the ways of records. What cannot be read in it
// is left out, since the collector itself refuses that.
type topology struct {
	receivers, exporters, connectors map[string]any // settings by component id
	pipelines                        map[string]pipeline
}

type pipeline struct{ receivers, processors, exporters []string }

func newTopology(conf map[string]any) *topology {
	t := &topology{
		receivers:  section(conf, "receivers"),
		exporters:  section(conf, "exporters"),
		connectors: section(conf, "connectors"),
		pipelines:  map[string]pipeline{},
	}
	pipelines := section(section(conf, "service"), "pipelines")
	for id := range pipelines {
		p := section(pipelines, id)
		t.pipelines[id] = pipeline{ids(p["receivers"]), ids(p["processors"]), ids(p["exporters"])}
	}
	return t
}

// section returns a part of a configuration, empty where there is no such one.
func section(conf map[string]any, key string) map[string]any {
	part, _ := conf[key].(map[string]any)
	return part
}

// ids returns a list of component ids, each once, in its order.
func ids(list any) []string {
	var all []string
	add := func(id string) {
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	switch list := list.(type) {
	case []string:
		for _, id := range list {
			add(id)
		}
	case []any:
		for _, item := range list {
			if id, ok := item.(string); ok {
				add(id)
			}
		}
	}
	return all
}

// typeOf returns the type in the id of a component or a pipeline.
func typeOf(id string) string {
	name, _, _ := strings.Cut(id, "/")
	return strings.TrimSpace(name)
}

// isConnector reports whether an id among a pipeline's exporters is a connector.
func (t *topology) isConnector(id string) bool {
	_, is := t.connectors[id]
	return is
}

// Connectors of these types hand on what they get as the signal it is. Of others it is not
// known; logs to metrics is what most are for.
var sameSignal = []string{"forward", "routing", "failover", "roundrobin", "round_robin"}

// Connectors of these types feed one of their pipelines at a time.
var oneOfThem = []string{"failover", "roundrobin", "round_robin"}

// fed returns the pipelines that a receiver feeds with a signal, or a connector that a
// pipeline of that signal feeds. They are sorted.
func (t *topology) fed(id, signal string) []string {
	changes := t.isConnector(id) && !slices.Contains(sameSignal, typeOf(id))
	var all []string
	for _, name := range slices.Sorted(maps.Keys(t.pipelines)) {
		if slices.Contains(t.pipelines[name].receivers, id) && (changes || typeOf(name) == signal) {
			all = append(all, name)
		}
	}
	return all
}

// feed is one call of the receiver's consumers: what is retried together.
type feed struct{ receiver, signal string }

// feeds returns what is to be guarded: the logs of each of our receivers, and its metrics
// where they are deltas. What is lost of cumulative sums, the next emission has again.
func (t *topology) feeds() []feed {
	var all []feed
	for _, id := range slices.Sorted(maps.Keys(t.receivers)) {
		if typeOf(id) != "s3_access_logs" {
			continue
		}
		all = append(all, feed{id, "logs"})
		if section(section(t.receivers, id), "metrics")["temporality"] == "delta" {
			all = append(all, feed{id, "metrics"})
		}
	}
	return all
}
