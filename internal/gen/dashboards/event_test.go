package dashboards

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ofCounters finds functions that take counters, which deltas are not.
var ofCounters = regexp.MustCompile(`\b(increase|i?rate|i?delta|resets|changes|clamp_min)\(|rate_interval`)

// Each panel of the three dashboards is there by the time of the request, too: the same
// one but for its queries of metrics.
func TestEventDashboardsShowTheSame(t *testing.T) {
	names := map[string]Dashboard{}
	for _, d := range All() {
		names[d.Name] = d
	}
	found := 0
	for _, of := range []string{"overview", "details", "threat-intel", "threat-intel-victorialogs"} {
		was, is := names[of], names[eventPrefix+of]
		assert.Equal(t, was.Title+", by time of request", is.Title)
		assert.NotContains(t, is.about, "%")
		assert.Equal(t, prometheus, was.variables[0])
		assert.Equal(t, victoriaMetrics, is.variables[0])
		assert.Equal(t, was.variables[1:], is.variables[1:])
		require.Len(t, is.rows, len(was.rows))
		for i := range was.rows {
			require.Len(t, is.rows[i].panels, len(was.rows[i].panels))
			for j := range was.rows[i].panels {
				before, after := was.rows[i].panels[j], is.rows[i].panels[j]
				assert.Len(t, after.queries, len(before.queries))
				for k, q := range after.queries {
					if after.as == listing {
						assert.Equal(t, before.queries, after.queries)
						continue
					}
					assert.NotRegexp(t, ofCounters, q.expr)
					of := strings.ReplaceAll(before.queries[k].expr, "[$__rate_interval]", "[]")
					assert.Equal(t, len(ofCounters.FindAllString(of, -1)), strings.Count(q.expr, "sum_over_time("), q.expr)
					assert.False(t, strings.Contains(q.expr, "histogram_quantile") && strings.Contains(q.expr, "_ms"), "counts are whole: %s", q.expr)
					found++
				}
				assert.NotContains(t, after.description, arrival)
				after.queries, after.description = before.queries, before.description
				assert.Equal(t, before, after)
			}
		}
	}
	assert.Greater(t, found, 40)
}

// A dashboard by arrival does not change when the other one is made of it.
func TestEventDashboardsLeaveTheOthersAlone(t *testing.T) {
	before := overview()
	want, err := before.JSON()
	require.NoError(t, err)
	_ = event(before, "")
	got, err := before.JSON()
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}
