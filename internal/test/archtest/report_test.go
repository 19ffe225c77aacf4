package archtest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// report is the folder of the report's exporter, a module of its own.
const report = "exporter/s3accessreportexporter"

// reportMayImport says for each room under the exporter's internal which others its code
// may import, and which modules from outside. "" is the component, which only wires.
var reportMayImport = map[string]struct{ rooms, outside []string }{
	"":           {[]string{"intake", "metadata", "output", "page", "server"}, []string{"go.opentelemetry.io/collector/", "go.uber.org/zap"}},
	"attributes": {[]string{"sketch", "tally"}, []string{"go.opentelemetry.io/collector/pdata/"}}, // the one reader of log records
	"cells":      {},
	"encode":     {[]string{"cells", "findings", "sketch", "tally"}, nil},
	"findings":   {[]string{"tally"}, nil},
	"intake":     {[]string{"attributes", "store", "tally", "wire"}, []string{"go.opentelemetry.io/collector/pdata/plog", "go.opentelemetry.io/collector/extension/xextension/storage"}},
	"output":     {[]string{"encode", "intake", "page", "server", "tally"}, []string{"github.com/cespare/xxhash/"}},
	"page":       {},
	"seen":       {},
	"server":     {},
	"sketch":     {nil, []string{"github.com/DataDog/sketches-go/", "github.com/axiomhq/hyperloglog", "github.com/cespare/xxhash/"}},
	"store":      {[]string{"wire"}, []string{"github.com/cespare/xxhash/", "go.opentelemetry.io/collector/extension/xextension/storage"}},
	"tally":      {[]string{"cells", "seen", "sketch", "wire"}, nil},
	"wire":       {},
}

func TestRoomsOfTheReportImportWhatTheyMay(t *testing.T) {
	found := map[string]bool{}
	for _, f := range files(t) {
		below, is := strings.CutPrefix(f.pkg()+"/", report+"/")
		if !is || f.test() || f.generated() {
			continue
		}
		own := strings.TrimSuffix(strings.TrimPrefix(below, "internal/"), "/")
		found[own] = true
		allowed, known := reportMayImport[own]
		if !assert.True(t, known, "%s: the room %q is not in the table above", f.path, own) {
			continue
		}
		for _, imported := range f.imports {
			if room, ours := strings.CutPrefix(imported, module+"/"+report+"/internal/"); ours {
				assert.Contains(t, allowed.rooms, room, "%s may not import %s", f.path, imported)
				continue
			}
			if host, _, _ := strings.Cut(imported, "/"); strings.Contains(host, ".") {
				assert.True(t, hasPrefixOf(allowed.outside, imported), "%s may not import %s", f.path, imported)
			}
		}
	}
	for room := range reportMayImport {
		assert.True(t, found[room], "there is no room %q", room)
	}
}

func hasPrefixOf(prefixes []string, imported string) bool {
	for _, prefix := range prefixes {
		if strings.HasPrefix(imported, prefix) {
			return true
		}
	}
	return false
}
