package archtest

import (
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// maxLines is where a file has more than one subject. Most are below 300.
const maxLines = 400

func TestFilesAreShort(t *testing.T) {
	for _, f := range files(t) {
		if !f.test() && !f.generated() {
			assert.LessOrEqual(t, f.lines, maxLines, f.path)
		}
	}
}

func TestPackagesSayWhatTheyAre(t *testing.T) {
	docs := map[string]string{}
	for _, f := range files(t) {
		if !f.test() && !f.generated() {
			docs[f.pkg()] += f.syntax.Doc.Text()
		}
	}
	for pkg, doc := range docs {
		name := path.Base(pkg)
		isPackage := strings.HasPrefix(doc, "Package "+name+" ")
		isCommand := strings.HasPrefix(doc, "Command "+name+" ")
		assert.True(t, isPackage || isCommand, "%s: the doc comment begins with %q", pkg, firstLine(doc))
	}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func TestArchitectureNamesEveryRoom(t *testing.T) {
	page := read(t, "ARCHITECTURE.md")
	rooms := map[string]bool{}
	for _, f := range files(t) {
		if parts := strings.SplitN(f.pkg(), "/", 3); parts[0] == "internal" {
			rooms["internal/"+parts[1]] = true
		}
	}
	for name := range rooms {
		assert.True(t, strings.Contains(page, "\n| `"+name+"` |"), "ARCHITECTURE.md's table of rooms lacks %s", name)
	}
}
