package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/lines"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
)

// uids counts records by log.record.uid.
type uids map[string]int

// add counts the lines of a text, blank ones apart.
func (u uids) add(text []byte) {
	for len(text) > 0 {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte("\n"))
		if line = bytes.TrimSuffix(line, []byte("\r")); len(line) > 0 {
			id := lines.Identify(string(line))
			u[hex.EncodeToString(id[:])]++
		}
	}
}

// records reads what a file exporter wrote. also, when not nil, sees every
// record with its resource.
func records(t testing.TB, file string, also func(resource pcommon.Map, record plog.LogRecord)) uids {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	got := uids{}
	in := bufio.NewReader(f)
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return got
		}
		require.NoError(t, err, "the file ends within a line")
		logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(line)
		require.NoError(t, err)
		for _, rl := range logs.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, record := range sl.LogRecords().All() {
					uid, found := record.Attributes().Get("log.record.uid")
					require.True(t, found)
					got[uid.Str()]++
					if also != nil {
						also(rl.Resource().Attributes(), record)
					}
				}
			}
		}
	}
}

// assertSame compares without printing thousands of ids.
func assertSame(t testing.TB, want, got uids) {
	t.Helper()
	missing, unknown, times := 0, 0, 0
	for id, n := range want {
		switch {
		case got[id] == 0:
			missing++
		case got[id] != n:
			times++
		}
	}
	for id := range got {
		if want[id] == 0 {
			unknown++
		}
	}
	assert.True(t, missing+unknown+times == 0,
		"of %d records %d are missing, %d came more or less often than they should, and %d are unknown", len(want), missing, times, unknown)
}

// gzipped packs a text as repacked logs are.
func gzipped(t testing.TB, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// zstdEncoder is shared, since a new one costs more than an object; EncodeAll
// may be called concurrently.
var zstdEncoder = sync.OnceValues(func() (*zstd.Encoder, error) { return zstd.NewWriter(nil) })

func zstandard(t testing.TB, text []byte) []byte {
	t.Helper()
	w, err := zstdEncoder()
	require.NoError(t, err)
	return w.EncodeAll(text, nil)
}

// joined is the text of records, each with its newline.
func joined(records []string) []byte { return []byte(strings.Join(records, "\n") + "\n") }

// write stores files below a directory, by their names with slashes.
func write(t testing.TB, dir string, files map[string][]byte) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, content, 0o644))
	}
}

// client is a client of the server that is not the one under test.
func client(server *s3test.Server) *s3.Client {
	return s3.New(s3.Options{
		Region: s3test.Region, BaseEndpoint: &server.Endpoint, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(server.AccessKey, server.SecretKey, ""),
	})
}

// put stores objects, several at a time.
func put(t testing.TB, server *s3test.Server, bucket string, objects map[string][]byte) {
	t.Helper()
	api := client(server)
	keys := make(chan string)
	var putters sync.WaitGroup
	for range 8 {
		putters.Go(func() {
			for key := range keys {
				_, err := api.PutObject(context.Background(), &s3.PutObjectInput{
					Bucket: &bucket, Key: &key, Body: bytes.NewReader(objects[key]),
				})
				assert.NoError(t, err, key)
			}
		})
	}
	for _, key := range slices.Sorted(maps.Keys(objects)) {
		keys <- key
	}
	close(keys)
	putters.Wait()
}
