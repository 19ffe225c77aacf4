package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/machine"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// nobody is the user as whom a collector runs where permissions are to bind:
// they do not bind root, who may run the tests.
const nobody = 65534

// keysOf names n objects of two records each, with the records they hold.
func keysOf(seed uint64, n int) (objects map[string][]byte, want uids) {
	objects, want = map[string][]byte{}, uids{}
	text := samplelogs.Records(seed, 2*n)
	for i := range n {
		body := joined(text[2*i : 2*i+2])
		want.add(body)
		objects[fmt.Sprintf("access/2026-11-09-00-%02d-%02d-%016d", i/60, i%60, i)] = body
	}
	return objects, want
}

func TestDirectoriesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	program(t)
	dir := t.TempDir()
	for _, d := range []string{filepath.Dir(dir), dir} { // as others see them
		require.NoError(t, os.Chmod(d, 0o755))
	}
	objects, want := keysOf(51, 50)
	write(t, filepath.Join(dir, "good"), objects)
	path := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, os.Symlink(path("nowhere"), path("dangling")))
	require.NoError(t, os.WriteFile(path("file"), nil, 0o644))
	require.NoError(t, os.Mkdir(path("locked"), 0))
	require.NoError(t, os.Mkdir(path("good/lockedfolder"), 0))
	lockedText := joined(samplelogs.Records(56, 5))
	lockedFile := path("good/2026-11-09-00-00-00-10CKED0000000000")
	require.NoError(t, os.WriteFile(lockedFile, lockedText, 0))
	require.NoError(t, os.Symlink(path("nowhere"), path("good/link")))
	out := filepath.Join(dir, "out")
	require.NoError(t, os.Mkdir(out, 0o777))
	require.NoError(t, os.Chmod(out, 0o777))

	s := setup{exporters: "file: {path: " + out + "/records.jsonl}"}
	for id, name := range map[string]string{
		"good": "good", "missing": "missing", "dangling": "dangling", "below": "file/below", "locked": "locked",
	} {
		s.receivers += "s3_access_logs/" + id + ": {directory: {path: " + path(name) + "}}\n"
	}
	if os.Geteuid() == 0 {
		s.uid = nobody
	}
	c := start(t, s)
	for _, parts := range [][]string{
		{"directory.path", "there is no " + path("missing"), "create it, or correct the setting"},
		{"directory.path", path("dangling")},
		{"directory.path", path("file/below")},
		{"directory.path", path("locked"), "allow user"},
		{path("good/lockedfolder"), "permission denied"},
		{"given up", lockedFile, "access denied", "allow user"},
		{path("good/link")},
	} {
		t.Log(withoutResource(c.logged(t, 30*time.Second, append(parts, "warn")...)))
	}
	assert.Equal(t, len(objects), c.objects(t, "ok"))

	// What was missing may come later. A file that is locked while others are not is
	// given up after three attempts.
	late := joined(samplelogs.Records(52, 10))
	want.add(late)
	write(t, dir, map[string][]byte{"missing/2026-11-09-00-00-00-AAAAAAAAAAAAAAAA": late})
	c.settled(t, time.Minute, "ok", len(objects)+1)
	assert.Equal(t, 1, c.objects(t, "denied"))
	c.stop(t, 15*time.Second)
	assertSame(t, want, records(t, out+"/records.jsonl", nil))
}

func TestBucketsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	program(t)
	server := s3test.Start(t)
	server.CreateBucket(t, "logs")
	objects, want := keysOf(53, 50)
	put(t, server, "logs", objects)
	profiles := filepath.Join(t.TempDir(), "credentials")
	require.NoError(t, os.WriteFile(profiles, []byte(
		"[wrong-secret]\naws_access_key_id = "+server.AccessKey+"\naws_secret_access_key = not-the-secret\n"+
			"[unknown-key]\naws_access_key_id = AKIAUNKNOWN\naws_secret_access_key = whatever\n"), 0o600))

	from := func(id, bucket, aws string) string {
		return fmt.Sprintf("s3_access_logs/%s:\n  bucket: {name: %s, prefix: access/, start_from: earliest, poll_interval: 1s}\n"+
			"  aws: {endpoint: %q, force_path_style: true%s}\n", id, bucket, server.Endpoint, aws)
	}
	closed := machine.FreeAddr(t)
	out := filepath.Join(t.TempDir(), "records.jsonl")
	c := start(t, setup{
		receivers: from("good", "logs", "") + from("missing", "no-such-logs", "") +
			from("secret", "logs", ", profile: wrong-secret") + from("key", "logs", ", profile: unknown-key") +
			"s3_access_logs/closed: {bucket: {name: logs}, aws: {force_path_style: true, endpoint: \"http://" + closed + "\"}}\n",
		exporters: "file: {path: " + out + "}",
		// A profile that is named wins over the keys in the environment.
		env: append(slices.Clone(server.Env), "AWS_SHARED_CREDENTIALS_FILE="+profiles),
	})
	for _, parts := range [][]string{
		{"s3_access_logs/missing", "no such bucket", "s3://no-such-logs/access/", "bucket.name"},
		{"s3_access_logs/secret", "AWS credentials are not accepted", "s3://logs/", "SignatureDoesNotMatch", "aws.profile"},
		{"s3_access_logs/key", "AWS credentials are not accepted", "s3://logs/", "aws.profile"},
		{"s3_access_logs/closed", "s3://logs/", closed, "connection refused", "aws.endpoint"},
	} {
		t.Log(withoutResource(c.logged(t, 30*time.Second, append(parts, "warn")...)))
	}
	c.settled(t, 30*time.Second, "ok", len(objects))

	// A bucket may come later, and is looked at while it fills: names in the order
	// of delivery are then those of now.
	old, late := keysOf(54, 20)
	more := map[string][]byte{}
	for key, body := range old {
		more["access/"+time.Now().UTC().Format("2006-01-02-15-04-05")+key[len(key)-17:]] = body
	}
	server.CreateBucket(t, "no-such-logs")
	put(t, server, "no-such-logs", more)
	for id, n := range late {
		want[id] += n
	}
	c.settled(t, time.Minute, "ok", len(objects)+len(more))
	c.logged(t, 10*time.Second, "s3_access_logs/missing", "recovered")
	c.stop(t, 15*time.Second)
	assertSame(t, want, records(t, out, nil))
}

func TestServerThatAnswers503ForAWhile(t *testing.T) {
	t.Parallel()
	program(t)
	server := s3test.Start(t)
	server.CreateBucket(t, "logs")
	objects, want := keysOf(55, 300)
	put(t, server, "logs", objects)
	proxy := s3test.NewProxy(t, server.Endpoint)
	// At first no list is answered, and later, when some objects were read, nothing.
	busy := s3test.Fault{Status: http.StatusServiceUnavailable}
	proxy.Inject(slices.Repeat([]s3test.Fault{busy}, 8)...)
	proxy.Inject(make([]s3test.Fault, 30)...)
	proxy.Inject(slices.Repeat([]s3test.Fault{busy}, 100_000)...)
	out := filepath.Join(t.TempDir(), "records.jsonl")
	c := start(t, setup{
		receivers: bucketReceiver("s3_access_logs", proxy.URL, "{name: logs, prefix: access/, start_from: earliest, poll_interval: 1s}") +
			"  concurrency: 4\n",
		exporters: "file: {path: " + out + "}",
		env:       server.Env,
	})
	t.Log(withoutResource(c.logged(t, 30*time.Second, "warn", "s3://logs/access/", "503 SlowDown")))
	c.logged(t, time.Minute, "recovered")
	t.Log(withoutResource(c.logged(t, 30*time.Second, "warn", "reading objects", "s3://logs/access/2026-11-09-", "503 SlowDown")))
	time.Sleep(2 * time.Second) // it lasts
	c.alive(t)
	proxy.Heal()
	c.settled(t, time.Minute, "ok", len(objects))
	c.until(t, 15*time.Second, "a second recovery", func() bool { return strings.Count(c.log(t), "recovered") == 2 })
	for _, outcome := range []string{"gone", "corrupt", "denied", "too_large", "skipped"} {
		assert.Zero(t, c.objects(t, outcome), outcome)
	}
	c.stop(t, 15*time.Second)
	assertSame(t, want, records(t, out, nil))
}
