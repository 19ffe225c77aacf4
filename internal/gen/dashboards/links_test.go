package dashboards

import (
	"encoding/json"
	"net/url"
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
// set of dashboards; and everything that is about requests leads to its log records.
func TestBucketsLinkToDetailsClientsToThreatIntelAndAllToRecords(t *testing.T) {
	byUID := map[string]Dashboard{}
	for _, d := range All() {
		byUID[uid(d.Name)] = d
	}
	found := map[string]int{}
	eachPanel(t, func(d *Dashboard, p *panel) {
		text, err := json.Marshal(p.model(d))
		require.NoError(t, err)
		var want []string
		for _, of := range [][2]string{{bucket, "details"}, {address, "threat-intel"}} {
			byColumn := slices.ContainsFunc(p.columns, func(c column) bool { return c.label == of[0] })
			if (byColumn || p.queries[0].legend == "{{"+of[0]+"}}") && d.has("bucket") {
				want = append(want, of[1])
			}
		}
		links := linkedTo.FindAllStringSubmatch(strings.ReplaceAll(string(text), `\u0026`, "&"), -1)
		var got []string
		toRecords := map[string]int{}
		for _, l := range links {
			to, known := byUID[l[1]]
			require.True(t, known, l[1])
			assert.True(t, strings.HasPrefix(l[2], "${__url_time_range}&"))
			parameters := linkedWith.FindAllStringSubmatch(l[2], -1)
			for _, m := range parameters {
				has := func(v variable) bool { return v.name == m[1]+m[2] }
				assert.True(t, slices.ContainsFunc(to.variables, has), "%s has no $%s", to.Name, m[1]+m[2])
				assert.True(t, m[2] != "" || slices.ContainsFunc(d.variables, has), "%s has no $%s", d.Name, m[1]+m[2])
			}
			name := strings.TrimSuffix(strings.TrimPrefix(to.Name, eventPrefix), victoriaLogs.suffix)
			found[name]++
			if name == recordsName {
				toRecords[to.Name]++
				continue
			}
			got = append(got, name)
			require.GreaterOrEqual(t, len(parameters), 4)
			assert.Equal(t, strings.HasPrefix(d.Name, eventPrefix), strings.HasPrefix(to.Name, eventPrefix), "by the same time")
		}
		assert.ElementsMatch(t, want, got, "%s: %s", d.Name, p.title)
		isOfRequests := d.has("bucket") && p.as != places // which has no labels of records
		for _, store := range []*logStore{&loki, &victoriaLogs} {
			other := d.has(loki.name) && store == &victoriaLogs || d.has(victoriaLogs.name) && store == &loki
			assert.Equal(t, isOfRequests && !other, toRecords[recordsName+store.suffix] > 0, "%s: %s", d.Name, p.title)
		}
	})
	assert.Greater(t, found["details"]+found["threat-intel"], 20)
	assert.Greater(t, found[recordsName], 100)
}

// A link to log records says what was clicked, what the panel counts, and what was chosen.
func TestLinksToRecordsSayWhatAPanelIsAbout(t *testing.T) {
	d := security(&victoriaLogs)
	p := byWhom("Denied", "Denied.", denied, column{errorType, "Error"})
	links := d.toRecords(&p, errorType, "${__value.raw}")
	require.Len(t, links, 1)
	assert.Equal(t, "/d/s3audit-records-victorialogs?${__url_time_range}&${victorialogs:queryparam}"+
		"&var-only_account=${account:regex}&var-only_region=${region:regex}&var-only_bucket=${bucket:regex}&var-only_operation=${operation:regex}"+
		"&var-only_status=403&var-only_error=${__value.raw}", links[0]["url"])
	p = number("Without TLS", "Without TLS.", "short", ofRequests(withoutTLS), "yellow")
	assert.Contains(t, d.toRecords(&p, "", "")[0]["url"], "&var-only_tls=", "without a value")
	p = number("TLS", "TLS.", "short", ofRequests(oldTLS), "yellow")
	assert.Contains(t, d.toRecords(&p, "", "")[0]["url"], "&var-only_tls="+url.QueryEscape(`1\.[01]`))
	o := overview()
	assert.Len(t, o.toRecords(&p, "", ""), 2, "one for each store")
}
