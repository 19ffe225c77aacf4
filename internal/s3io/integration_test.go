package s3io_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
)

// The tests of this file talk to versitygw, or to SeaweedFS: see s3test.Variable.

const bucket = "logs"

func start(t *testing.T) *s3test.Server {
	t.Helper()
	srv := s3test.Start(t)
	srv.SetEnv(t)
	srv.CreateBucket(t, bucket)
	return srv
}

// client waits for nothing between tries.
func client(t *testing.T, endpoint string, change ...func(*s3io.Config, *s3io.Deps)) *s3io.Client {
	t.Helper()
	cfg := s3io.Config{Endpoint: endpoint, ForcePathStyle: true}
	deps := s3io.Deps{Backoff: func(int) time.Duration { return time.Millisecond }}
	for _, f := range change {
		f(&cfg, &deps)
	}
	c, err := s3io.New(context.Background(), cfg, deps)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func noise(n int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func listAll(t *testing.T, c *s3io.Client, in s3io.ListInput) (keys, prefixes []string, pages int) {
	t.Helper()
	for {
		page, err := c.List(context.Background(), in)
		require.NoError(t, err)
		pages++
		for _, o := range page.Objects {
			keys = append(keys, o.Key)
		}
		prefixes = append(prefixes, page.Prefixes...)
		if in.Token = page.Token; in.Token == "" {
			return keys, prefixes, pages
		}
	}
}

func readAll(t *testing.T, c *s3io.Client, key, etag string, offset int64) []byte {
	t.Helper()
	r, err := c.Open(context.Background(), source.Object{Bucket: bucket, Key: key, ETag: etag, Size: -1}, offset)
	require.NoError(t, err)
	defer r.Close()
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	return b
}

func TestListPages(t *testing.T) {
	srv := start(t)
	var want []string
	for i := range 2345 {
		want = append(want, fmt.Sprintf("access/2026-11-%02d-00-00-00-%016d", 1+i/100, i))
	}
	srv.PutAll(t, bucket, want, []byte("x"))
	srv.Put(t, bucket, "elsewhere", nil)
	c := client(t, srv.Endpoint)

	t.Run("all keys come once and in order", func(t *testing.T) {
		keys, prefixes, pages := listAll(t, c, s3io.ListInput{Bucket: bucket, Prefix: "access/"})
		assert.Equal(t, want, keys)
		assert.Empty(t, prefixes)
		assert.Equal(t, 3, pages)
	})
	t.Run("start after", func(t *testing.T) {
		keys, _, _ := listAll(t, c, s3io.ListInput{Bucket: bucket, Prefix: "access/", StartAfter: want[1199]})
		assert.Equal(t, want[1200:], keys)
		keys, _, _ = listAll(t, c, s3io.ListInput{Bucket: bucket, Prefix: "access/", StartAfter: "access/2026-11-24-"})
		assert.Equal(t, want[2300:], keys)
	})
	t.Run("an entry has all there is to know", func(t *testing.T) {
		page, err := c.List(context.Background(), s3io.ListInput{Bucket: bucket, Prefix: want[0]})
		require.NoError(t, err)
		require.Len(t, page.Objects, 1)
		o := page.Objects[0]
		assert.Equal(t, int64(1), o.Size)
		assert.Len(t, o.ETag, 32, "without quotes")
		assert.WithinDuration(t, time.Now(), o.LastModified, time.Minute)
	})
}

func TestListRollsUpByDelimiter(t *testing.T) {
	srv := start(t)
	srv.Put(t, bucket, "p/111122223333/eu-west-1/src/2026/11/22/2026-11-22-00-00-00-AAAAAAAAAAAAAAAA", nil)
	srv.Put(t, bucket, "p/444455556666/eu-west-1/src/2026/11/22/2026-11-22-00-00-00-AAAAAAAAAAAAAAAA", nil)
	srv.Put(t, bucket, "p/2026-11-22-00-00-00-AAAAAAAAAAAAAAAA", nil)
	keys, prefixes, _ := listAll(t, client(t, srv.Endpoint), s3io.ListInput{Bucket: bucket, Prefix: "p/", Delimiter: "/"})
	assert.Equal(t, []string{"p/2026-11-22-00-00-00-AAAAAAAAAAAAAAAA"}, keys)
	assert.Equal(t, []string{"p/111122223333/", "p/444455556666/"}, prefixes)
}

func TestKeysWithOddCharacters(t *testing.T) {
	srv := start(t)
	c := client(t, srv.Endpoint)
	for _, key := range []string{"a b", "a+b", "100%", "100%25", "ümlaut/ß", "tab\there", "q?x=1&y", "semi;colon", "plus+ and %20"} {
		srv.Put(t, bucket, "odd/"+key, []byte(key))
		keys, _, _ := listAll(t, c, s3io.ListInput{Bucket: bucket, Prefix: "odd/" + key})
		require.Contains(t, keys, "odd/"+key)
		assert.Equal(t, key, string(readAll(t, c, "odd/"+key, "", 0)))
	}
}

func TestOpenAtOffsets(t *testing.T) {
	srv := start(t)
	body := noise(100_000)
	etag := srv.Put(t, bucket, "k", body)
	c := client(t, srv.Endpoint)
	for _, offset := range []int64{0, 1, 4096, 99_999, 100_000} {
		for _, tag := range []string{"", etag, `"` + etag + `"`} {
			got := readAll(t, c, "k", tag, offset)
			assert.True(t, bytes.Equal(body[offset:], got), "offset %d, %d bytes", offset, len(got))
		}
	}
	srv.Put(t, bucket, "empty", nil)
	assert.Empty(t, readAll(t, c, "empty", "", 0))
	_, err := c.Open(context.Background(), source.Object{Bucket: bucket, Key: "k", ETag: etag, Size: -1}, 100_001)
	assert.ErrorIs(t, err, source.ErrChanged, "more was read before than there is")
}

func TestStoredBytesAreNotUnpacked(t *testing.T) {
	srv := start(t)
	packed := []byte("\x1f\x8b\x08\x00not even gzip")
	srv.PutEncoded(t, bucket, "k.gz", "gzip", packed)
	c := client(t, srv.Endpoint)
	assert.Equal(t, packed, readAll(t, c, "k.gz", "", 0))
	assert.Equal(t, packed[4:], readAll(t, c, "k.gz", "", 4))
}

func TestOverwrittenObjectHasChanged(t *testing.T) {
	srv := start(t)
	etag := srv.Put(t, bucket, "k", []byte("one"))
	srv.Put(t, bucket, "k", []byte("two"))
	_, err := client(t, srv.Endpoint).Open(context.Background(), source.Object{Bucket: bucket, Key: "k", ETag: etag, Size: -1}, 0)
	require.ErrorIs(t, err, source.ErrChanged)
	assert.Contains(t, err.Error(), "s3://logs/k")
}

func TestBrokenDownloadGoesOn(t *testing.T) {
	srv := start(t)
	body := noise(1_000_000)
	etag := srv.Put(t, bucket, "k", body)

	t.Run("at the byte where it broke", func(t *testing.T) {
		proxy := s3test.NewProxy(t, srv.Endpoint)
		proxy.Inject(s3test.Fault{Cut: 300_000}, s3test.Fault{Cut: 1}, s3test.Fault{Cut: 400_000})
		got := readAll(t, client(t, proxy.URL), "k", etag, 0)
		assert.True(t, bytes.Equal(body, got), "%d bytes", len(got))
		assert.Equal(t, []string{"", "bytes=300000-", "bytes=300001-", "bytes=700001-"}, proxy.Ranges())
	})
	t.Run("without an etag that the caller knew", func(t *testing.T) {
		proxy := s3test.NewProxy(t, srv.Endpoint)
		proxy.Inject(s3test.Fault{Cut: 5})
		assert.True(t, bytes.Equal(body[10:], readAll(t, client(t, proxy.URL), "k", "", 10)))
		assert.Equal(t, []string{"bytes=10-", "bytes=15-"}, proxy.Ranges())
	})
	t.Run("over 503 in between", func(t *testing.T) {
		proxy := s3test.NewProxy(t, srv.Endpoint)
		proxy.Inject(s3test.Fault{Cut: 300_000}, s3test.Fault{Status: 503}, s3test.Fault{Status: 500})
		assert.True(t, bytes.Equal(body, readAll(t, client(t, proxy.URL), "k", etag, 0)))
	})
	t.Run("when nothing comes any more", func(t *testing.T) {
		proxy := s3test.NewProxy(t, srv.Endpoint)
		proxy.Inject(s3test.Fault{Cut: 300_000, Stall: true})
		c := client(t, proxy.URL, func(_ *s3io.Config, deps *s3io.Deps) { deps.IdleTimeout = time.Second })
		assert.True(t, bytes.Equal(body, readAll(t, c, "k", etag, 0)))
	})
	t.Run("not with another version's bytes", func(t *testing.T) {
		srv.Put(t, bucket, "changing", body)
		proxy := s3test.NewProxy(t, srv.Endpoint)
		proxy.Inject(s3test.Fault{Cut: 300_000})
		r, err := client(t, proxy.URL).Open(context.Background(), source.Object{Bucket: bucket, Key: "changing", ETag: "", Size: -1}, 0)
		require.NoError(t, err)
		defer r.Close()
		srv.Put(t, bucket, "changing", noise(999_999))
		got, err := io.ReadAll(r)
		require.ErrorIs(t, err, source.ErrChanged)
		assert.True(t, bytes.Equal(body[:len(got)], got))
		_, again := r.Read(make([]byte, 1))
		assert.Equal(t, err, again, "an error stays")
	})
	t.Run("not for ever", func(t *testing.T) {
		proxy := s3test.NewProxy(t, srv.Endpoint)
		proxy.Inject(s3test.Fault{Cut: 1000})
		proxy.Inject(slices.Repeat([]s3test.Fault{{Status: 403, Body: "<html>captive portal</html>"}}, 100)...)
		r, err := client(t, proxy.URL).Open(context.Background(), source.Object{Bucket: bucket, Key: "k", ETag: etag, Size: -1}, 0)
		require.NoError(t, err)
		defer r.Close()
		got, err := io.ReadAll(r)
		require.ErrorIs(t, err, source.ErrUnreachable)
		assert.Contains(t, err.Error(), "gave up at byte 1000")
		assert.Len(t, got, 1000)
		assert.Equal(t, 6, proxy.Gets())
	})
	t.Run("not when the reader has left", func(t *testing.T) {
		proxy := s3test.NewProxy(t, srv.Endpoint)
		proxy.Inject(s3test.Fault{Cut: 1000})
		ctx, cancel := context.WithCancel(context.Background())
		c := client(t, proxy.URL, func(_ *s3io.Config, deps *s3io.Deps) {
			deps.Backoff = func(int) time.Duration { cancel(); return time.Hour }
		})
		r, err := c.Open(ctx, source.Object{Bucket: bucket, Key: "k", ETag: etag, Size: -1}, 0)
		require.NoError(t, err)
		_, err = io.ReadAll(r)
		assert.ErrorIs(t, err, context.Canceled)
		require.NoError(t, r.Close())
		_, err = r.Read(make([]byte, 1))
		assert.Error(t, err)
	})
}

func TestMessagesSayWhatToDo(t *testing.T) {
	srv := start(t)
	srv.Put(t, bucket, "k", []byte("x"))
	ctx := context.Background()
	open := func(c *s3io.Client, bucket, key string) error {
		_, err := c.Open(ctx, source.Object{Bucket: bucket, Key: key, ETag: "", Size: -1}, 0)
		return err
	}
	list := func(c *s3io.Client, bucket string) error {
		_, err := c.List(ctx, s3io.ListInput{Bucket: bucket, Prefix: "access/"})
		return err
	}
	check := func(t *testing.T, err error, kind error, parts ...string) {
		t.Helper()
		require.ErrorIs(t, err, kind)
		for _, part := range parts {
			assert.Contains(t, err.Error(), part)
		}
		assert.NotContains(t, err.Error(), "\n")
		assert.NotContains(t, err.Error(), "operation error")
		t.Log(err)
	}
	c := client(t, srv.Endpoint)
	t.Run("no such bucket", func(t *testing.T) {
		listed, opened := list(c, "missing"), open(c, "missing", "k")
		check(t, listed, s3io.ErrNoSuchBucket, "s3://missing/", "check bucket.name")
		check(t, opened, s3io.ErrNoSuchBucket, "s3://missing/k", "it was deleted")
		for _, err := range []error{listed, opened} {
			assert.ErrorIs(t, err, source.ErrUnreachable, "no object is given up for it")
		}
	})
	t.Run("no such object", func(t *testing.T) {
		check(t, open(c, bucket, "nothing"), source.ErrGone, "s3://logs/nothing")
	})
	t.Run("wrong secret", func(t *testing.T) {
		t.Setenv("AWS_SECRET_ACCESS_KEY", "wrong")
		c := client(t, srv.Endpoint)
		check(t, list(c, bucket), s3io.ErrWrongCredentials, "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY")
		check(t, open(c, bucket, "k"), s3io.ErrWrongCredentials, "s3://logs/k")
	})
	t.Run("wrong key id", func(t *testing.T) {
		t.Setenv("AWS_ACCESS_KEY_ID", "nobody")
		check(t, list(client(t, srv.Endpoint), bucket), s3io.ErrWrongCredentials, "access key", "aws.profile")
	})
	t.Run("no credentials", func(t *testing.T) {
		for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
			t.Setenv(name, "")
		}
		t.Setenv("AWS_SHARED_CREDENTIALS_FILE", t.TempDir()+"/none")
		t.Setenv("AWS_CONFIG_FILE", t.TempDir()+"/none")
		check(t, list(client(t, srv.Endpoint), bucket), s3io.ErrNoCredentials, "AWS_ACCESS_KEY_ID", "aws.profile")
	})
	t.Run("nobody listens", func(t *testing.T) {
		began := time.Now()
		check(t, list(client(t, "http://127.0.0.1:1"), bucket), source.ErrUnreachable, "connection refused", "aws.endpoint")
		assert.Less(t, time.Since(began), 100*time.Second)
	})
	t.Run("503 for a while", func(t *testing.T) {
		proxy := s3test.NewProxy(t, srv.Endpoint)
		proxy.Inject(slices.Repeat([]s3test.Fault{{Status: 503}}, 3)...)
		c := client(t, proxy.URL)
		began := time.Now()
		check(t, list(c, bucket), source.ErrUnreachable, "SlowDown", "request PROXY0000")
		assert.Less(t, time.Since(began), 100*time.Second)
		require.NoError(t, list(c, bucket), "it passed")
	})
	t.Run("another region", func(t *testing.T) {
		if srv.AnyRegion {
			t.Skip("the server takes any")
		}
		c := client(t, srv.Endpoint, func(cfg *s3io.Config, _ *s3io.Deps) { cfg.Region = "eu-west-1" })
		require.NoError(t, list(c, bucket), "the answer tells it")
	})
}

func TestManyDownloadsKeepTheirConnections(t *testing.T) {
	srv := start(t)
	body := noise(20_000)
	etag := srv.Put(t, bucket, "k", body)
	proxy := s3test.NewProxy(t, srv.Endpoint)
	c := client(t, proxy.URL, func(_ *s3io.Config, deps *s3io.Deps) { deps.MaxConnections = 32 })
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for range 20 {
				r, err := c.Open(context.Background(), source.Object{Bucket: bucket, Key: "k", ETag: etag, Size: -1}, 0)
				if !assert.NoError(t, err) {
					return
				}
				got, err := io.ReadAll(r)
				assert.NoError(t, err)
				assert.True(t, bytes.Equal(body, got))
				r.Close()
			}
		})
	}
	wg.Wait()
	assert.Equal(t, 640, proxy.Gets())
	assert.LessOrEqual(t, proxy.Conns(), 100)
}

func TestLongListOfTokens(t *testing.T) {
	srv := start(t)
	c := client(t, srv.Endpoint)
	_, err := c.List(context.Background(), s3io.ListInput{Bucket: bucket, Token: strings.Repeat("x", 10)})
	if err != nil {
		assert.ErrorIs(t, err, source.ErrUnreachable, "a token that is refused is no reason to give an object up")
	}
}
