package deliveryguard

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

const (
	// single is a pipeline of the receiver and one exporter, whose settings follow.
	single = "receivers: {s3_access_logs: {}}\n" +
		"service: {pipelines: {logs: {receivers: [s3_access_logs], exporters: [EXPORTER]}}}\n" +
		"exporters: {EXPORTER: {"
	persistent = "sending_queue: {storage: file_storage}, retry_on_failure: {max_elapsed_time: 0}"
	delta      = "receivers: {s3_access_logs: {metrics: {temporality: delta}}}\n"
	off        = "sending_queue: {enabled: false}"
)

func with(exporter, settings string) string {
	return strings.ReplaceAll(single, "EXPORTER", exporter) + settings + "}}\n"
}

// cases are configurations with what is warned of: pipeline, component and some words.
var cases = map[string]struct {
	config string
	want   []string
}{
	"a queue in memory by default": {with("otlp_grpc", ""), []string{"logs otlp_grpc in memory"}},
	"its old name":                 {with("otlp/a", ""), []string{"logs otlp/a in memory"}},
	"over HTTP":                    {with("otlp_http", ""), []string{"logs otlp_http in memory"}},
	"over HTTP, its old name":      {with("otlphttp", ""), []string{"logs otlphttp in memory"}},
	"a queue with settings":        {with("otlp_grpc", "sending_queue: {queue_size: 10}"), []string{"logs otlp_grpc in memory"}},
	"a queue that is null":         {with("otlp_grpc", "sending_queue: "), []string{"logs otlp_grpc in memory"}},
	"a queue switched on":          {with("otlp_grpc", "sending_queue: {enabled: true, wait_for_result: false}"), []string{"logs otlp_grpc in memory"}},
	"no queue":                     {with("otlp_grpc", off), nil},
	"a queue that waits":           {with("otlp_grpc", "sending_queue: {wait_for_result: true}"), nil},
	"a queue on disk":              {with("otlp_grpc", persistent), nil},
	"a queue on disk, 0s":          {with("otlp_grpc", "sending_queue: {storage: a}, retry_on_failure: {max_elapsed_time: 0s}"), nil},
	"a queue on disk that gives up by default": {
		with("otlp_grpc", "sending_queue: {storage: a}"), []string{"logs otlp_grpc max_elapsed_time is 5m"},
	},
	"a queue on disk that gives up": {
		with("otlp_grpc", "sending_queue: {storage: a}, retry_on_failure: {max_elapsed_time: 90s}"), []string{"logs otlp_grpc max_elapsed_time is 1m30s"},
	},
	"a queue on disk that gives up, in nanoseconds": {
		with("otlp_grpc", "sending_queue: {storage: a}, retry_on_failure: {max_elapsed_time: 60000000000}"), []string{"logs otlp_grpc max_elapsed_time is 1m;"},
	},
	"a queue on disk without retries": {
		with("otlp_grpc", "sending_queue: {storage: a}, retry_on_failure: {enabled: false, max_elapsed_time: 0}"), []string{"logs otlp_grpc enabled is false"},
	},
	"what cannot be read": {with("otlp_grpc", "sending_queue: {enabled: maybe}"), nil},
	"an unknown exporter": {with("kafka", ""), nil},
	"an unknown exporter whose queue is stated": {
		with("kafka", "sending_queue: {queue_size: 5}"), []string{"logs kafka in memory"},
	},
	"an unknown exporter with a queue on disk": {with("kafka", "sending_queue: {storage: a}"), nil},
	"an exporter that is not there":            {strings.ReplaceAll(with("otlp", ""), "exporters: {otlp", "exporters: {kafka"), nil},
	"another receiver": {
		"receivers: {otlp: {}}\nexporters: {otlp: {}}\nservice: {pipelines: {logs: {receivers: [otlp], processors: [batch], exporters: [otlp]}}}", nil,
	},
	"a receiver with a name beside another one": {
		"receivers: {otlp: {}, s3_access_logs/b: {}}\nexporters: {otlp: {}}\nservice: {pipelines: {logs: {receivers: [otlp, s3_access_logs/b], exporters: [otlp]}}}",
		[]string{"logs otlp in memory"},
	},
	"cumulative metrics": {
		"receivers: {s3_access_logs: {}}\nexporters: {otlp: {}, otlp/b: {}}\nservice: {pipelines: {metrics: {receivers: [s3_access_logs], processors: [batch], exporters: [otlp, otlp/b]}}}", nil,
	},
	"delta metrics": {
		delta + "exporters: {otlp: {}}\nservice: {pipelines: {metrics: {receivers: [s3_access_logs], processors: [batch], exporters: [otlp]}}}",
		[]string{"metrics batch leave it out", "metrics otlp in memory"},
	},
	"remote write of deltas": {
		delta + "exporters: {prometheusremotewrite: {}, prometheus_remote_write/b: {remote_write_queue: {enabled: false}}}\n" +
			"service: {pipelines: {metrics: {receivers: [s3_access_logs], exporters: [prometheusremotewrite]}}}",
		[]string{"metrics prometheusremotewrite exporters::prometheusremotewrite::remote_write_queue::enabled: false"},
	},
	"through connectors": {
		"receivers: {s3_access_logs: {}}\nconnectors: {forward: {}, count: {}}\nexporters: {otlp: {}, otlp/b: {" + off + "}}\n" +
			"service: {pipelines: {logs: {receivers: [s3_access_logs], exporters: [forward]}, " +
			"logs/2: {receivers: [forward], processors: [batch], exporters: [count]}, metrics: {receivers: [count], exporters: [otlp]}}}",
		[]string{"logs/2 batch leave it out", "metrics otlp in memory"},
	},
	"a connector that keeps the signal": {
		"receivers: {s3_access_logs: {}}\nconnectors: {forward: {}}\nexporters: {otlp: {" + off + "}, otlp/b: {}}\n" +
			"service: {pipelines: {logs: {receivers: [s3_access_logs], exporters: [forward]}, metrics: {receivers: [s3_access_logs], exporters: [forward]}, " +
			"logs/2: {receivers: [forward], exporters: [otlp]}, metrics/2: {receivers: [forward], processors: [batch], exporters: [otlp/b]}}}",
		nil,
	},
	"connectors in a circle": {
		"receivers: {s3_access_logs: {}}\nconnectors: {forward: {}}\n" +
			"service: {pipelines: {logs: {receivers: [s3_access_logs, forward], exporters: [forward]}}}",
		nil,
	},
	"two exporters": {
		"receivers: {s3_access_logs: {}}\nexporters: {otlp_http: {" + off + "}, otlp_http/b: {" + off + "}}\n" +
			"service: {pipelines: {logs: {receivers: [s3_access_logs], exporters: [otlp_http, otlp_http/b]}}}",
		[]string{"logs otlp_http side by side with otlp_http/b:", "logs otlp_http/b side by side with otlp_http:"},
	},
	"two exporters, one on disk": {
		"receivers: {s3_access_logs: {}}\nexporters: {otlp_http: {" + persistent + "}, otlp_http/b: {" + off + "}}\n" +
			"service: {pipelines: {logs: {receivers: [s3_access_logs], exporters: [otlp_http, otlp_http/b]}}}",
		[]string{"logs otlp_http/b side by side with otlp_http:"},
	},
	"two exporters, both on disk": {
		"receivers: {s3_access_logs: {}}\nexporters: {otlp_http: {" + persistent + "}, kafka: {" + persistent + "}}\n" +
			"service: {pipelines: {logs: {receivers: [s3_access_logs], exporters: [otlp_http, kafka]}}}", nil,
	},
	"one on disk beside the console": {
		"receivers: {s3_access_logs: {}}\nexporters: {otlp_http: {" + persistent + "}, debug: {}}\n" +
			"service: {pipelines: {logs: {receivers: [s3_access_logs], exporters: [otlp_http, debug]}}}", nil,
	},
	"one not on disk beside the console": {
		"receivers: {s3_access_logs: {}}\nexporters: {otlp_http: {" + off + "}, debug: {}}\n" +
			"service: {pipelines: {logs: {receivers: [s3_access_logs], exporters: [otlp_http, debug]}}}",
		[]string{"logs otlp_http side by side with debug:"},
	},
	"two pipelines": {
		"receivers: {s3_access_logs: {}}\nexporters: {kafka: {}, otlp_http: {" + persistent + "}}\n" +
			"service: {pipelines: {logs: {receivers: [s3_access_logs], exporters: [kafka]}, logs/b: {receivers: [s3_access_logs], exporters: [otlp_http]}}}",
		[]string{"logs kafka side by side with otlp_http (pipeline logs/b):"},
	},
	"two signals are delivered apart": {
		delta + "exporters: {otlp_http: {" + off + "}}\n" +
			"service: {pipelines: {logs: {receivers: [s3_access_logs], exporters: [otlp_http]}, metrics: {receivers: [s3_access_logs], exporters: [otlp_http]}}}", nil,
	},
	"two receivers are retried apart": {
		"receivers: {s3_access_logs: {}, s3_access_logs/b: {}}\nexporters: {otlp_http: {" + off + "}, otlp_http/b: {" + off + "}}\n" +
			"service: {pipelines: {logs: {receivers: [s3_access_logs], exporters: [otlp_http]}, logs/b: {receivers: [s3_access_logs/b], exporters: [otlp_http/b]}}}", nil,
	},
	"two ways to one exporter": {
		"receivers: {s3_access_logs: {}}\nconnectors: {forward: {}}\nexporters: {otlp_http: {" + off + "}}\n" +
			"service: {pipelines: {logs/a: {receivers: [s3_access_logs], exporters: [forward]}, logs/b: {receivers: [s3_access_logs], exporters: [forward]}, " +
			"logs/c: {receivers: [forward], exporters: [otlp_http]}}}",
		[]string{"logs/c otlp_http side by side with itself:"},
	},
	"through a connector to several": {
		"receivers: {s3_access_logs: {}}\nconnectors: {routing: {}}\nexporters: {otlp_http: {" + off + "}, otlp_http/b: {" + persistent + "}}\n" +
			"service: {pipelines: {logs: {receivers: [s3_access_logs], exporters: [routing]}, " +
			"logs/a: {receivers: [routing], exporters: [otlp_http]}, logs/b: {receivers: [routing], exporters: [otlp_http/b]}}}",
		[]string{"logs/a otlp_http side by side with otlp_http/b (pipeline logs/b):"},
	},
	"a connector that feeds one of several": {
		"receivers: {s3_access_logs: {}}\nconnectors: {failover: {}}\nexporters: {otlp_http: {" + off + "}, otlp_http/b: {" + off + "}}\n" +
			"service: {pipelines: {logs: {receivers: [s3_access_logs], exporters: [failover]}, " +
			"logs/a: {receivers: [failover], exporters: [otlp_http]}, logs/b: {receivers: [failover], exporters: [otlp_http/b]}}}", nil,
	},
	"behind a batch processor nothing is tried again": {
		"receivers: {s3_access_logs: {}}\nexporters: {otlp_http: {" + off + "}, otlp_http/b: {" + off + "}}\n" +
			"service: {pipelines: {logs: {receivers: [s3_access_logs], processors: [batch], exporters: [otlp_http, otlp_http/b]}}}",
		[]string{"logs batch leave it out"},
	},
	"beside a batch processor it is": {
		"receivers: {s3_access_logs: {}}\nexporters: {otlp_http: {" + off + "}, otlp_http/b: {" + off + "}}\n" +
			"service: {pipelines: {logs/a: {receivers: [s3_access_logs], processors: [batch], exporters: [otlp_http]}, logs/b: {receivers: [s3_access_logs], exporters: [otlp_http/b]}}}",
		[]string{"logs/a batch leave it out", "logs/b otlp_http/b side by side with batch (pipeline logs/a):"},
	},
}

