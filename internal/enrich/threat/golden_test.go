package threat

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	yaml "go.yaml.in/yaml/v3"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/enrich"
)

const feedsFolder = "../../../testdata/feeds"

// goldenFeeds are the files, with the format that each has to be recognized as
// and the settings that one of them needs.
var goldenFeeds = map[string]struct {
	format string
	csv    Columns
}{
	"sample.json":            {format: "stix"},
	"stix-bundle.json":       {format: "stix"},
	"stix-array.json":        {format: "stix"},
	"misp-event.json":        {format: "misp"},
	"misp-response.json":     {format: "misp"},
	"misp-attributes.json":   {format: "misp"},
	"crowdstrike.json":       {format: "crowdstrike"},
	"crowdstrike-lines.json": {format: "crowdstrike"},
	"normalized.json":        {format: "crowdstrike"},
	"spamhaus-drop.json":     {format: "drop"},
	"feodo.csv":              {format: "csv"},
	"threatfox.csv":          {format: "csv"},
	"own.csv":                {format: "csv", csv: Columns{Indicator: "From where", Description: "note"}},
	"firehol.netset":         {format: "list"},
	"plain.txt":              {format: "list"},
	"windows.txt":            {format: "list"},
}

// goldenList is a list as the goldens show it.
type goldenList struct {
	Skipped    int           `yaml:"skipped"`
	TooWide    int           `yaml:"too_wide"`
	Ignored    int           `yaml:"ignored"`
	Reasons    []string      `yaml:"reasons,omitempty"`
	Indicators []goldenEntry `yaml:"indicators"`
}

type goldenEntry struct {
	Prefix      string            `yaml:"prefix"`
	Number      int               `yaml:"number"`
	Confidence  enrich.Confidence `yaml:"confidence"`
	Group       string            `yaml:"group,omitempty"`
	Software    string            `yaml:"software,omitempty"`
	Provider    string            `yaml:"provider,omitempty"`
	Description string            `yaml:"description,omitempty"`
	From        string            `yaml:"from,omitempty"`
	Until       string            `yaml:"until,omitempty"`
}

// Each feed of testdata/feeds gives the indicators of its *.want.yaml, whether
// its format is named or found out, packed or not. Written anew by:
// go test ./internal/enrich/threat -run TestGolden -update
func TestGolden(t *testing.T) {
	files, err := filepath.Glob(feedsFolder + "/*")
	require.NoError(t, err)
	found := 0
	for _, file := range files {
		name := filepath.Base(file)
		if name == "README.md" || strings.HasSuffix(name, ".want.yaml") {
			continue
		}
		found++
		t.Run(name, func(t *testing.T) { checkGolden(t, file) })
	}
	assert.Equal(t, len(goldenFeeds), found)
}

func checkGolden(t *testing.T, file string) {
	t.Helper()
	golden, known := goldenFeeds[filepath.Base(file)]
	require.True(t, known, "it has no line in goldenFeeds")
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	f := testFeed()
	f.Format, f.CSV = golden.format, golden.csv
	got, err := decodeText(f, content)
	require.NoError(t, err)
	assert.Equal(t, got.Entries, len(got.items))

	want := strings.TrimSuffix(file, filepath.Ext(file)) + ".want.yaml"
	if *update {
		require.NoError(t, os.WriteFile(want, render(t, got), 0o644))
	}
	expected, err := os.ReadFile(want)
	require.NoError(t, err)
	assert.Equal(t, string(expected), string(render(t, got)))

	f.Format = Auto
	for name, content := range map[string][]byte{"found out": content, "packed": zip(t, content)} {
		again, err := decodeText(f, content)
		require.NoError(t, err, name)
		assert.Equal(t, got, again, name)
	}
}

func render(t *testing.T, l *list) []byte {
	t.Helper()
	g := goldenList{Skipped: l.Skipped, TooWide: l.TooWide, Ignored: l.Ignored, Reasons: l.Reasons}
	for _, it := range l.items {
		g.Indicators = append(g.Indicators, goldenEntry{
			Prefix: it.prefix.String(), Number: int(it.detail.confidence), Confidence: confidenceOf(int(it.detail.confidence)),
			Group: it.detail.actor, Software: it.detail.software, Provider: it.detail.provider, Description: it.detail.description,
			From: timeOf(it.from), Until: timeOf(it.until),
		})
	}
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	require.NoError(t, encoder.Encode(g))
	return b.Bytes()
}

func timeOf(seconds uint32) string {
	if seconds == 0 {
		return ""
	}
	return time.Unix(int64(seconds), 0).UTC().Format(time.RFC3339)
}
