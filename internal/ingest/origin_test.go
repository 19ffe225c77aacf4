package ingest

import (
	"compress/gzip"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/lines"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// Every record of every batch is found in its object, at the byte where its line
// begins, however objects are cut into batches and joined in them.
func TestRecordsKnowTheirOrigin(t *testing.T) {
	for _, size := range []int{7, 100, 2048} {
		objects, want := sampleObjects(51, 3000, 400)
		large, ids := sampleObjects(52, 3000, 1<<20) // of several chunks
		objects = append(objects, large...)
		for id, n := range ids {
			want[id] += n
		}
		texts := make(map[string]string)
		rnd := rand.New(rand.NewPCG(1, 1))
		for i, o := range objects {
			text := strings.ReplaceAll(string(o.content), "\n", "\n\r\n")
			if rnd.IntN(2) == 0 {
				text = "\n" + string(o.content)
			}
			texts["s3://logs/"+o.key] = text
			o.content = []byte(text)
			if i%3 == 0 {
				o.content = packed(t, text)
			}
		}
		cfg := testConfig()
		cfg.BatchRecords = size
		sink := &fakeSink{}
		sink.located = func(id, object string, offset int64) {
			line, _, _ := strings.Cut(texts[object][offset:], "\n")
			assert.Equal(t, hexID(strings.TrimSuffix(line, "\r")), id, "%s byte %d", object, offset)
		}
		require.NoError(t, newRig(cfg, newFakeSource(objects...), sink).Run(context.Background()))
		assert.Equal(t, want, sink.uids)
	}
}

func packed(t *testing.T, text string) []byte {
	t.Helper()
	var b strings.Builder
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return []byte(b.String())
}

// Equal lines are as many places.
func TestEqualLinesHaveAPlaceEach(t *testing.T) {
	objects, _ := sampleObjects(53, 1, 1)
	line := string(objects[0].content)
	objects[0].content = []byte(strings.Repeat(line, 3))
	sink, got := &fakeSink{}, []int64(nil)
	sink.located = func(_, _ string, offset int64) { got = append(got, offset) }
	require.NoError(t, newRig(testConfig(), newFakeSource(objects...), sink).Run(context.Background()))
	size := int64(len(line))
	assert.ElementsMatch(t, []int64{0, size, 2 * size}, got)
}

func TestRecordsOfOneLineKnowIt(t *testing.T) {
	records := samplelogs.Records(54, 20)
	text := records[0] + "\n" + strings.Join(records[1:15], " ") + "\n" + strings.Join(records[15:], " ") + "\n"
	cfg := testConfig()
	cfg.SplitJoined, cfg.BatchRecords = true, 4
	sink, got := &fakeSink{}, make(map[string]int64)
	sink.located = func(id, _ string, offset int64) { got[id] = offset }
	objects := []*fakeObject{{key: "2026-11-09-00-00-00-0123456789ABCDEF", content: []byte(text)}}
	require.NoError(t, newRig(cfg, newFakeSource(objects...), sink).Run(context.Background()))
	require.Len(t, got, 20)
	assert.Zero(t, got[hexID(records[0])])
	assert.EqualValues(t, len(records[0])+1, got[hexID(records[14])])
	assert.EqualValues(t, strings.Index(text, records[15]), got[hexID(records[19])])
}

func TestWhatIsNoUIDHasNoPlace(t *testing.T) {
	all := origins{pieces: []origin{{&object{}, lines.Chunk{Text: "a\nb\n"}}}}
	for _, id := range []string{"", "x", strings.Repeat("x", 32), strings.Repeat("0", 64), fmt.Sprintf("%032x", 7)} {
		object, offset := all.locate(id)
		assert.Empty(t, object)
		assert.Zero(t, offset)
	}
}
