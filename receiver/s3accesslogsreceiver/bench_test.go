//go:build unix

package s3accesslogsreceiver

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/samplelogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/listing"
	"github.com/otelcol-s3audit/otelcol-s3audit/receiver/s3accesslogsreceiver/internal/metadata"
)

// slowS3 is as much of S3 as the receiver needs, each answer of which takes
// latency. Its objects are all the same.
type slowS3 struct {
	latency time.Duration
	keys    []string
	body    string
}

func (s *slowS3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	time.Sleep(s.latency)
	if r.URL.Query().Get("list-type") != "2" {
		w.Header().Set("ETag", `"etag"`)
		_, _ = w.Write([]byte(s.body))
		return
	}
	s.list(w, r)
}

func (s *slowS3) list(w http.ResponseWriter, r *http.Request) {
	type object struct {
		Key, ETag    string
		Size         int
		LastModified string
	}
	var answer struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		IsTruncated           bool
		NextContinuationToken string
		Contents              []object
	}
	q := r.URL.Query()
	from := max(q.Get("start-after"), q.Get("continuation-token"))
	now := time.Now().UTC().Format(time.RFC3339)
	for _, key := range s.keys {
		if key <= from || !strings.HasPrefix(key, q.Get("prefix")) {
			continue
		}
		if len(answer.Contents) == 1000 {
			answer.IsTruncated = true
			answer.NextContinuationToken = answer.Contents[999].Key
			break
		}
		answer.Contents = append(answer.Contents, object{key, `"etag"`, len(s.body), now})
	}
	_ = xml.NewEncoder(w).Encode(answer)
}

// BenchmarkTinyObjects reads objects of five records from a server that takes
// 30 ms for each request. One operation is one object; cpu-us/op is the CPU
// time of the whole process, the server in it.
//
//	go test ./receiver/s3accesslogsreceiver -run '^$' -bench TinyObjects -benchtime 10000x
func BenchmarkTinyObjects(b *testing.B) {
	b.Setenv("AWS_ACCESS_KEY_ID", "any")
	b.Setenv("AWS_SECRET_ACCESS_KEY", "any")
	for _, concurrency := range []int{1, 32, 256} {
		b.Run(fmt.Sprintf("concurrency=%d", concurrency), func(b *testing.B) {
			n := b.N
			if concurrency == 1 {
				n = min(n, 300) // one after another is slow, and no faster for being repeated
			}
			server := &slowS3{latency: 30 * time.Millisecond, body: strings.Join(samplelogs.Records(1, 5), "\n") + "\n"}
			begin := time.Now().UTC().Add(-time.Hour)
			for i := range n {
				server.keys = append(server.keys, begin.Add(time.Duration(i)*100*time.Millisecond).Format("2006-01-02-15-04-05-")+fmt.Sprintf("%016d", i))
			}
			readAll(b, server, concurrency)
		})
	}
}

func readAll(b *testing.B, server *slowS3, concurrency int) {
	b.Helper()
	s3 := httptest.NewServer(server)
	defer s3.Close()
	cfg := createDefaultConfig().(*Config)
	cfg.Concurrency = concurrency
	cfg.AWS = AWSConfig{Endpoint: s3.URL, ForcePathStyle: true}
	cfg.Bucket = configoptional.Some(BucketConfig{
		Name: "logs", Layout: listing.Simple, PollInterval: time.Minute, StartFrom: "earliest",
		Lookback: 48 * time.Hour, Shard: ShardConfig{Count: 1},
	})
	done := make(chan struct{})
	var records atomic.Int64
	next, err := consumer.NewLogs(func(_ context.Context, logs plog.Logs) error {
		if records.Add(int64(logs.LogRecordCount())) == int64(5*len(server.keys)) {
			close(done)
		}
		return nil
	})
	require.NoError(b, err)
	r, err := NewFactory().CreateLogs(b.Context(), receivertest.NewNopSettings(metadata.Type), cfg, next)
	require.NoError(b, err)

	b.ResetTimer()
	begin, cpu := time.Now(), cpuTime()
	require.NoError(b, r.Start(b.Context(), componenttest.NewNopHost()))
	<-done
	took, used := time.Since(begin), cpuTime()-cpu
	b.StopTimer()
	require.NoError(b, r.Shutdown(context.WithoutCancel(b.Context())))
	n := float64(len(server.keys))
	b.ReportMetric(n/took.Seconds(), "objects/s")
	b.ReportMetric(float64(used.Microseconds())/n, "cpu-us/object")
	b.ReportMetric(0, "ns/op") // meaningless where fewer than b.N were read
}

// cpuTime returns the CPU time that this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
