package dashboards

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// grafanaFolder is what `make test-servers` makes of internal/tools/grafana.
const grafanaFolder = "../../../.tools/grafana"

// Grafana's own types know every key of every dashboard, and the compiler refuses what
// they do not.
func TestServersGrafanaKnowsTheDashboards(t *testing.T) {
	types := newGrafanaTypes(t)
	for _, d := range All() {
		text, err := d.JSON()
		require.NoError(t, err)
		types.add(t, d.Name, string(text))
	}
	output, err := types.check(t)
	assert.NoError(t, err, output)
}

// The check finds what is wrong, in every part of a dashboard.
func TestServersGrafanaRefusesWhatItDoesNotKnow(t *testing.T) {
	d := details()
	text, err := d.JSON()
	require.NoError(t, err)
	others := []Dashboard{security(&victoriaLogs), overview()}
	types := newGrafanaTypes(t)
	wrong := [][2]string{
		{`"schemaVersion"`, `"schemaVerison"`},
		{`"graphTooltip": 1`, `"graphTooltip": "shared"`},
		{`"transparent"`, `"opaque"`},
		{`"displayMode": "table"`, `"displayMode": "tables"`},
		{`"stacking"`, `"stapling"`},
		{`"legendFormat"`, `"legendFormats"`},
		{`"type": "timeseries"`, `"type": "graph"`},
		{`"gazetteer"`, `"gazette"`},
		{`"sortBy"`, `"sortedBy"`},
		{`"fillOpacity": 60`, `"fillOpacity": "60"`},
		{`"queryType": "instant"`, `"queryType": "instantly"`},
		{`"pieType": "pie"`, `"pieType": "cake"`},
		{`"drawStyle": "bars"`, `"drawStyle": "columns"`},
	}
	for i, w := range wrong {
		text := string(text)
		for _, other := range others {
			if !strings.Contains(text, w[0]) {
				otherText, err := other.JSON()
				require.NoError(t, err)
				text = string(otherText)
			}
		}
		require.Contains(t, text, w[0])
		types.add(t, "wrong-"+string(rune('a'+i)), strings.Replace(text, w[0], w[1], 1))
	}
	output, err := types.check(t)
	require.Error(t, err)
	for i, w := range wrong {
		assert.Contains(t, output, "wrong-"+string(rune('a'+i))+".ts(", w[1])
	}
}

// types is a folder of dashboards that are to be compared with Grafana's types.
type types struct{ dir, node string }

// fromGrafana returns the paths of Node and of the packages that Grafana publishes. It
// leaves the test out where there is no Node, and without make test-servers.
func fromGrafana(t *testing.T) (node, modules string) {
	t.Helper()
	node, err := exec.LookPath("node")
	if _, npm := exec.LookPath("npm"); os.Getenv("TEST_SERVERS") != "1" || err != nil || npm != nil {
		t.Skip("needs Grafana's packages, Node and npm: make test-servers runs it")
	}
	modules, err = filepath.Abs(filepath.Join(grafanaFolder, "node_modules"))
	require.NoError(t, err)
	require.DirExists(t, modules, "run make test-servers")
	return node, modules
}

func newGrafanaTypes(t *testing.T) types {
	t.Helper()
	node, modules := fromGrafana(t)
	dir := t.TempDir()
	require.NoError(t, os.Symlink(modules, filepath.Join(dir, "node_modules")))
	model, err := os.ReadFile("../../tools/grafana/dashboard.ts")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "dashboard.ts"), model, 0o600))
	return types{dir, node}
}

func (y types) add(t *testing.T, name, dashboard string) {
	t.Helper()
	text := "import type { GrafanaDashboard } from './dashboard';\nexport const d: GrafanaDashboard =\n" + dashboard
	require.NoError(t, os.WriteFile(filepath.Join(y.dir, name+".ts"), []byte(text), 0o600))
}

func (y types) check(t *testing.T) (string, error) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(y.dir, "*.ts"))
	require.NoError(t, err)
	arguments := append([]string{
		filepath.Join(y.dir, "node_modules/typescript/bin/tsc"),
		"--noEmit", "--strict", "--module", "nodenext", "--moduleResolution", "nodenext", "--skipLibCheck", "--pretty", "false",
	}, files...)
	command := exec.CommandContext(t.Context(), y.node, arguments...)
	command.Dir = y.dir
	output, err := command.CombinedOutput()
	return string(output), err
}
