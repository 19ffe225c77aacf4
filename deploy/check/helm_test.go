package check

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	network "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

const (
	chartDir    = root + "/deploy/helm/otelcol-s3audit"
	releaseName = "s3audit"
	fullName    = "s3audit-otelcol-s3audit"
)

var update = flag.Bool("update", false, "write the renderings of the chart in testdata/helm anew")

// podMonitor is the Prometheus Operator's, as far as we use it (monitoring.coreos.com/v1).
type podMonitor struct {
	meta.TypeMeta   `json:",inline"`
	meta.ObjectMeta `json:"metadata"`
	Spec            struct {
		Selector            meta.LabelSelector `json:"selector"`
		PodMetricsEndpoints []struct {
			Port     string `json:"port"`
			Interval string `json:"interval"`
		} `json:"podMetricsEndpoints"`
	} `json:"spec"`
}

// render returns what the chart makes of values, as one stream of documents.
func render(t testing.TB, values map[string]any) (string, error) {
	t.Helper()
	chart, err := loader.Load(chartDir)
	require.NoError(t, err)
	all, err := util.ToRenderValues(chart, values, common.ReleaseOptions{
		Name: releaseName, Namespace: "otelcol-s3audit", Revision: 1, IsInstall: true,
	}, common.DefaultCapabilities)
	require.NoError(t, err)
	files, err := engine.Engine{Strict: true}.RenderWithContext(t.Context(), chart, all)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.TrimSpace(files[name]) != "" && strings.HasSuffix(name, ".yaml") {
			text.WriteString("---\n" + strings.TrimSpace(files[name]) + "\n")
		}
	}
	return text.String(), nil
}

func valuesOf(t testing.TB, file string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	values, err := common.ReadValues(text)
	require.NoError(t, err)
	return values
}

// renderings are those of each testdata/helm/X.values.yaml, by X.
func renderings(t testing.TB) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, file := range glob(t, "deploy/check/testdata/helm/*.values.yaml") {
		text, err := render(t, valuesOf(t, file))
		require.NoError(t, err, file)
		all[strings.TrimSuffix(filepath.Base(file), ".values.yaml")] = text
	}
	return all
}

func decoded(t testing.TB, name, text string) *cluster {
	t.Helper()
	c := newCluster()
	c.addAll(t, name, []byte(text))
	return c
}

func TestChartRendersAsTheGoldens(t *testing.T) {
	for name, text := range renderings(t) {
		golden := filepath.Join("testdata", "helm", name+".want.yaml")
		if *update {
			require.NoError(t, os.WriteFile(golden, []byte(text), 0o600))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		assert.Equal(t, string(bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n"))), text, "%s: run go test -update, and read the difference", name)
	}
}

func TestChartPassesLint(t *testing.T) {
	for _, file := range glob(t, "deploy/check/testdata/helm/*.values.yaml") {
		linted := lint.RunAll(chartDir, valuesOf(t, file), "otelcol-s3audit")
		for _, message := range linted.Messages {
			assert.Less(t, message.Severity, support.WarningSev, "%s: %v", file, message)
		}
	}
}

// Every configuration is right, its pod has what it names, and its parts name each other.
func TestChartStartsInEachMode(t *testing.T) {
	for name, text := range renderings(t) {
		c := decoded(t, name, text)
		require.Len(t, c.sets, 1, name)
		set := c.sets[fullName]
		require.NotNil(t, set, name)
		validateConfig(t, fullName, c.configs[fullName], set)
		assertRestricted(t, name, set)

		selector := set.Spec.Selector.MatchLabels
		assert.Subset(t, set.Spec.Template.Labels, selector, name)
		assert.Equal(t, selector, c.services[set.Spec.ServiceName].Spec.Selector, name)
		for _, budget := range c.budgets {
			assert.Equal(t, selector, budget.Spec.Selector.MatchLabels, name)
		}
		for _, monitor := range c.monitors {
			assert.Equal(t, selector, monitor.Spec.Selector.MatchLabels, name)
			assert.Equal(t, "telemetry", monitor.Spec.PodMetricsEndpoints[0].Port, name)
		}
		for _, policy := range c.policies {
			assert.Equal(t, selector, policy.Spec.PodSelector.MatchLabels, name)
		}
		if strings.HasPrefix(name, "bucket") {
			assert.EqualValues(t, 1, *set.Spec.Replicas, "%s: two would read everything twice", name)
			assert.Empty(t, c.budgets, "%s: a budget of one pod holds up the drain of its node", name)
		}
	}
}

func TestChartGivesPodsTheirRole(t *testing.T) {
	all := renderings(t)
	irsa := decoded(t, "queue-full", all["queue-full"])
	assert.Equal(t, "arn:aws:iam::111122223333:role/otelcol-s3audit-reader", irsa.accounts["reader"].Annotations["eks.amazonaws.com/role-arn"])
	assert.Equal(t, "reader", irsa.sets[fullName].Spec.Template.Spec.ServiceAccountName)
	assert.False(t, reaches(irsa.policies, "169.254.170.23/32"))

	own := decoded(t, "queue", all["queue"])
	assert.Empty(t, own.accounts[fullName].Annotations)
	assert.Equal(t, fullName, own.sets[fullName].Spec.Template.Spec.ServiceAccountName)

	identity := decoded(t, "bucket-podidentity", all["bucket-podidentity"])
	assert.Empty(t, identity.accounts, "the account is somebody else's")
	assert.Equal(t, "reader", identity.sets[fullName].Spec.Template.Spec.ServiceAccountName)
	assert.True(t, reaches(identity.policies, "169.254.170.23/32"), "the agent of pod identity is out of reach")
}

// reaches reports whether policies let pods out to a block of addresses by its name.
func reaches(policies []*network.NetworkPolicy, cidr string) bool {
	for _, policy := range policies {
		for _, rule := range policy.Spec.Egress {
			for _, peer := range rule.To {
				if peer.IPBlock != nil && peer.IPBlock.CIDR == cidr {
					return true
				}
			}
		}
	}
	return false
}

func TestChartRestartsPodsForAnotherConfiguration(t *testing.T) {
	hash := func(change func(map[string]any)) string {
		values := valuesOf(t, "testdata/helm/queue.values.yaml")
		change(values)
		text, err := render(t, values)
		require.NoError(t, err)
		return decoded(t, "queue", text).sets[fullName].Spec.Template.Annotations["checksum/config"]
	}
	same := hash(func(map[string]any) {})
	assert.Len(t, same, 64)
	assert.Equal(t, same, hash(func(v map[string]any) { v["replicas"] = 5 }))
	assert.NotEqual(t, same, hash(func(v map[string]any) { v["receiver"] = map[string]any{"concurrency": 8} }))
}

func TestChartRefusesValuesThatCannotStart(t *testing.T) {
	for change, want := range map[string]string{
		"mode: directory":          "mode is queue or bucket",
		"queue: {url: ''}":         "queue.url is required",
		"queue: {buckets: []}":     "queue.buckets is required",
		"mode: bucket":             "bucket.name is required",
		"exporter: {endpoint: ''}": "exporter.endpoint is required",
		"image: {repository: ''}":  "image.repository is required",
		"identity: {kind: irsa}":   "identity.roleArn is required",
		"identity: {kind: iam}":    "identity.kind is",
	} {
		values := valuesOf(t, "testdata/helm/queue.values.yaml")
		var changed map[string]any
		require.NoError(t, yaml.Unmarshal([]byte(change), &changed))
		merged := util.CoalesceTables(changed, values)
		_, err := render(t, merged)
		assert.ErrorContains(t, err, want, change)
	}
}
