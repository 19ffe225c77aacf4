package archtest

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	quoted = regexp.MustCompile("`([^`]+)`")
	// varies is what differs in a message from case to case.
	varies = regexp.MustCompile(`\.\.\.|s3://\S*|https://\S*|FILE|"`)
)

// A message that no test expects says something else one day.
func TestEveryMessageOfThePageIsTested(t *testing.T) {
	var tests strings.Builder
	for _, f := range files(t) {
		if !f.test() || strings.HasPrefix(f.path, "internal/test/archtest/") {
			continue
		}
		text, err := os.ReadFile(root + "/" + f.path)
		require.NoError(t, err)
		tests.Write(text)
	}
	text := tests.String()
	parts := 0
	for _, cells := range messages(t) {
		for _, message := range quoted.FindAllStringSubmatch(cells, -1) {
			for _, part := range varies.Split(message[1], -1) {
				if part = strings.Trim(part, " :;,"); part != "" {
					assert.Contains(t, text, part, "the message %q of docs/troubleshooting.md", message[1])
					parts++
				}
			}
		}
	}
	assert.Greater(t, parts, 30)
}

// messages returns the first cells of the table of messages in docs/troubleshooting.md.
func messages(t *testing.T) (cells []string) {
	t.Helper()
	_, section, found := strings.Cut(read(t, "docs/troubleshooting.md"), "\n## When something is wrong\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	for line := range strings.Lines(section) {
		if row, is := strings.CutPrefix(line, "| `"); is {
			cell, _, _ := strings.Cut("`"+row, "` | ")
			cells = append(cells, cell+"`")
		}
	}
	return cells
}