func TestWarnings(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		c := cases[name]
		got := messages(convert(t, c.config, ""))
		if !assert.Len(t, got, len(c.want), "%s: %v", name, got) {
			continue
		}
		for i, want := range c.want {
			words := strings.SplitN(want, " ", 3)
			assert.Contains(t, got[i], "delivery guard: pipeline "+words[0]+": "+words[1]+" ", name)
			assert.Contains(t, got[i], words[2], name)
		}
	}
}

// Pipelines that fork and join again, many times over, take no time.
func TestManyWaysAreFollowedOnce(t *testing.T) {
	var pipelines strings.Builder
	var connectors []string
	feeds := "s3_access_logs"
	for i := range 40 {
		next := "forward/" + strings.Repeat("x", i+1)
		connectors = append(connectors, next+": {}")
		for _, side := range []string{"a", "b"} {
			pipelines.WriteString("logs/" + strings.Repeat("x", i+1) + side + ": {receivers: [" + feeds + "], exporters: [" + next + "]}, ")
		}
		feeds = next
	}
	got := messages(convert(t, "receivers: {s3_access_logs: {}}\nexporters: {kafka: {}}\nconnectors: {"+strings.Join(connectors, ", ")+"}\n"+
		"service: {pipelines: {"+pipelines.String()+"logs: {receivers: ["+feeds+"], exporters: [kafka]}}}", ""))
	if assert.Len(t, got, 1) {
		assert.Contains(t, got[0], "side by side with itself:")
	}
}
