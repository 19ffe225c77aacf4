package cookbook

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/otlplogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/rollup"
)

func TestPageIsGenerated(t *testing.T) {
	got, err := os.ReadFile("../../../docs/cookbook.md")
	require.NoError(t, err)
	assert.Equal(t, Page(), string(got), "docs/cookbook.md: run `make generate`")
}

// each calls f with every question.
func each(f func(*Question)) {
	for _, c := range Chapters() {
		for i := range c.Questions {
			f(&c.Questions[i])
		}
	}
}

func TestEveryQuestionIsAnsweredByEachStoreAndTheReport(t *testing.T) {
	titles, metrics := map[string]bool{}, 0
	each(func(q *Question) {
		assert.True(t, strings.HasSuffix(q.Title, "?"), q.Title)
		assert.False(t, titles[q.Title], q.Title)
		titles[q.Title] = true
		for _, text := range []string{q.About, q.Report, q.LogsQL, q.LogQL, q.DuckDB, q.ClickHouse} {
			assert.NotEmpty(t, text, q.Title)
		}
		if q.PromQL != "" {
			metrics++
		}
	})
	assert.GreaterOrEqual(t, len(titles), 20)
	assert.Greater(t, metrics, 10)
}

var (
	dotted = regexp.MustCompile(`\b(?:aws|client|user|url|tls|http|error|threat|cloud|geo|log)(?:\.[a-z_0-9]+)+`)
	metric = regexp.MustCompile(`\baws_s3_server_[a-z_]+`)
	by     = regexp.MustCompile(`by \(([a-z0-9_, ]+)\)`)
)

func TestQueriesUseNamesOfTheCode(t *testing.T) {
	var attributes, columns, metrics, labels []string
	for _, a := range slices.Concat(otlplogs.RecordAttributes(), otlplogs.ResourceAttributes()) {
		attributes = append(attributes, a.Name)
		columns = append(columns, column(a.Name))
	}
	for _, m := range rollup.Metrics() {
		name := column(m.Name) + map[string]string{"By": "_bytes", "s": "_seconds"}[m.Unit]
		metrics = append(metrics, name+"_total", name+"_bucket")
	}
	for _, a := range rollup.Attributes() {
		labels = append(labels, column(a.Name))
	}
	each(func(q *Question) {
		for _, name := range dotted.FindAllString(strings.TrimPrefix(q.LogsQL, selected), -1) {
			assert.Contains(t, attributes, name, q.Title)
		}
		for _, m := range by.FindAllStringSubmatch(q.LogQL, -1) {
			for name := range strings.SplitSeq(m[1], ", ") {
				assert.True(t, name == "prefix" || slices.Contains(columns, name), "%s: %s", q.Title, name)
			}
		}
		for _, name := range metric.FindAllString(q.PromQL, -1) {
			assert.Contains(t, metrics, name, q.Title)
		}
		for _, m := range by.FindAllStringSubmatch(q.PromQL, -1) {
			for name := range strings.SplitSeq(m[1], ", ") {
				assert.True(t, name == "le" || slices.Contains(labels, name), "%s: %s", q.Title, name)
			}
		}
	})
	for _, name := range inView {
		assert.Contains(t, attributes, name)
	}
}

var titled = regexp.MustCompile(`"([^"]+)"`)

// The report has the panels that answers name.
func TestReportHasThePanels(t *testing.T) {
	var sources strings.Builder
	files, err := filepath.Glob("../../../exporter/s3accessreportexporter/web/src/pages/*.ts")
	require.NoError(t, err)
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		sources.Write(text)
	}
	n := 0
	each(func(q *Question) {
		for _, m := range titled.FindAllStringSubmatch(q.Report, -1) {
			assert.Contains(t, sources.String(), "'"+m[1]+"'", q.Title)
			n++
		}
	})
	assert.Greater(t, n, 15)
}

func TestAnchorIsThatOfGitHub(t *testing.T) {
	assert.Equal(t, "who-uses-tls-below-12", anchor("Who uses TLS below 1.2?"))
	assert.Equal(t, "which-presigned-links-were-used-and-who-signed-them", anchor("Which presigned links were used, and who signed them?"))
}
