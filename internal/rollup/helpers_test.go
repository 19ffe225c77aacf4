package rollup

import "time"

// testSettings count all that needs neither databases nor feeds.
func testSettings() Settings {
	s := Settings{
		Interval: time.Minute, Limit: 10_000, IdleTimeout: 24 * time.Hour,
		TraceParameter: "x-traceparent",
		ServiceName:    "s3_access_logs", InstanceID: "instance", ScopeName: "scope", ScopeVersion: "v1",
		Metrics: map[string][]string{},
	}
	for _, m := range Metrics() {
		s.Metrics[m.Name] = m.Attributes
	}
	return s
}
