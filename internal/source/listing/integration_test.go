package listing_test

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/checkpoint"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/listing"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
)

// next returns the next n works, settled.
func next(t *testing.T, s *listing.Source, store *checkpoint.Store, n int) (works []*source.Work) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
	defer cancel()
	for len(works) < n {
		w, err := s.Next(ctx)
		require.NoError(t, err, "after %d works", len(works))
		works = append(works, w)
		var c checkpoint.Change
		c.Done(w.Group, w.ID)
		require.NoError(t, store.Commit(t.Context(), &c))
		w.Receipt.Ack()
	}
	return works
}

// polls tells when a bucket is polled.
type polls struct {
	listing.Bucket
	begun chan struct{} // once for each poll for new names, while somebody waits for it
}

func (p *polls) List(ctx context.Context, in s3io.ListInput) (s3io.Page, error) {
	if in.Prefix == "access/" && in.StartAfter != "" && in.Token == "" {
		select {
		case p.begun <- struct{}{}:
		default:
		}
	}
	return p.Bucket.List(ctx, in)
}

// nothing checks that the next two polls find nothing.
func (p *polls) nothing(t *testing.T, s *listing.Source) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
	defer cancel()
	go func() {
		defer cancel()
		for range 3 {
			select {
			case <-p.begun:
			case <-ctx.Done():
			}
		}
	}()
	w, err := s.Next(ctx)
	require.ErrorIs(t, ctx.Err(), context.Canceled, "%+v, %v", w, err)
	require.Error(t, err)
}

// A real server, both layouts below one prefix, several pages of each.
func TestBothLayoutsOfARealServer(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a server")
	}
	srv := s3test.Start(t)
	srv.SetEnv(t)
	srv.CreateBucket(t, "logs")
	now := time.Now().UTC()
	var keys []string
	for i := range 1100 {
		unique := fmt.Sprintf("-%016d", i)
		keys = append(keys,
			"access/"+now.Add(time.Duration(i-1100)*time.Second).Format(source.StampLayout)+unique,
			"access/111122223333/us-east-1/bucket-a"+now.Format("/2006/01/02/2006-01-02-00-00-00")+unique,
		)
	}
	keys = append(keys, "access/444455556666/eu-west-1/bucket-b"+now.Format("/2006/01/02/2006-01-02-00-00-00-")+"AAAAAAAAAAAAAAAA.gz")
	srv.PutAll(t, "logs", keys, []byte("body\n"))
	srv.Put(t, "logs", "access/README", nil)
	srv.Put(t, "logs", "other/2026-11-22-00-00-00-AAAAAAAAAAAAAAAA", nil)

	client, err := s3io.New(t.Context(), s3io.Config{Endpoint: srv.Endpoint, ForcePathStyle: true}, s3io.Deps{})
	require.NoError(t, err)
	defer client.Close()
	store := checkpoint.InMemory()
	var skipped []string
	cfg := listing.DefaultConfig()
	cfg.Name, cfg.Prefix, cfg.PollInterval, cfg.StartFrom = "logs", "access/", time.Second, "earliest"
	bucket := &polls{Bucket: client, begun: make(chan struct{})}
	s, err := listing.New(cfg, listing.Deps{
		Bucket: bucket, Progress: store,
		Skipped: func(key string) { skipped = append(skipped, key) },
	})
	require.NoError(t, err)

	works := next(t, s, store, len(keys))
	bucket.nothing(t, s)
	got := make([]string, 0, len(works))
	for _, w := range works {
		got = append(got, w.Object.Key)
	}
	assert.ElementsMatch(t, keys, got)
	assert.Equal(t, []string{"access/README"}, skipped)

	late := "access/444455556666/eu-west-1/bucket-b" + now.Format("/2006/01/02/2006-01-02-00-00-00-") + "BBBBBBBBBBBBBBBB"
	srv.Put(t, "logs", late, []byte("late\n"))
	works = next(t, s, store, 1)
	bucket.nothing(t, s)
	assert.Equal(t, late, works[0].Object.Key)
	assert.Equal(t, "bucket-b", works[0].Object.Name.Bucket)
	assert.Equal(t, int64(5), works[0].Object.Size)
	r, err := works[0].Content.OpenAt(t.Context(), 2)
	require.NoError(t, err)
	defer r.Close()
	body, err := io.ReadAll(r)
	require.NoError(t, err)
	assert.Equal(t, "te\n", string(body))
}
