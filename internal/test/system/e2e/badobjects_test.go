package e2e

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// Objects that cannot be read to their end: their names say where in the bucket
// or the directory, and what they are.
const (
	gzipBombKey = "access/2026-11-09-01-00-00-GZIPB0MB00000000.gz"
	zstdBombKey = "access/2026-11-09-01-00-01-ZSTDB0MB00000000.zst"
	imageKey    = "access/2026-11-09-01-00-02-1MAGE00000000000"
	tornKey     = "access/2026-11-09-01-00-03-T0RN000000000000.gz"
)

// badObjects returns good and bad objects and the records that can be had of
// them: all of the good ones, and those before the fault of the others.
func badObjects(t testing.TB) (objects map[string][]byte, good int, want uids) {
	t.Helper()
	want = uids{}
	objects = map[string][]byte{}
	text := samplelogs.Records(41, 3000)
	good = 60
	for i := range good {
		body := joined(text[40*i : 40*(i+1)])
		want.add(body)
		objects[fmt.Sprintf("access/2026-11-09-00-%02d-00-%016d", i, i)] = body
	}
	before := func(i int) []byte {
		body := joined(text[2400+i*10 : 2410+i*10])
		want.add(body)
		return body
	}
	gzipBomb := append(gzipped(t, before(0)), blankLines(t)...)
	zstdBomb := append(zstandard(t, before(1)), longLine()...)
	t.Logf("10 GiB in %d kB of gzip and in %d kB of zstd", len(gzipBomb)/1e3, len(zstdBomb)/1e3)

	var picture bytes.Buffer
	require.NoError(t, png.Encode(&picture, image.NewGray(image.Rect(0, 0, 300, 300))))

	torn := gzipped(t, joined(text[2500:3000]))
	torn = torn[:len(torn)/2]
	objects[gzipBombKey], objects[zstdBombKey], objects[imageKey], objects[tornKey] = gzipBomb, zstdBomb, picture.Bytes(), torn
	return objects, good, want
}

const bombSize = 10 << 30

// blankLines is bombSize of newlines in gzip, in many members.
func blankLines(t testing.TB) []byte {
	t.Helper()
	const member = 16 << 20
	return bytes.Repeat(gzipped(t, bytes.Repeat([]byte("\n"), member)), bombSize/member)
}

// longLine is bombSize of one byte in a single zstd frame, as RFC 8878 writes
// it: blocks of 128 KiB that are a header of three bytes and the byte itself.
func longLine() []byte {
	const block = 128 << 10
	frame := []byte("\x28\xb5\x2f\xfd\x00\x38") // no size, no checksum; a window of 128 KiB
	const runLength = 1 << 1
	header := uint32(block<<3 | runLength)
	for left := bombSize / block; left > 0; left-- {
		if left == 1 {
			header |= 1 // the last block
		}
		frame = append(frame, byte(header), byte(header>>8), byte(header>>16), 'x')
	}
	return frame
}

func TestBadObjectsOfADirectory(t *testing.T) {
	t.Parallel()
	program(t)
	dir := t.TempDir()
	objects, good, want := badObjects(t)
	write(t, dir, objects)
	out := filepath.Join(t.TempDir(), "records.jsonl")
	c := start(t, setup{
		receivers: "s3_access_logs: {directory: {path: " + dir + "}, max_object_size: 320MiB}",
		exporters: "file: {path: " + out + "}",
	})
	c.readToEnd(t, 2*time.Minute)
	checkBadObjects(t, c, good, dir+"/")
	c.stop(t, 15*time.Second)
	checkRecordsOfBadObjects(t, want, records(t, out, nil))
	assert.Less(t, c.memory.done().peak, int64(maxRefused))
	t.Log(c.memory)
}

