package check

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	yamlv3 "go.yaml.in/yaml/v3"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	network "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// cluster is all that the manifests make, read as the API server does: a field
// that there is not is an error.
type cluster struct {
	accounts map[string]*core.ServiceAccount
	services map[string]*core.Service
	configs  map[string]*core.ConfigMap
	sets     map[string]*apps.StatefulSet
	budgets  []*policy.PodDisruptionBudget
	scalers  []*scaledObject
	auths    map[string]bool // TriggerAuthentications
	monitors []*podMonitor
	policies []*network.NetworkPolicy
}

// scaledObject is KEDA's, as far as we use it (keda.sh/v1alpha1).
type scaledObject struct {
	meta.TypeMeta   `json:",inline"`
	meta.ObjectMeta `json:"metadata"`
	Spec            struct {
		ScaleTargetRef struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
			Name       string `json:"name"`
		} `json:"scaleTargetRef"`
		MinReplicaCount int `json:"minReplicaCount"`
		MaxReplicaCount int `json:"maxReplicaCount"`
		PollingInterval int `json:"pollingInterval"`
		Triggers        []struct {
			Type              string            `json:"type"`
			Metadata          map[string]string `json:"metadata"`
			AuthenticationRef struct {
				Name string `json:"name"`
			} `json:"authenticationRef"`
		} `json:"triggers"`
	} `json:"spec"`
}

func newCluster() *cluster {
	return &cluster{
		accounts: map[string]*core.ServiceAccount{}, services: map[string]*core.Service{}, configs: map[string]*core.ConfigMap{},
		sets: map[string]*apps.StatefulSet{}, auths: map[string]bool{},
	}
}

func manifests(t testing.TB) *cluster {
	t.Helper()
	c := newCluster()
	for _, name := range glob(t, "deploy/kubernetes/*.yaml") {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		c.addAll(t, filepath.Base(name), text)
	}
	return c
}

// addAll adds each document of a file.
func (c *cluster) addAll(t testing.TB, file string, text []byte) {
	t.Helper()
	documents := yamlv3.NewDecoder(bytes.NewReader(text))
	for {
		var document yamlv3.Node
		err := documents.Decode(&document)
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err, file)
		one, err := yamlv3.Marshal(&document)
		require.NoError(t, err, file)
		c.add(t, file, one)
	}
}

func (c *cluster) add(t testing.TB, file string, document []byte) {
	t.Helper()
	var head struct {
		meta.TypeMeta   `json:",inline"`
		meta.ObjectMeta `json:"metadata"`
	}
	require.NoError(t, yaml.Unmarshal(document, &head), file)
	var object any
	switch head.APIVersion + " " + head.Kind {
	case "v1 Namespace":
		object = &core.Namespace{}
	case "v1 ServiceAccount":
		c.accounts[head.Name] = &core.ServiceAccount{}
		object = c.accounts[head.Name]
	case "v1 Service":
		c.services[head.Name] = &core.Service{}
		object = c.services[head.Name]
	case "v1 ConfigMap":
		c.configs[head.Name] = &core.ConfigMap{}
		object = c.configs[head.Name]
	case "apps/v1 StatefulSet":
		c.sets[head.Name] = &apps.StatefulSet{}
		object = c.sets[head.Name]
	case "policy/v1 PodDisruptionBudget":
		c.budgets = append(c.budgets, &policy.PodDisruptionBudget{})
		object = c.budgets[len(c.budgets)-1]
	case "networking.k8s.io/v1 NetworkPolicy":
		c.policies = append(c.policies, &network.NetworkPolicy{})
		object = c.policies[len(c.policies)-1]
	case "monitoring.coreos.com/v1 PodMonitor":
		c.monitors = append(c.monitors, &podMonitor{})
		object = c.monitors[len(c.monitors)-1]
	case "keda.sh/v1alpha1 ScaledObject":
		c.scalers = append(c.scalers, &scaledObject{})
		object = c.scalers[len(c.scalers)-1]
	case "keda.sh/v1alpha1 TriggerAuthentication":
		c.auths[head.Name] = true
		return
	default:
		require.Fail(t, "unknown kind", "%s: %s %s", file, head.APIVersion, head.Kind)
	}
	require.NoError(t, yaml.UnmarshalStrict(document, object), file)
	if head.Kind != "Namespace" {
		assert.Equal(t, "otelcol-s3audit", head.Namespace, "%s: %s", file, head.Name)
	}
}

var variable = regexp.MustCompile(`\$\{env:(\w+)\}`)

// Each configuration is right, and its pod has what it names.
func TestConfigMapsAreValid(t *testing.T) {
	c := manifests(t)
	require.Len(t, c.sets, 2)
	for name, set := range c.sets {
		validateConfig(t, name, c.configs[name], set)
	}
}

