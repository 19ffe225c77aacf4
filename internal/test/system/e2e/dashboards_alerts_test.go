package e2e

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	yaml "go.yaml.in/yaml/v3"
)

// onSamples are the alerts whose condition the samples and the faults beside them
// meet, with the number of series.
var onSamples = map[string]int{
	"S3AuditHighThreat":     8, // pairs of client and bucket, see assertAlerts
	"S3AuditDeadLetters":    1, // the message that is no notification
	"S3AuditObjectsGivenUp": 1, // the torn object
	"S3AuditLag":            2, // both receivers read of last week
	"S3AuditSilent":         2, // likewise
}

// assertAlerts evaluates the conditions of all alerts: on real names and labels, as
// promtool's tests of them are on made-up ones.
func (s *shown) assertAlerts(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(dashboardsDir + "/alerts.yaml")
	require.NoError(t, err)
	var file struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	require.NoError(t, yaml.Unmarshal(text, &file))
	high := add(of(isHigh))(s.requests, []string{"aws_s3_bucket", "client_address", "threat_group_name"})
	assert.Len(t, high, onSamples["S3AuditHighThreat"])
	found := 0
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			got := s.prometheus.Query(t, r.Expr, s.at)
			assert.Len(t, got, onSamples[r.Alert], r.Alert)
			if onSamples[r.Alert] > 0 {
				found++
			}
		}
	}
	assert.Equal(t, len(onSamples), found)
}
