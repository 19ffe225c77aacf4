package dashboards

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	yaml "go.yaml.in/yaml/v3"
)

// promtool runs Prometheus's tool in the folder of the dashboards, for make test-servers,
// which builds it.
func promtool(t *testing.T, arguments ...string) {
	t.Helper()
	if os.Getenv("TEST_SERVERS") != "1" {
		t.Skip("needs promtool: make test-servers runs it")
	}
	program, err := filepath.Abs("../../../.tools/bin/promtool")
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), program, arguments...)
	command.Dir = folder
	output, err := command.CombinedOutput()
	assert.NoError(t, err, string(output))
}

func TestServersPrometheusTakesTheAlerts(t *testing.T) {
	promtool(t, "check", "rules", "--lint=all", "--lint-fatal", "alerts.yaml")
}

func TestServersAlertsFireWhenTheyShould(t *testing.T) {
	promtool(t, "test", "rules", "alerts_test.yaml")
}

type rule struct {
	Alert, Expr string
	Labels      map[string]string
	Annotations map[string]string
}

func alerts(t *testing.T) (rules []rule) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "alerts.yaml"))
	require.NoError(t, err)
	var file struct{ Groups []struct{ Rules []rule } }
	require.NoError(t, yaml.Unmarshal(text, &file))
	for _, g := range file.Groups {
		rules = append(rules, g.Rules...)
	}
	require.NotEmpty(t, rules)
	return rules
}

func TestAlertsSayWhatIsWrong(t *testing.T) {
	tests, err := os.ReadFile(filepath.Join(folder, "alerts_test.yaml"))
	require.NoError(t, err)
	for _, r := range alerts(t) {
		assert.Contains(t, []string{"warning", "critical"}, r.Labels["severity"], r.Alert)
		assert.NotEmpty(t, r.Annotations["summary"], r.Alert)
		assert.NotEmpty(t, r.Annotations["description"], r.Alert)
		fires := regexp.MustCompile(`alertname="` + r.Alert + `"(, alertstate="firing")?[^}]*\}', value: 1`)
		assert.Regexp(t, fires, string(tests), "%s has no test in which it fires", r.Alert)
	}
}

func TestAlertsHaveARunbook(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(folder, "..", "docs", "runbooks.md"))
	require.NoError(t, err)
	const page = "https://github.com/otelcol-s3audit/otelcol-s3audit/blob/main/docs/runbooks.md#"
	sections := strings.Split(string(text), "\n## ")[1:]
	rules := alerts(t)
	for _, r := range rules {
		assert.Equal(t, page+strings.ToLower(r.Alert), r.Annotations["runbook_url"], r.Alert)
		section := regexp.MustCompile(`(?s)^` + r.Alert + `\n\n\*\*Meaning\.\*\* .+\n\n\*\*First look\.\*\* .+\n\n\*\*Fix\.\*\* .+`)
		assert.True(t, slices.ContainsFunc(sections, section.MatchString), "%s has no section in docs/runbooks.md", r.Alert)
	}
	assert.Len(t, sections, len(rules), "a section of no alert")
}

func TestAlertsUseNamesOfTheCode(t *testing.T) {
	metrics := append(ownMetrics(t), "aws_s3_server_threat_requests_total")
	for _, r := range alerts(t) {
		for _, name := range metricName.FindAllString(r.Expr, -1) {
			assert.True(t, slices.Contains(metrics, name), "%s: %s", r.Alert, name)
		}
	}
}
