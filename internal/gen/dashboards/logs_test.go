package dashboards

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/otlplogs"
)

// recordAttributes are the names that log records have, with their resource's.
func recordAttributes() map[string]bool {
	names := map[string]bool{}
	for _, a := range slices.Concat(otlplogs.RecordAttributes(), otlplogs.ResourceAttributes()) {
		names[a.Name] = true
	}
	return names
}

func TestAttributesAreThoseOfTheCode(t *testing.T) {
	known := recordAttributes()
	for label, name := range attributes {
		assert.True(t, known[name], name)
		assert.Equal(t, prometheusName(name, ""), label)
	}
}

var filteredField = regexp.MustCompile(`([\w.]+):[=~]`)

// The names in LogsQL are those of the records.
func TestLogQueriesUseNamesOfTheCode(t *testing.T) {
	known := recordAttributes()
	found := 0
	eachPanel(t, func(_ *Dashboard, p *panel) {
		if p.logs != &victoriaLogs {
			return
		}
		expr := p.queries[0].expr
		_, fields, listed := strings.Cut(expr, " | fields _time, ")
		require.True(t, listed, expr)
		names := strings.Split(fields, ", ")
		assert.Len(t, names, len(p.columns))
		for _, m := range filteredField.FindAllStringSubmatch(expr, -1) {
			names = append(names, m[1])
		}
		for _, name := range names {
			assert.True(t, known[name], "%s: %s", p.title, name)
			found++
		}
	})
	assert.Positive(t, found)
}

func TestMatchersInLogsQL(t *testing.T) {
	for matcher, want := range map[string]string{
		`http_response_status_code="403"`:     `http.response.status_code:="403"`,
		`error_type=~"Access.*|Slow\\.Down"`:  `error.type:~"^(?:Access.*|Slow\\.Down)$"`,
		`threat_indicator_confidence=~"$it"`:  "threat.indicator.confidence:~`^(?:${it:regex})$`",
		`aws_s3_operation=~"REST.*|$another"`: `aws.s3.operation:~"^(?:REST.*|$another)$"`,
		"error_type=~`${only_error:raw}`":     "error.type:~`^(?:${only_error:raw})$`",
	} {
		assert.Equal(t, want, logsQLFilter(matcher))
	}
	for _, matcher := range []string{
		`error_type!="AccessDenied"`, `error_type!~"A.*"`, `error_type >= 400`, `error_type="a", status="b"`, `error_kind="a"`, ``,
	} {
		assert.Panics(t, func() { logsQLFilter(matcher) }, matcher)
	}
}

// What one store's users see the other's do too: the dashboards differ by their names,
// the data source and how it is asked.
func TestStoresShowTheSame(t *testing.T) {
	for _, of := range []func(*logStore) Dashboard{threatIntel, security, records} {
		inLoki, inVictoriaLogs := of(&loki), of(&victoriaLogs)
		assert.Equal(t, inLoki.Name+"-victorialogs", inVictoriaLogs.Name)
		assert.Equal(t, inLoki.Title+" (VictoriaLogs)", inVictoriaLogs.Title)
		assert.Equal(t, strings.ReplaceAll(inLoki.about, "Loki", "VictoriaLogs"), inVictoriaLogs.about)
		assert.Equal(t, withoutStore(inLoki.rows, &loki), withoutStore(inVictoriaLogs.rows, &victoriaLogs))
		assert.Contains(t, inLoki.variables, loki.variable)
		assert.Contains(t, inVictoriaLogs.variables, victoriaLogs.variable)
	}
}

// withoutStore are the rows, without what asks the store.
func withoutStore(rows []row, store *logStore) []row {
	for i := range rows {
		for j := range rows[i].panels {
			if p := &rows[i].panels[j]; p.logs == store {
				p.logs, p.queries = nil, nil
			}
		}
	}
	return rows
}
