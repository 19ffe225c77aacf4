package schema

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/otlplogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
)

func TestPageIsGenerated(t *testing.T) {
	want, err := Page()
	require.NoError(t, err)
	got, err := os.ReadFile("../../../docs/schema.md")
	require.NoError(t, err)
	assert.Equal(t, want, string(got), "docs/schema.md: run `make generate`")
}

func TestEveryAttributeAndMetricIsExplained(t *testing.T) {
	assert.Empty(t, missing())
	assert.Len(t, metricRows, len(rollup.Metrics()))
}

func TestEveryAttributeHasAnExample(t *testing.T) {
	resource, record, malformed, err := examples()
	require.NoError(t, err)
	for _, a := range otlplogs.ResourceAttributes() {
		assert.NotEmpty(t, resource[a.Name], a.Name)
	}
	for _, a := range otlplogs.RecordAttributes() {
		assert.NotEmpty(t, record[a.Name], a.Name)
	}
	for _, a := range otlplogs.MalformedAttributes() {
		assert.NotEmpty(t, malformed[a.Name], a.Name)
	}
	for name, value := range record {
		assert.NotContains(t, value, "5ECRET", name)
	}
}