func validateConfig(t testing.TB, name string, config *core.ConfigMap, set *apps.StatefulSet) {
	t.Helper()
	require.NotNil(t, config, name)
	container := set.Spec.Template.Spec.Containers[0]
	has := map[string]bool{}
	for _, env := range container.Env {
		has[env.Name] = true
	}
	env := []string{}
	for _, match := range variable.FindAllStringSubmatch(config.Data["config.yaml"], -1) {
		assert.True(t, has[match[1]], "%s: the pod has no %s", name, match[1])
		env = append(env, match[1]+"=127.0.0.1")
	}
	// The collector looks for the directory, which only the pod has.
	validate(t, strings.ReplaceAll(config.Data["config.yaml"], "/var/lib/otelcol-s3audit", t.TempDir()), env...)

	mounts := map[string]string{}
	for _, mount := range container.VolumeMounts {
		mounts[mount.Name] = mount.MountPath
	}
	assert.Equal(t, name, set.Spec.Template.Spec.Volumes[0].ConfigMap.Name)
	assert.Equal(t, []string{
		"--config", mounts[set.Spec.Template.Spec.Volumes[0].Name] + "/config.yaml",
		"--feature-gates=+extension.healthcheck.useComponentStatus",
	}, container.Args)
	assert.Contains(t, config.Data["config.yaml"], "directory: "+mounts[set.Spec.VolumeClaimTemplates[0].Name]+"\n", "progress is not on the volume")
	assert.NotContains(t, config.Data["config.yaml"], "batch:")
	assert.Contains(t, config.Data["config.yaml"], "wait_for_result: true")
}

// What the pod security standard "restricted" asks for, and a root that nobody writes.
func TestPodsAreRestricted(t *testing.T) {
	for name, set := range manifests(t).sets {
		assertRestricted(t, name, set)
	}
}

func assertRestricted(t testing.TB, name string, set *apps.StatefulSet) {
	t.Helper()
	pod := set.Spec.Template.Spec
	require.Len(t, pod.Containers, 1)
	container := pod.Containers[0]
	assert.True(t, *pod.SecurityContext.RunAsNonRoot, name)
	assert.EqualValues(t, 65532, *pod.SecurityContext.RunAsUser, "the image's user")
	assert.Equal(t, core.SeccompProfileTypeRuntimeDefault, pod.SecurityContext.SeccompProfile.Type, name)
	assert.False(t, *container.SecurityContext.AllowPrivilegeEscalation, name)
	assert.True(t, *container.SecurityContext.ReadOnlyRootFilesystem, name)
	assert.Equal(t, []core.Capability{"ALL"}, container.SecurityContext.Capabilities.Drop, name)
	assert.False(t, *pod.AutomountServiceAccountToken, name)

	ports := map[string]int32{}
	for _, port := range container.Ports {
		ports[port.Name] = port.ContainerPort
	}
	// A back end that is away must not restart the pod.
	for probe, port := range map[*core.Probe]int32{container.StartupProbe: 13134, container.LivenessProbe: 13134, container.ReadinessProbe: 13133} {
		require.NotNil(t, probe, name)
		assert.Equal(t, port, ports[probe.HTTPGet.Port.StrVal], name)
		assert.Equal(t, "/", probe.HTTPGet.Path, name)
	}
	// Go uses memory up to GOMEMLIMIT, which is below the limit.
	assert.Equal(t, "512Mi", container.Resources.Requests.Memory().String())
	assert.Equal(t, "512Mi", container.Resources.Limits.Memory().String())
	assert.Contains(t, container.Env, core.EnvVar{Name: "GOGC", Value: "400"})
	assert.Contains(t, container.Env, core.EnvVar{Name: "GOMEMLIMIT", Value: "400MiB"})
}

func TestManifestsReferToEachOther(t *testing.T) {
	c := manifests(t)
	for name, set := range c.sets {
		labels := set.Spec.Template.Labels
		assert.Equal(t, set.Spec.Selector.MatchLabels, labels, name)
		require.Contains(t, c.services, set.Spec.ServiceName, name)
		assert.Subset(t, labels, c.services[set.Spec.ServiceName].Spec.Selector, name)
		account := c.accounts[set.Spec.Template.Spec.ServiceAccountName]
		require.NotNil(t, account, name)
		assert.Regexp(t, `^arn:aws:iam::\d{12}:role/\S+$`, account.Annotations["eks.amazonaws.com/role-arn"])
	}
	for _, budget := range c.budgets {
		assert.Equal(t, c.sets[budget.Name].Spec.Selector.MatchLabels, budget.Spec.Selector.MatchLabels)
	}
	require.Len(t, c.scalers, 1)
	scaler := c.scalers[0].Spec
	assert.Contains(t, c.sets, scaler.ScaleTargetRef.Name)
	require.Len(t, scaler.Triggers, 1)
	assert.True(t, c.auths[scaler.Triggers[0].AuthenticationRef.Name])
	assert.Contains(t, c.configs[scaler.ScaleTargetRef.Name].Data["config.yaml"], scaler.Triggers[0].Metadata["queueURL"],
		"the scaler looks at another queue")
}
