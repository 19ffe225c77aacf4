package dashboards

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	linkedTo   = regexp.MustCompile(`"/d/([\w-]+)\?([^"]*)"`)
	linkedWith = regexp.MustCompile(`\$\{(\w+):queryparam\}|var-(\w+)=`)
)

// Where a panel names buckets, each leads to the Details of its set of dashboards.
func TestBucketsLinkToDetails(t *testing.T) {
	byUID := map[string]Dashboard{}
	for _, d := range All() {
		byUID[uid(d.Name)] = d
	}
	found := 0
	eachPanel(t, func(d *Dashboard, p *panel) {
		text, err := json.Marshal(p.model(d))
		require.NoError(t, err)
		byColumn := slices.ContainsFunc(p.columns, func(c column) bool { return c.label == bucket })
		links := linkedTo.FindAllStringSubmatch(strings.ReplaceAll(string(text), `\u0026`, "&"), -1)
		if !byColumn && p.queries[0].legend != "{{"+bucket+"}}" {
			assert.Empty(t, links, p.title)
			return
		}
		require.Len(t, links, 1, "%s: %s", d.Name, p.title)
		to := byUID[links[0][1]]
		assert.Equal(t, strings.HasPrefix(d.Name, eventPrefix), strings.HasPrefix(to.Name, eventPrefix), "by the same time")
		assert.True(t, strings.HasSuffix(to.Name, "details"), to.Name)
		assert.True(t, strings.HasPrefix(links[0][2], "${__url_time_range}&"))
		parameters := linkedWith.FindAllStringSubmatch(links[0][2], -1)
		require.Len(t, parameters, 4)
		for _, m := range parameters {
			has := func(v variable) bool { return v.name == m[1]+m[2] }
			assert.True(t, slices.ContainsFunc(to.variables, has), "%s has no $%s", to.Name, m[1]+m[2])
			assert.True(t, slices.ContainsFunc(d.variables, has), "%s has no $%s", d.Name, m[1]+m[2])
		}
		found++
	})
	assert.Greater(t, found, 20)
}
