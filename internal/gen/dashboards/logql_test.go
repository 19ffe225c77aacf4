package dashboards

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/gen/cookbook"
)

// parseLogQL says what Grafana's grammar finds wrong with each query; "": nothing.
func parseLogQL(t *testing.T, queries ...string) []string {
	t.Helper()
	node, modules := fromGrafana(t)
	in, err := json.Marshal(queries)
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), node, "logql.mjs")
	command.Dir = filepath.Dir(modules)
	command.Stdin = strings.NewReader(string(in))
	output, err := command.Output()
	require.NoError(t, err)
	var wrong []string
	require.NoError(t, json.Unmarshal(output, &wrong))
	require.Len(t, wrong, len(queries))
	return wrong
}

// chosenInGrafana are values of variables as Grafana writes them into LogQL.
var chosenInGrafana = []*strings.Replacer{
	strings.NewReplacer(only(".*", "$account", ".*", "$region", ".*", "$bucket", ".*", "$operation", ".*", "$confidence", ".+", "$client", ".*")...),
	strings.NewReplacer(only(`(www\.example\.org|a)`, "$account", "(111122223333|444455556666)", "$region", "eu-west-1", "$bucket", `(example-data-lake|www\\.example\\.org)`, "$operation", `REST\\.GET\\.OBJECT`, "$confidence", "(High|Low)", "$client", `203\\.0\\.113\\.7`)...),
}

// only adds a value of each text that the dashboards of log records have.
func only(value string, more ...string) []string {
	for _, f := range filters {
		more = append(more, "${"+f.name+":raw}", value)
	}
	return more
}

var queryInComment = regexp.MustCompile(`(?m)^# In Grafana: (.+)$`)

// No Loki runs here, so that this is all that is known of the queries for it: their
// syntax. Regular expressions are strings to the grammar; the same ones are run as LogsQL.
func TestServersGrafanaParsesLogQL(t *testing.T) {
	var queries []string
	eachPanel(t, func(_ *Dashboard, p *panel) {
		if p.logs == &loki {
			for _, values := range chosenInGrafana {
				queries = append(queries, values.Replace(p.queries[0].expr))
			}
		}
	})
	require.Len(t, queries, 14)
	example, err := os.ReadFile("../../../examples/loki.yaml")
	require.NoError(t, err)
	inComment := queryInComment.FindStringSubmatch(string(example))
	require.NotNil(t, inComment)
	queries = append(queries, inComment[1])
	for i, wrong := range parseLogQL(t, queries...) {
		assert.Empty(t, wrong, queries[i])
		assert.NotContains(t, queries[i], "$")
	}
}

func TestServersGrafanaRefusesWrongLogQL(t *testing.T) {
	query := logQL(byOperation([]string{denied}), []column{{bucket, "Bucket"}, {key, "Key"}})
	var queries []string
	for _, w := range [][2]string{
		{`"403"`, `forbidden`},
		{`"403"`, `"403`},
		{` | keep`, ` keep`},
		{`keep `, `hold `},
		{`, aws_s3_key`, `,`},
		{`}`, ``},
		{`=~"$bucket"`, `~="$bucket"`},
		{`aws_s3_bucket=~`, `aws.s3.bucket=~`},
	} {
		require.Contains(t, query, w[0])
		queries = append(queries, strings.Replace(query, w[0], w[1], 1))
	}
	for i, wrong := range parseLogQL(t, queries...) {
		assert.NotEmpty(t, wrong, queries[i])
	}
	assert.Equal(t, []string{""}, parseLogQL(t, query))
}

// The queries of docs/cookbook.md, with what Grafana refuses beside them.
func TestServersGrafanaParsesLogQLOfTheCookbook(t *testing.T) {
	var queries []string
	for _, chapter := range cookbook.Chapters() {
		for _, q := range chapter.Questions {
			queries = append(queries, q.LogQL)
		}
	}
	require.GreaterOrEqual(t, len(queries), 20)
	n := len(queries)
	queries = append(queries, strings.Replace(queries[0], "| keep", "| kept", 1), strings.Replace(queries[n-1], "unless", "until", 1))
	for i, wrong := range parseLogQL(t, queries...) {
		assert.Equal(t, i >= n, wrong != "", "%s: %s", queries[i], wrong)
	}
}
