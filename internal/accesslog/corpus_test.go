package accesslog

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// readLines returns the lines of a file in testdata/accesslog.
func readLines(tb testing.TB, name string) []string {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "accesslog", name))
	require.NoError(tb, err)
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// Of each file in testdata, either all lines are records or none is. What the
// records say is held by the goldens of internal/otlplogs.
func TestCorpus(t *testing.T) {
	for name, wellFormed := range map[string]bool{
		"vendor-doc-sample.log": true, // as one record: its User-Agent ends at the last quote
		"aws-doc-examples.log":  true,
		"quirks.log":            true,
		"hostile.log":           true,
		"unexpected.log":        true,
		"json.log":              true,
		"malformed.log":         false,
		"json-malformed.log":    false,
		"hostile-malformed.log": false,
	} {
		for i, line := range readLines(t, name) {
			for line != "" {
				var r Record
				var record string
				record, line = Next(line, false)
				err := Parse(record, &r)
				if wellFormed {
					assert.NoError(t, err, "%s:%d", name, i+1)
				} else {
					assert.ErrorIs(t, err, ErrMalformed, "%s:%d: %s", name, i+1, record)
				}
			}
		}
	}
}
