package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// firstEdition holds, for each of firstEditions, a folder of file_storage as the
// binary of commit 8892873 left it when it was killed in the middle of a run, and
// the uids that the back end had accepted by then; and the log objects that all of
// them read. To write it anew, with that binary:
//
//	FIRST_EDITION=/path/to/otelcol-s3audit go test -run TestFirstEdition ./e2e
const firstEdition = "testdata/first-edition"

// firstEditions are what stood in a storage, by the names of the folders.
var firstEditions = map[string]struct {
	feed    func(t testing.TB, c *corpus) *feed
	metrics string
	// pending: no metrics were accepted, so that deltas wait in the storage.
	pending bool
}{
	"bucket": {feed: bucketFeed, metrics: "{interval: 1s, series_idle_timeout: 2000000h}"},
	"queue":  {feed: longQueueFeed, metrics: "{interval: 1s, series_idle_timeout: 2000000h}"},
	"delta":  {feed: bucketFeed, metrics: "{interval: 1s, temporality: delta, series_idle_timeout: 2000000h}", pending: true},
}

// longQueueFeed is a queue whose objects are remembered for as long as this test lives.
func longQueueFeed(t testing.TB, c *corpus) *feed {
	t.Helper()
	f := queueFeed(t, c)
	f.source = strings.Replace(f.source, "wait_time:", "remember: 2000000h, wait_time:", 1)
	return f
}

// What the first edition stored goes on: nothing is lost, what comes twice was not
// committed, and counters continue.
func TestFirstEdition(t *testing.T) {
	t.Parallel()
	program(t)
	old := os.Getenv("FIRST_EDITION")
	for name, edition := range firstEditions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := firstEditionObjects(t, old != "")
			f := newFollowing(t, edition.feed(t, c))
			f.metrics = edition.metrics
			folder := filepath.Join(firstEdition, name)
			if old != "" {
				interrupt(t, f, old, edition.pending, len(c.want)/2)
				require.NoError(t, os.RemoveAll(folder))
				require.NoError(t, os.CopyFS(folder, os.DirFS(f.storage)))
				before, _ := f.back.figures()
				text := strings.Join(slices.Sorted(maps.Keys(before)), "\n")
				require.NoError(t, os.WriteFile(folder+".accepted", []byte(text+"\n"), 0o644))
				return
			}
			before := acceptedBefore(t, folder)
			require.NotEmpty(t, before)
			require.Less(t, len(before), len(c.want), "the run was not in its middle")
			require.NoError(t, os.CopyFS(f.storage, os.DirFS(folder)))
			// The series began in a life that this back end did not see.
			f.back.metrics.set(func(l *ledger) { l.denied = 1 })

			last := f.start(t)
			last.ready(t)
			f.back.reached(t, time.Minute, len(c.want)-len(before))
			last.until(t, time.Minute, "end of work", func() bool { return f.looked(t, last) })
			last.stop(t, 15*time.Second)

			after, twice := f.back.figures()
			assert.Zero(t, twice)
			again := 0
			for id := range after {
				if before[id] > 0 {
					again++
				}
			}
			all := maps.Clone(before)
			maps.Copy(all, after)
			assertSame(t, c.want, all)
			assert.LessOrEqual(t, again, atMostAgain, "records that were committed came again")
			f.back.metrics.assertAll(t, c.sums, 1)
			t.Logf("%s: %d of %d records were accepted before, %d of them came again", name, len(before), len(c.want), again)
		})
	}
}

// interrupt runs an older binary until a part of the records is accepted, and kills it.
func interrupt(t *testing.T, f *following, program string, pending bool, records int) {
	t.Helper()
	f.program = program
	f.back.slowDown(200 * time.Millisecond)
	if pending {
		f.back.metrics.set(func(l *ledger) { l.unavailable = 1 })
	}
	emitted := func() bool {
		if pending {
			f.back.metrics.mu.Lock()
			defer f.back.metrics.mu.Unlock()
			return f.back.metrics.refused > 0
		}
		return f.back.metrics.emissions() > 0
	}
	victim := f.start(t)
	victim.until(t, time.Minute, "records and metrics", func() bool { return f.back.distinct() >= records && emitted() })
	victim.kill(t)
	f.died()
	f.program = ""
}

// acceptedBefore reads what the back end of a folder's run had accepted.
func acceptedBefore(t *testing.T, folder string) uids {
	t.Helper()
	text, err := os.ReadFile(folder + ".accepted")
	require.NoError(t, err)
	before := uids{}
	for id := range strings.FieldsSeq(string(text)) {
		before[id] = 1
	}
	return before
}

// firstEditionObjects reads the log objects, or makes and stores them first. They
// are stored since what makes them up may change.
func firstEditionObjects(t *testing.T, anew bool) *corpus {
	t.Helper()
	file := filepath.Join(firstEdition, "objects.json.gz")
	if anew {
		writeFirstEdition(t, file)
	}
	packed, err := os.ReadFile(file)
	require.NoError(t, err)
	r, err := gzip.NewReader(bytes.NewReader(packed))
	require.NoError(t, err)
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	var objects map[string]string
	require.NoError(t, json.Unmarshal(text, &objects))
	c := &corpus{objects: map[string][]byte{}, want: uids{}, records: map[string]uids{}, sums: sums{}}
	for key, text := range objects {
		c.add(key, []byte(text))
	}
	return c
}

var writeOnce sync.Once

func writeFirstEdition(t *testing.T, file string) {
	t.Helper()
	writeOnce.Do(func() {
		objects := map[string]string{}
		for key, text := range makeCorpus(86, 60, 3, 700).objects {
			objects[strings.TrimSuffix(strings.TrimSuffix(key, ".gz"), ".zst")] = string(text)
		}
		text, err := json.Marshal(objects)
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(firstEdition, 0o755))
		require.NoError(t, os.WriteFile(file, gzipped(t, text), 0o644))
	})
}
