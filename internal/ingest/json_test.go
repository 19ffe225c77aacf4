package ingest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// Text and JSON stand in one object, and several objects on a line. Every record
// has the uid of its own bytes, and is found at the byte where its line begins.
func TestTextAndJSONInOneObject(t *testing.T) {
	text := samplelogs.Records(55, 100)
	object := func(i int) string {
		return fmt.Sprintf(`{"bucket_name":"example-bucket","request_time":"2026-02-06T00:00:38.%03dZ","operation":"REST.GET.OBJECT",`+
			`"request_id":"%016X","user_agent":"}{"}`, i, i)
	}
	torn := `{"bucket_name":"example-bucket","request_time":{"operation":"REST.GET.OBJECT"}{}`
	other := `{"Records":[{"eventName":"GetObject"}]}`
	type line struct {
		text    string
		records []string
	}
	var lines []line
	for i := range 100 {
		a, b, c := object(3*i), object(3*i+1), object(3*i+2)
		lines = append(
			lines,
			line{text[i], []string{text[i]}},
			line{a + b + " \t" + c, []string{a, b, c}},
			line{"", nil},
			line{" " + c + " ", []string{" " + c + " "}},
			line{a + torn, []string{a, torn}},
			line{b + " behind", []string{b, "behind"}},
			line{other, []string{other}},
		)
	}
	const malformed = 3 * 100 // torn, behind, other
	want := map[string]int{}
	offsets := map[string]map[int64]bool{}
	var content strings.Builder
	records := 0
	for _, l := range lines {
		for _, record := range l.records {
			id := hexID(record)
			want[id]++
			if offsets[id] == nil {
				offsets[id] = map[int64]bool{}
			}
			offsets[id][int64(content.Len())] = true
			records++
		}
		content.WriteString(l.text + "\n")
	}
	for _, size := range []int{1, 7, 2048} {
		for _, split := range []bool{false, true} {
			cfg := testConfig()
			cfg.BatchRecords, cfg.SplitJoined, cfg.Deliveries = size, split, 1
			sink := &fakeSink{}
			found := 0
			sink.located = func(id, _ string, offset int64) {
				assert.True(t, offsets[id][offset], "%s at %d", id, offset)
				found++
			}
			o := &fakeObject{key: "2026-02-06-00-00-00-0123456789ABCDEF", content: []byte(content.String())}
			r := newRig(cfg, newFakeSource(o), sink)
			require.NoError(t, r.Run(t.Context()))
			assert.Equal(t, want, sink.uids)
			assert.Equal(t, records, found)
			assert.EqualValues(t, records-malformed, r.Totals().Records)
			assert.EqualValues(t, malformed, r.Totals().Malformed)
			assert.Equal(t, 1, o.acked)
		}
	}
}
