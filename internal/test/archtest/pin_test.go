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
func TestOneVersionOfTheCollector(t *testing.T) {
	makefile := read(t, "Makefile")
	components := regexp.MustCompile(`(?m)^COLLECTOR +:= (\S+)$`).FindStringSubmatch(makefile)
	stable := regexp.MustCompile(`(?m)^COLLECTOR_STABLE +:= (\S+)$`).FindStringSubmatch(makefile)
	require.Len(t, components, 2)
	require.Len(t, stable, 2)

	for _, name := range []string{"builder-config.yaml", "go.mod"} {
		named := collectorModule.FindAllStringSubmatch(read(t, name), -1)
		assert.NotEmpty(t, named, name)
		for _, m := range named {
			want := components[1]
			if strings.HasPrefix(m[2], "v1.") {
				want = stable[1]
			}
			assert.Equal(t, want, m[2], "%s: %s; run make pin", name, m[1])
		}
	}
	assert.Contains(t, read(t, "internal/tools/go.mod"), "go.opentelemetry.io/collector/cmd/builder "+components[1])
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	require.NoError(t, err)
	return string(text)
}
