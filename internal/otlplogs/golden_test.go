package otlplogs

import (
	"cmp"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/golden"
)

// Each x.log of testdata/accesslog gives the log records of x.want.yaml.
// Written anew by: go test ./internal/otlplogs -run TestGolden -update
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("../../testdata/accesslog/*.log")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			var records []string
			for _, line := range linesOf(t, file) {
				for line != "" {
					var record string
					record, line = accesslog.Next(line, false)
					records = append(records, record)
				}
			}
			name := strings.TrimSuffix(file, ".log")
			checkGolden(t, accesslog.Format(filepath.Base(name)), name+".want.yaml", records) // ceph, obs; else AWS's
		})
	}
}

// The vendor's sample is one line of six records, as documentation prints them.
func TestGoldenOfJoinedRecords(t *testing.T) {
	const sample = "../../testdata/accesslog/vendor-doc-sample"
	var records []string
	rest := strings.TrimSpace(strings.Join(linesOf(t, sample+".log"), " "))
	for end := 0; end >= 0; {
		record := rest
		if end = accesslog.NextJoined(rest); end >= 0 {
			record, rest = rest[:end], rest[end+1:]
		}
		records = append(records, record)
	}
	require.Len(t, records, 6)
	checkGolden(t, accesslog.FormatAWS, sample+".split.want.yaml", records)
}

func checkGolden(t *testing.T, format accesslog.Format, want string, lines []string) {
	t.Helper()
	batch := NewConverter(testOptions()).NewBatch(len(lines))
	for _, line := range lines {
		// The lines are of many buckets, each delivered below its own folder.
		var r accesslog.Record
		err := format.Parse(line, &r)
		from := testOrigin()
		from.Bucket = cmp.Or(r.Bucket, from.Bucket)
		appendParsed(batch, &r, err, line, from)
	}
	golden.Logs(t, want, batch.Logs())
}

// attributes.log shows every attribute there is, and no other ones are made.
func TestTablesAreComplete(t *testing.T) {
	o := testOptions()
	o.SourceObject, o.Original = true, OriginalAlways
	o.RequestParameters, o.RefererParameters = []string{"x-id"}, []string{"sig"}
	logs := batchOf(o, testOrigin(), linesOf(t, "../../testdata/accesslog/attributes.log")...).Logs()

	resource, record, malformed := names{}, names{}, names{}
	for _, rl := range logs.ResourceLogs().All() {
		resource.collect(rl.Resource().Attributes())
		for _, lr := range rl.ScopeLogs().At(0).LogRecords().All() {
			if lr.Timestamp() == 0 {
				malformed.collect(lr.Attributes())
			} else {
				record.collect(lr.Attributes())
			}
		}
	}
	for name, parameter := range map[string]string{"x-id": RequestParameter, "sig": RefererParameter} {
		assert.Equal(t, "string", record[parameter+name])
		delete(record, parameter+name)
		record[parameter+"<name>"] = "string"
	}
	assert.Equal(t, namesOf(ResourceAttributes()), resource)
	assert.Equal(t, namesOf(RecordAttributes()), record)
	assert.Equal(t, namesOf(MalformedAttributes()), malformed)
}
