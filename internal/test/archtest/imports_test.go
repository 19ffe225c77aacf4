package archtest

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// mayImport says for every room of the product which others its code may import. A room
// is a folder under internal with all below it, "converter", "exporter", "extension" or
// "receiver". None imports what is under
// internal/test and internal/gen. Tests are free, they put several rooms together; so is
// generated code.
var mayImport = map[string][]string{
	"accesslog":  {},
	"bytesize":   {},
	"checkpoint": {"killpoint", "wire"},
	"converter":  {}, // as extension
	"display":    {},
	"enrich":     {"accesslog", "bytesize"},
	"exporter":   {},         // likewise; report_test.go has its own rooms
	"extension":  {},         // no part of what the receiver needs, nor the other way round
	"headway":    {"source"}, // its root, see onlyTheRoot
	"ingest":     {"source", "headway", "lines", "accesslog", "enrich", "otlplogs", "rollup", "checkpoint", "killpoint"},
	"killpoint":  {},
	"lines":      {},
	"nearest":    {},
	"notify":     {},
	"otlplogs":   {"accesslog", "display", "enrich", "redact"},
	"receiver":   {"ingest", "headway", "source", "lines", "accesslog", "enrich", "otlplogs", "rollup", "redact", "display", "checkpoint", "s3io", "notify", "bytesize", "nearest"},
	"partition":  {},
	"redact":     {"accesslog"},
	"rollup":     {"accesslog", "enrich", "nearest", "redact", "wire"},
	"s3io":       {"partition", "source"}, // of source the shared vocabulary alone, see onlyTheRoot
	"source":     {"notify", "s3io"},
	"wire":       {},
}

// serving are the rooms that serve the product and are no part of it.
var serving = []string{"test", "gen"}

// onlyTheRoot are imports of a room that may not reach the packages below the
// other room: source's root holds the words that all share, its packages below
// are the sources themselves.
var onlyTheRoot = map[string]string{"s3io": "source", "ingest": "source", "headway": "source"}

// only says who may import a module from outside, tests apart.
var only = []struct {
	prefix string
	rooms  []string
}{
	{"github.com/aws/", []string{"s3io"}},
	{"go.opentelemetry.io/collector/pdata", []string{"otlplogs", "rollup", "ingest", "receiver", "exporter"}},
	{"go.opentelemetry.io/collector/extension/xextension/storage", []string{"checkpoint", "receiver", "exporter"}},
	{"go.opentelemetry.io/collector/config/configopaque", []string{"s3io", "receiver"}},
	{"go.opentelemetry.io/collector/", []string{"receiver", "exporter", "extension", "converter"}},
	{"github.com/stretchr/testify", nil},
}

// standardLibraryOnly are the rooms that import nothing else at all.
var standardLibraryOnly = []string{"accesslog", "display", "nearest", "notify", "partition"}

func TestRoomsImportWhatTheyMay(t *testing.T) {
	for _, f := range files(t) {
		if f.test() || f.generated() {
			continue
		}
		own := room(f.pkg())
		if slices.Contains(serving, own) || own == "deploy" {
			continue
		}
		allowed, known := mayImport[own]
		if !assert.True(t, known, "%s: the room %q is not in the table above", f.path, own) {
			continue
		}
		for _, imported := range f.imports {
			if below, ours := strings.CutPrefix(imported, module+"/"); ours {
				other := room(below)
				assert.True(t, other == own || slices.Contains(allowed, other), "%s may not import %s", f.path, below)
				if onlyTheRoot[own] == other {
					assert.Equal(t, "internal/"+other, below, "%s may import no more than the root of %s", f.path, other)
				}
				continue
			}
			checkOutside(t, f, own, imported)
		}
	}
}

func checkOutside(t *testing.T, f *file, own, imported string) {
	t.Helper()
	host, _, _ := strings.Cut(imported, "/")
	if !strings.Contains(host, ".") {
		return // standard library
	}
	assert.NotContains(t, standardLibraryOnly, own, "%s imports %s", f.path, imported)
	for _, rule := range only { // the first that fits
		if strings.HasPrefix(imported, rule.prefix) {
			assert.Contains(t, rule.rooms, own, "%s may not import %s", f.path, imported)
			return
		}
	}
}

// room returns the room of a package's path from the root.
func room(pkg string) string {
	parts := strings.Split(pkg, "/")
	if parts[0] == "internal" && len(parts) > 1 {
		return parts[1]
	}
	return parts[0]
}
