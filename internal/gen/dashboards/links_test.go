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

// Where a panel names buckets, each leads to Details, and a client to Threat Intel, of its
// set of dashboards.
func TestBucketsLinkToDetailsAndClientsToThreatIntel(t *testing.T) {
	byUID := map[string]Dashboard{}
	for _, d := range All() {
		byUID[uid(d.Name)] = d
	}
	found := 0
	eachPanel(t, func(d *Dashboard, p *panel) {
		text, err := json.Marshal(p.model(d))
		require.NoError(t, err)
		var want []string
		for _, of := range [][2]string{{bucket, "details"}, {address, "threat-intel"}} {
			byColumn := slices.ContainsFunc(p.columns, func(c column) bool { return c.label == of[0] })
			if byColumn || p.queries[0].legend == "{{"+of[0]+"}}" {
				want = append(want, of[1])
			}
		}
		links := linkedTo.FindAllStringSubmatch(strings.ReplaceAll(string(text), `\u0026`, "&"), -1)
		var got []string
		for _, l := range links {
			to := byUID[l[1]]
			got = append(got, strings.TrimSuffix(strings.TrimPrefix(to.Name, eventPrefix), victoriaLogs.suffix))
			assert.Equal(t, strings.HasPrefix(d.Name, eventPrefix), strings.HasPrefix(to.Name, eventPrefix), "by the same time")
			assert.True(t, strings.HasPrefix(l[2], "${__url_time_range}&"))
			parameters := linkedWith.FindAllStringSubmatch(l[2], -1)
			require.GreaterOrEqual(t, len(parameters), 4)
			for _, m := range parameters {
				has := func(v variable) bool { return v.name == m[1]+m[2] }
				assert.True(t, slices.ContainsFunc(to.variables, has), "%s has no $%s", to.Name, m[1]+m[2])
				assert.True(t, m[2] != "" || slices.ContainsFunc(d.variables, has), "%s has no $%s", d.Name, m[1]+m[2])
			}
			found++
		}
		assert.ElementsMatch(t, want, got, "%s: %s", d.Name, p.title)
	})
	assert.Greater(t, found, 20)
}
