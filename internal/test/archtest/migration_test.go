package archtest

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/otlplogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/receiver/s3accesslogsreceiver"
)

const migration = "docs/migration.md"

// foreign is what tables of docs/migration.md begin with, by heading: every name of the
// other tool, in its order. "" is a name that is ours alone.
var foreign = map[string]string{
	"### Sumo Logic's parse names": "bucket_owner bucket time remoteIP requester request_ID operation key request_URI status_code error_code bytes_sent object_size total_time turn_time referrer user_agent version_ID",
	"### Athena's columns": "bucketowner bucket_name requestdatetime remoteip requester requestid operation key request_uri httpstatus errorcode bytessent objectsize totaltime turnaroundtime " +
		"referrer useragent versionid hostid sigv ciphersuite authtype endpoint tlsversion accesspointarn aclrequired",
}

func TestMigrationHasEveryNameOfTheOtherTool(t *testing.T) {
	for heading, names := range foreign {
		var got []string
		for _, cells := range tableOf(t, migration, heading) {
			if cells[0] != "" {
				got = append(got, cells[0])
			}
		}
		assert.Equal(t, strings.Fields(names), got, heading)
	}
}

func TestMigrationNamesOurAttributes(t *testing.T) {
	known := map[string]bool{"Timestamp": true, "none": true}
	for _, a := range slices.Concat(otlplogs.ResourceAttributes(), otlplogs.RecordAttributes()) {
		known[a.Name] = true
	}
	for _, heading := range []string{"### Sumo Logic's parse names", "### Athena's columns", "### Filebeat's fields", "### Contrib's attributes"} {
		for _, cells := range tableOf(t, migration, heading) {
			for _, name := range namesIn(cells[1]) {
				assert.True(t, known[name], "%s: %s", heading, name)
			}
		}
	}
}

func TestMigrationNamesOurSettings(t *testing.T) {
	known := []string{"none"}
	settingKeys(reflect.TypeFor[s3accesslogsreceiver.Config](), "", &known)
	for _, heading := range []string{"### Filebeat's options", "### Contrib's options"} {
		for _, cells := range tableOf(t, migration, heading) {
			for _, name := range namesIn(cells[1]) {
				assert.True(t, slices.Contains(known, name), "%s: %s", heading, name)
			}
		}
	}
}

func TestMigrationNamesOurPanels(t *testing.T) {
	var pages strings.Builder
	sources, err := filepath.Glob(root + "/exporter/s3accessreportexporter/web/src/pages/*.ts")
	require.NoError(t, err)
	for _, source := range sources {
		pages.WriteString(read(t, strings.TrimPrefix(filepath.ToSlash(source), root+"/")))
	}
	panels := map[string]bool{}
	for _, board := range []string{"overview", "details", "threat-intel"} {
		var model struct{ Panels []struct{ Title string } }
		require.NoError(t, json.Unmarshal([]byte(read(t, "dashboards/"+board+".json")), &model))
		for _, p := range model.Panels {
			panels[p.Title] = true
		}
	}
	for _, cells := range tableOf(t, migration, "### Sumo Logic's panels") {
		assert.Contains(t, pages.String(), "'"+cells[1]+"'")
		for name := range strings.SplitSeq(cells[2], ", ") {
			assert.True(t, panels[name], name)
		}
	}
}

var backquoted = regexp.MustCompile("`([^`]+)`")

// namesIn returns what a cell lists. Its first and last backquotes are cut off.
func namesIn(cell string) (names []string) {
	for _, m := range backquoted.FindAllStringSubmatch("`"+cell+"`", -1) {
		names = append(names, m[1])
	}
	return names
}
