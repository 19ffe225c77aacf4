package listing_test

import (
	"context"
	"errors"
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

// next returns the works that come within d of each other, settled.
func next(t *testing.T, s *listing.Source, store *checkpoint.Store, d time.Duration) (works []*source.Work) {
	t.Helper()
	for {
		ctx, cancel := context.WithTimeout(t.Context(), d)
		w, err := s.Next(ctx)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			return works
		}
		require.NoError(t, err)
		works = append(works, w)
		var c checkpoint.Change
		c.Done(w.Group, w.ID)
		require.NoError(t, store.Commit(t.Context(), &c))
		w.Receipt.Ack()
	}
}

// A real server, both layouts below one prefix, several pages of each.
func TestBothLayoutsOfARealServer(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 16 s, most of it waiting")
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
	s, err := listing.New(cfg, listing.Deps{
		Bucket: client, Progress: store,
		Skipped: func(key string) { skipped = append(skipped, key) },
	})
	require.NoError(t, err)

	works := next(t, s, store, 2500*time.Millisecond) // the second poll finds nothing new
	got := make([]string, 0, len(works))
	for _, w := range works {
		got = append(got, w.Object.Key)
	}
	assert.ElementsMatch(t, keys, got)
	assert.Equal(t, []string{"access/README"}, skipped)

	late := "access/444455556666/eu-west-1/bucket-b" + now.Format("/2006/01/02/2006-01-02-00-00-00-") + "BBBBBBBBBBBBBBBB"
	srv.Put(t, "logs", late, []byte("late\n"))
	works = next(t, s, store, 7500*time.Millisecond)
	require.Len(t, works, 1)
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
