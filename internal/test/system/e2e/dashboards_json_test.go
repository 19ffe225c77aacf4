package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const dashboardsDir = "../../../../dashboards"

// board is a dashboard as the user imports it: the file, not the code behind it.
type board struct {
	name   string // the file's, without .json
	Panels []boardPanel
	// Templating holds the variables; a query is a text, or an object with one.
	Templating struct {
		List []struct {
			Name, Type string
			Query      json.RawMessage
			Current    struct{ Value any }
		}
	}
}

type boardPanel struct {
	Title, Type string
	FieldConfig struct {
		Defaults struct{ Unit string }
	}
	Targets []boardQuery
}

type boardQuery struct {
	RefID, Expr, Interval string
	LegendFormat          string
	Instant               bool
	MaxLines              int
	Datasource            struct{ Type string }
}

func readBoards(t testing.TB) []board {
	t.Helper()
	files, err := filepath.Glob(dashboardsDir + "/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	boards := make([]board, len(files))
	for i, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &boards[i]), file)
		boards[i].name = strings.TrimSuffix(filepath.Base(file), ".json")
		require.NotEmpty(t, boards[i].Panels, file)
	}
	return boards
}

// values are the values of a query variable: its metric and its label.
func (b *board) values(t testing.TB) map[string][2]string {
	t.Helper()
	found := map[string][2]string{}
	for _, v := range b.Templating.List {
		if v.Type != "query" {
			continue
		}
		var query struct{ Query string }
		require.NoError(t, json.Unmarshal(v.Query, &query))
		inside, is := strings.CutPrefix(strings.TrimSuffix(query.Query, ")"), "label_values(")
		require.True(t, is, query.Query)
		comma := strings.LastIndex(inside, ", ")
		found[v.Name] = [2]string{inside[:comma], inside[comma+2:]}
	}
	return found
}

// chosen is what the user chose, as Grafana writes it into queries.
type chosen map[string]string

// everything is what a dashboard shows when it is opened. A minute of Grafana is a
// window here: the windows end at the last sample and begin before the first.
func everything(window string) chosen {
	c := chosen{
		"account": ".*", "region": ".*", "bucket": ".*", "operation": ".*", "confidence": ".+", "client": ".*", "receiver": ".*", "top": "10",
		"account:regex": ".*", "region:regex": ".*", "bucket:regex": ".*", "operation:regex": ".*", "confidence:regex": ".+", "client:regex": ".*",
		"price_get": "0.0004", "price_list": "0.005", "price_sqs": "0.0004",
		"__range": window, "__rate_interval": window, "__interval": window,
	}
	for _, of := range []string{
		"account", "region", "bucket", "operation", "status", "error", "key", "requester_type", "requester", "client", "country", "actor",
		"confidence", "tls", "signature", "auth_type", "acl_required",
	} {
		c["only_"+of+":raw"] = ".*"
	}
	return c
}

// choose sets a variable to values, as the data sources of Prometheus and Loki write them
// and as ${variable:regex} does, and a link to log records.
func (c chosen) choose(variable string, values ...string) {
	for i, value := range values {
		values[i] = regexp.QuoteMeta(value)
	}
	pattern := strings.Join(values, "|")
	if len(values) > 1 {
		pattern = "(" + pattern + ")"
	}
	c[variable+":regex"], c["only_"+variable+":raw"] = pattern, pattern
	c[variable] = strings.ReplaceAll(pattern, `\`, `\\`)
}

// fill writes the chosen values into a query.
func (c chosen) fill(t testing.TB, query string) string {
	t.Helper()
	query = os.Expand(query, func(name string) string {
		value, known := c[name]
		if !known {
			t.Fatalf("a query uses $%s: %s", name, query)
		}
		return value
	})
	return query
}
