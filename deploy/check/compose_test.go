package check

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	yaml "go.yaml.in/yaml/v3"
)

// composed decodes the Compose file as Compose does: against its schema, and with paths and
// references resolved.
func composed(t *testing.T, env ...string) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{filepath.Join(root, "deploy/compose/compose.yaml")}, cli.WithEnv(env))
	require.NoError(t, err)
	project, err := options.LoadProject(t.Context())
	require.NoError(t, err)
	return project
}

// Compose takes the file, every image is of one version, that of the tests where these run
// the same server, and nothing can be reached from other machines.
func TestComposeFileIsPinnedAndLocal(t *testing.T) {
	project := composed(t)
	assert.ElementsMatch(t, []string{"collector", "grafana", "victorialogs", "victoriametrics"}, project.ServiceNames())
	for name, of := range map[string]string{"victorialogs": "VictoriaLogs", "victoriametrics": "VictoriaMetrics"} {
		version := regexp.MustCompile(`(?m)github.com/VictoriaMetrics/` + of + ` (v\S+)`).FindStringSubmatch(read(t, "internal/tools/"+name+"/go.mod"))
		require.NotNil(t, version, name)
		_, tag, _ := strings.Cut(project.Services[name].Image, ":")
		assert.Equal(t, version[1], tag, name)
	}
	for name, service := range project.Services {
		if service.Build != nil {
			assert.Equal(t, "collector", name)
			assert.FileExists(t, filepath.Join(service.Build.Context, service.Build.Dockerfile))
		} else {
			assert.Regexp(t, `:v?\d+\.\d+\.\d+$`, service.Image)
		}
		for _, port := range service.Ports {
			assert.Equal(t, "127.0.0.1", port.HostIP, name)
		}
		for _, volume := range service.Volumes {
			if volume.Type == types.VolumeTypeBind {
				_, err := os.Stat(volume.Source)
				assert.NoError(t, err, name)
				assert.True(t, volume.ReadOnly, "%s: %s", name, volume.Source)
			} else {
				assert.Contains(t, project.Volumes, volume.Source, name)
			}
		}
	}
	assert.Regexp(t, `^victoriametrics-logs-datasource \d+\.\d+\.\d+$`, *project.Services["grafana"].Environment["GF_INSTALL_PLUGINS"])
}

// mounts returns where the files that a service sees come from.
func mounts(t *testing.T, service *types.ServiceConfig) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, volume := range service.Volumes {
		files[volume.Target] = volume.Source
	}
	return files
}

// The collector's configuration is valid, and what it reads is mounted where it looks.
func TestComposedCollectorFindsItsFiles(t *testing.T) {
	collector := composed(t).Services["collector"]
	files := mounts(t, &collector)
	config, err := os.ReadFile(files["/etc/otelcol-s3audit/config.yaml"])
	require.NoError(t, err)
	validate(t, string(config), "STATE_DIRECTORY="+t.TempDir())
	for _, match := range regexp.MustCompile(`\$\{env:\w+:-(/[^}]+)\}`).FindAllStringSubmatch(string(config), -1) {
		assert.Contains(t, files, match[1])
	}
	own := composed(t, "LOGS=/srv/logs").Services["collector"]
	assert.Equal(t, "/srv/logs", mounts(t, &own)["/logs"])
}

// Grafana finds data sources and dashboards: those that are provisioned are what the
// dashboards ask, at the addresses of services, and every link leads to one of them.
func TestComposedGrafanaHasWhatItsDashboardsAsk(t *testing.T) {
	project := composed(t)
	grafana := project.Services["grafana"]
	files := mounts(t, &grafana)
	var sources struct {
		APIVersion  int `yaml:"apiVersion"`
		Datasources []struct {
			Name, Type, Access, URL string
			IsDefault               bool `yaml:"isDefault"`
			JSONData                struct {
				TimeInterval string `yaml:"timeInterval"`
			} `yaml:"jsonData"`
		}
	}
	strictly(t, files["/etc/grafana/provisioning/datasources/s3audit.yaml"], &sources)
	types := map[string]bool{}
	for _, source := range sources.Datasources {
		types[source.Type] = true
		service := regexp.MustCompile(`^http://(\w+):(\d+)$`).FindStringSubmatch(source.URL)
		require.NotNil(t, service, source.URL)
		require.Contains(t, project.Services, service[1])
		assert.Equal(t, service[2], project.Services[service[1]].Ports[0].Published)
	}
	var providers struct {
		APIVersion int `yaml:"apiVersion"`
		Providers  []struct {
			Name, Folder, Type string
			Options            struct{ Path string }
		}
	}
	strictly(t, files["/etc/grafana/provisioning/dashboards/s3audit.yaml"], &providers)
	require.Len(t, providers.Providers, 1)
	names, texts := map[string]bool{}, ""
	for target, source := range files {
		if filepath.Dir(target) != providers.Providers[0].Options.Path {
			continue
		}
		assert.Equal(t, filepath.Base(target), filepath.Base(source))
		names[strings.TrimSuffix(filepath.Base(target), ".json")] = true
		texts += read(t, "dashboards/"+filepath.Base(source))
	}
	assert.Len(t, names, 5)
	for _, match := range regexp.MustCompile(`"url": "/d/s3audit-([\w-]+)`).FindAllStringSubmatch(texts, -1) {
		if match[1] != "records" { // Loki's, named beside those of VictoriaLogs
			assert.Contains(t, names, match[1])
		}
	}
	for _, match := range regexp.MustCompile(`"type": "(prometheus|loki|victoriametrics-logs-datasource)",\s+"uid"`).FindAllStringSubmatch(texts, -1) {
		assert.Contains(t, types, match[1])
	}
}

// strictly decodes a file whose every key is known.
func strictly(t *testing.T, file string, into any) {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	decoder := yaml.NewDecoder(f)
	decoder.KnownFields(true)
	require.NoError(t, decoder.Decode(into))
}
