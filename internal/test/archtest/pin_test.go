package archtest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var collectorModule = regexp.MustCompile(`(?m)((?:go\.opentelemetry\.io/collector|github\.com/open-telemetry/opentelemetry-collector-contrib)[\w./-]*) (v[01]\.\S+)(.*)$`)

// Two versions of the collector in one binary are a fault that shows late.
func TestEachFileNamesOneVersionOfTheCollector(t *testing.T) {
	makefile := read(t, "Makefile")
	for variable, names := range map[string][]string{
		"COLLECTOR":        {"builder-config.yaml", "README.md", "internal/test/system/go.mod"},
		"COLLECTOR_OLDEST": {"go.mod", "extension/shutdownwhendoneextension/go.mod", "converter/deliveryguard/go.mod", "exporter/s3accessreportexporter/go.mod"},
		"COLLECTOR_NEWEST": {"internal/test/compat/newest.mod", "internal/test/compat/extension-newest.mod", "internal/test/compat/converter-newest.mod", "internal/test/compat/exporter-newest.mod"},
	} {
		versions := regexp.MustCompile(`(?m)^` + variable + ` +:= (\S+) (\S+)$`).FindStringSubmatch(makefile)
		require.Len(t, versions, 3, variable)
		for _, name := range names {
			named := collectorModule.FindAllStringSubmatch(read(t, name), -1)
			assert.NotEmpty(t, named, name)
			for _, m := range named {
				want := versions[1]
				if strings.HasPrefix(m[2], "v1.") {
					want = versions[2]
				}
				assert.Equal(t, want, m[2], "%s: %s; run make pin", name, m[1])
			}
		}
	}
	distribution := regexp.MustCompile(`(?m)^COLLECTOR +:= (\S+)`).FindStringSubmatch(makefile)
	assert.Contains(t, read(t, "internal/tools/go.mod"), "go.opentelemetry.io/collector/cmd/builder "+distribution[1])
	assert.Contains(t, read(t, "README.md"), "go.opentelemetry.io/collector/cmd/builder@"+distribution[1]+" ")
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	require.NoError(t, err)
	return string(text)
}
