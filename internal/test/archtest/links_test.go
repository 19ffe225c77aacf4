package archtest

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	link     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headings = regexp.MustCompile(`(?m)^#+ (.+)$`)
	code     = regexp.MustCompile("(?ms)^ *```.*?^ *```")
	// notInAnchors is what GitHub leaves out of a heading's anchor.
	notInAnchors = regexp.MustCompile(`[^\p{L}\p{N}\- _]`)
)

// A link within the repository leads to a file that is there, and to a heading of it.
func TestLinksOfPagesLeadSomewhere(t *testing.T) {
	n := 0
	for _, page := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(read(t, page), ""), -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			n++
			to := page
			if target != "" {
				to = path.Join(path.Dir(page), target)
			}
			_, err := os.Stat(filepath.Join(root, filepath.FromSlash(to)))
			if assert.NoError(t, err, "%s: %s", page, m[1]) && anchor != "" && strings.HasSuffix(to, ".md") {
				assert.Contains(t, anchors(t, to), anchor, "%s: %s", page, m[1])
			}
		}
	}
	assert.Greater(t, n, 100)
}

// A page of docs that a comment, a template or a configuration names is there.
func TestPagesThatFilesNameAreThere(t *testing.T) {
	var named []string
	for _, f := range files(t) {
		named = append(named, f.path)
	}
	for _, pattern := range []string{"*", "examples/*", "deploy/*/*", "deploy/*/*/*", "dashboards/*", "testdata/*.yaml"} {
		found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		require.NoError(t, err)
		for _, file := range found {
			if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
				name, err := filepath.Rel(root, file)
				require.NoError(t, err)
				named = append(named, filepath.ToSlash(name))
			}
		}
	}
	page := regexp.MustCompile(`\bdocs/[\w-]+\.md\b`)
	n := 0
	for _, name := range named {
		for _, target := range page.FindAllString(read(t, name), -1) {
			n++
			_, err := os.Stat(filepath.Join(root, filepath.FromSlash(target)))
			assert.NoError(t, err, "%s: %s", name, target)
		}
	}
	assert.Greater(t, n, 50)
}

// pages returns the pages of the repository.
func pages(t *testing.T) (names []string) {
	t.Helper()
	for _, pattern := range []string{"*.md", "docs/*.md", "deploy/*.md", "deploy/*/*.md", "dashboards/*.md", "receiver/*/*.md", "*/*/README.md"} {
		found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		require.NoError(t, err)
		for _, file := range found {
			name, err := filepath.Rel(root, file)
			require.NoError(t, err)
			names = append(names, filepath.ToSlash(name))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// anchors are what GitHub makes of the headings of a page.
func anchors(t *testing.T, page string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, m := range headings.FindAllStringSubmatch(code.ReplaceAllString(read(t, page), ""), -1) {
		found[strings.ReplaceAll(notInAnchors.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")] = true
	}
	return found
}
