package deliveryguard

import (
	"slices"
	"strconv"
	"time"
)

// exporterDefaults is what an exporter does without settings for it. A test compares them
// with those of the exporters in the built collector.
type exporterDefaults struct {
	queue          string // the key of the queue's settings; the queue is on, in memory, and waits for no result
	memoryOnly     bool   // the queue can neither be persistent nor wait
	retries        bool
	maxElapsedTime time.Duration
}

var (
	otlpDefaults        = exporterDefaults{queue: "sending_queue", retries: true, maxElapsedTime: 5 * time.Minute}
	remoteWriteDefaults = exporterDefaults{queue: "remote_write_queue", memoryOnly: true, retries: true, maxElapsedTime: 5 * time.Minute}

	// knownExporters are exporters by type, their old names too.
	knownExporters = map[string]exporterDefaults{
		"otlp_grpc":               otlpDefaults,
		"otlp":                    otlpDefaults,
		"otlp_http":               otlpDefaults,
		"otlphttp":                otlpDefaults,
		"prometheus_remote_write": remoteWriteDefaults,
		"prometheusremotewrite":   remoteWriteDefaults,
	}
)

// neverRefuse are the types of exporters that have no back end to be down. The report counts
// a record that is offered again once.
var neverRefuse = []string{"debug", "nop", "prometheus", "s3_access_report"}

// exporter is what an exporter's settings come to. Where one cannot be read, or the
// defaults of the type are not known, it is taken to be right.
type exporter struct {
	id         string
	key        string // of the queue's settings
	memoryOnly bool
	inMemory   bool   // a queue in memory accepts what it has not delivered
	persistent bool   // a queue on disk
	givesUp    string // by which setting what the queue on disk holds is dropped
}

func newExporter(id string, settings map[string]any) exporter {
	defaults, known := knownExporters[typeOf(id)]
	if !known {
		defaults = exporterDefaults{queue: "sending_queue", retries: true} // as exporterhelper names it
	}
	e := exporter{id: id, key: defaults.queue, memoryOnly: defaults.memoryOnly}
	queue, stated := settings[e.key].(map[string]any)
	on := stated || known && settings[e.key] == nil
	if !on || !boolean(queue, "enabled", true, false) {
		return e
	}
	storage, _ := queue["storage"].(string)
	e.persistent = storage != "" && !e.memoryOnly
	e.inMemory = !e.persistent && queue["storage"] == nil && (e.memoryOnly || !boolean(queue, "wait_for_result", false, true))
	if e.persistent {
		e.givesUp = givesUp(section(settings, "retry_on_failure"), defaults)
	}
	return e
}

// givesUp says by which setting the retries behind a queue end, "" if they do not.
func givesUp(retry map[string]any, defaults exporterDefaults) string {
	if !boolean(retry, "enabled", defaults.retries, true) {
		return "retry_on_failure::enabled is false"
	}
	after := defaults.maxElapsedTime
	switch stated := retry["max_elapsed_time"].(type) {
	case nil:
	case string:
		after, _ = time.ParseDuration(stated) // 0 if it is none
	case int:
		after = time.Duration(stated)
	default:
		after = 0
	}
	if after > 0 {
		return "retry_on_failure::max_elapsed_time is " + short(after)
	}
	return ""
}

// short is a duration as it is written in settings: 5m, not 5m0s.
func short(d time.Duration) string {
	if d%time.Minute == 0 {
		return strconv.FormatInt(int64(d/time.Minute), 10) + "m"
	}
	return d.String()
}

// boolean returns a setting, or what it is when it is not there, or not to be read.
func boolean(settings map[string]any, key string, absent, unreadable bool) bool {
	switch value := settings[key].(type) {
	case nil:
		return absent
	case bool:
		return value
	case string:
		if is, err := strconv.ParseBool(value); err == nil {
			return is
		}
	}
	return unreadable
}

// refuses reports whether what is delivered to the exporter may be refused for now.
func (e *exporter) refuses() bool {
	return !e.persistent && !slices.Contains(neverRefuse, typeOf(e.id))
}