func TestBadObjectsOfABucket(t *testing.T) {
	t.Parallel()
	program(t)
	server := s3test.Start(t)
	server.CreateBucket(t, "logs")
	objects, good, want := badObjects(t)
	put(t, server, "logs", objects)
	out := filepath.Join(t.TempDir(), "records.jsonl")
	c := start(t, setup{
		receivers: bucketReceiver("s3_access_logs", server.Endpoint, "{name: logs, prefix: access/, start_from: earliest, poll_interval: 1s}") +
			"  max_object_size: 320MiB\n",
		exporters: "file: {path: " + out + "}",
		env:       server.Env,
	})
	c.settled(t, 2*time.Minute, "too_large", 2)
	c.settled(t, 10*time.Second, "corrupt", 2)
	checkBadObjects(t, c, good, "s3://logs/")
	c.stop(t, 15*time.Second)
	checkRecordsOfBadObjects(t, want, records(t, out, nil))
	assert.Less(t, c.memory.done().peak, int64(maxRefused))
	t.Log(c.memory)
}

// Fifty objects are given up at once: each is named, in a line of its own whatever
// its name is.
func TestEachBadObjectIsNamed(t *testing.T) {
	t.Parallel()
	program(t)
	server := s3test.Start(t)
	server.CreateBucket(t, "logs")
	objects := map[string][]byte{}
	for i := range 50 {
		objects[fmt.Sprintf("access/2026-11-09-00-%02d-00-%016d", i, i)] = []byte("\x1f\x8bno gzip")
	}
	put(t, server, "logs", objects)
	dir := t.TempDir()
	const hostile = "a\x1b[2Jb\u009b2Jc\nd\u202ee\u2028f"
	write(t, dir, map[string][]byte{hostile: []byte("\x1f\x8bno gzip")})
	c := start(t, setup{
		receivers: bucketReceiver("s3_access_logs", server.Endpoint, "{name: logs, prefix: access/, start_from: earliest, poll_interval: 1s}") +
			"\ns3_access_logs/dir: {directory: {path: " + dir + "}}\n",
		exporters: "nop: {}",
		env:       server.Env,
	})
	c.settled(t, time.Minute, "corrupt", len(objects)+1)
	for key := range objects {
		c.logged(t, 5*time.Second, "warn", "given up", "s3://logs/"+key)
		assert.Equal(t, 1, strings.Count(c.log(t), key), "one message about an object")
	}
	c.logged(t, 5*time.Second, "given up", dir+`/a\u{1b}[2Jb\u{9b}2Jc\u{a}d\u{202e}e\u{2028}f`)
	assert.NotContains(t, c.log(t), "a\x1b")
	for _, char := range []string{"\u009b", "\u202e", "\u2028"} {
		assert.NotContains(t, c.log(t), char)
	}
}

// checkBadObjects wants one warning with the name of each bad object, and each
// object counted.
func checkBadObjects(t *testing.T, c *collector, good int, where string) {
	t.Helper()
	for key, reason := range map[string][]string{
		gzipBombKey: {"object is larger than max_object_size"},
		zstdBombKey: {"object is larger than max_object_size"},
		imageKey:    {"object is not text", "image/png"},
		tornKey:     {"compressed data is corrupt", "unexpected EOF"},
	} {
		line := c.logged(t, 5*time.Second, append(reason, "warn", "given up", where+key)...)
		assert.Equal(t, 1, strings.Count(c.log(t), key), "one message about an object")
		t.Log(withoutResource(line))
	}
	assert.Equal(t, good, c.objects(t, "ok"))
	assert.Equal(t, 2, c.objects(t, "too_large"))
	assert.Equal(t, 2, c.objects(t, "corrupt"))
	assert.Zero(t, c.objects(t, "skipped"))
}

// checkRecordsOfBadObjects allows for any number of whole records of the torn
// object: how much of it unpacks is the decompressor's matter.
func checkRecordsOfBadObjects(t *testing.T, want, got uids) {
	t.Helper()
	torn := uids{}
	torn.add(joined(samplelogs.Records(41, 3000)[2500:]))
	some := 0
	for id := range torn {
		if got[id] > 0 {
			assert.Equal(t, 1, got[id], "the attempts after the first go on where it ended")
			some++
		}
		delete(got, id)
	}
	assert.Positive(t, some)
	assert.Less(t, some, len(torn))
	assertSame(t, want, got)
}

// withoutResource leaves out of a line of the log what is the same in all.
func withoutResource(line string) string {
	before, rest, found := strings.Cut(line, `{"resource": {`)
	_, fields, ok := strings.Cut(rest, "}, ")
	if !found || !ok {
		return line
	}
	return before + "{" + fields
}
