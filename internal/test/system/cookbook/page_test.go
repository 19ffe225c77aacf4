package cookbook

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/machine"
)

// page is what docs/cookbook.md says: code blocks by heading and mark.
type page map[string]map[string]string

var (
	heading   = regexp.MustCompile(`(?m)^##+ (.+)$`)
	codeBlock = regexp.MustCompile("(?ms)^```([a-z ]+)\n(.*?)\n?^```$")
)

// Headings of what is to be set up.
const (
	forPromQL = "For PromQL"
	forDuckDB = "For DuckDB"
)

func readPage(t *testing.T) page {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(machine.Repository(t), "docs", "cookbook.md"))
	require.NoError(t, err)
	p := page{}
	all := heading.FindAllStringSubmatchIndex(string(text), -1)
	for i, at := range all {
		end := len(text)
		if i+1 < len(all) {
			end = all[i+1][0]
		}
		blocks := map[string]string{}
		for _, m := range codeBlock.FindAllStringSubmatch(string(text[at[1]:end]), -1) {
			require.NotContains(t, blocks, m[1], "two blocks of one language")
			blocks[m[1]] = m[2]
		}
		if len(blocks) > 0 {
			p[string(text[at[2]:at[3]])] = blocks
		}
	}
	require.Contains(t, p, forPromQL)
	require.Contains(t, p, forDuckDB)
	return p
}

func TestEveryQuestionHasAFigure(t *testing.T) {
	p := readPage(t)
	assert.GreaterOrEqual(t, len(figures), 20)
	for question, blocks := range p {
		if strings.HasPrefix(question, "For ") {
			continue
		}
		f, known := figures[question]
		if !assert.True(t, known, "%s has no figure", question) {
			continue
		}
		for _, mark := range []string{"logsql", "logql", "sql duckdb"} {
			assert.NotEmpty(t, blocks[mark], "%s in %s", question, mark)
		}
		assert.Equal(t, f.metric != nil, blocks["promql"] != "", question)
	}
	for question := range figures {
		assert.Contains(t, p, question)
	}
}
