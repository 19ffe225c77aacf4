package samplelogs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

const committed = "../../../testdata/sample"

func TestWeekSaysHowManyOfItsLinesAreRecords(t *testing.T) {
	records, malformed, packed := 0, 0, 0
	var r accesslog.Record
	for _, o := range samplelogs.Week(samplelogs.Seed) {
		good, bad := 0, 0
		for _, line := range o.Lines {
			line = strings.TrimSuffix(line, "\r")
			switch {
			case line == "":
			case accesslog.Parse(line, &r) == nil:
				good++
			default:
				bad++
			}
		}
		assert.Equal(t, o.Records(), good, o.Path)
		assert.Equal(t, o.Malformed, bad, o.Path)
		records, malformed = records+good, malformed+bad
		if o.Gzip {
			packed++
		}
	}
	assert.Greater(t, records, 3000)
	assert.Equal(t, 6, malformed)
	assert.Greater(t, packed, 10)
}

func TestWeekHasBothLayoutsOfNames(t *testing.T) {
	midnight, delivered, simple := 0, 0, 0
	for _, o := range samplelogs.Week(samplelogs.Seed) {
		name, ok := source.ParseName(o.Path)
		require.True(t, ok, o.Path)
		switch {
		case name.Bucket == "":
			simple++
		case strings.Contains(o.Path, "-00-00-00-"):
			midnight++
		default:
			delivered++
		}
	}
	assert.Positive(t, midnight)
	assert.Positive(t, delivered)
	assert.Positive(t, simple)
}

// After a change of the generator: make generate
func TestCommittedSamplesAreTheGenerators(t *testing.T) {
	want := map[string]string{}
	for _, o := range samplelogs.Week(samplelogs.Seed) {
		want[o.Path] = string(o.Text())
	}
	got := map[string]string{}
	require.NoError(t, filepath.WalkDir(committed, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		stored, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text, err := samplelogs.ReadText(stored) // gzip's bytes may differ between versions of Go
		if err != nil {
			return err
		}
		name, err := filepath.Rel(committed, path)
		got[filepath.ToSlash(name)] = string(text)
		return err
	}))
	require.Len(t, got, len(want))
	for path, text := range want {
		assert.Equal(t, text, got[path], path)
	}
}
