package archtest

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The names that docs/schema.md calls OpenTelemetry's are in the newest semantic
// conventions of the SDK that go.mod requires, and no other name is.
func TestSchemaTellsWhichNamesAreConventions(t *testing.T) {
	conventions := readConventions(t)
	for _, heading := range []string{"### Resource attributes", "### Attributes of a record", "### Attributes of a malformed record"} {
		for _, cells := range tableOf(t, "docs/schema.md", heading) {
			name, whose := cells[0], cells[2]
			is := strings.Contains(conventions, `attribute.Key("`+name+`")`) || strings.HasPrefix(name, "http.request.header.")
			assert.Equal(t, is, whose == "OpenTelemetry", name)
			assert.Contains(t, []string{"OpenTelemetry", "contrib", "ECS", "own"}, whose, name)
		}
	}
}

func readConventions(t *testing.T) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "go.opentelemetry.io/otel")
	command.Dir = root
	dir, err := command.Output()
	require.NoError(t, err)
	versions, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "semconv", "v1.*", "attribute_group.go"))
	require.NoError(t, err)
	require.NotEmpty(t, versions)
	newest := slices.MaxFunc(versions, func(a, b string) int { return cmp.Compare(minor(a), minor(b)) })
	text, err := os.ReadFile(newest)
	require.NoError(t, err)
	require.Contains(t, string(text), `attribute.Key("client.address")`)
	return string(text)
}

// minor is the 43 of .../v1.43.0/attribute_group.go.
func minor(file string) int {
	parts := strings.Split(filepath.Base(filepath.Dir(file)), ".")
	n, _ := strconv.Atoi(parts[1])
	return n
}
