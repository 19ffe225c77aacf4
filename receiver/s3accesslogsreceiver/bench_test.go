//go:build unix

package s3accesslogsreceiver

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/fleet"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/listing"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/machine"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/receiver/s3accesslogsreceiver/internal/metadata"
)

// One operation of the benchmarks below is to read a whole bucket from the start
// of the receiver on, without storage. The CPU time is that of this process.

// BenchmarkBucket reads from an S3 server that is a process of its own on this
// machine. Its floor gets the same objects by the same client, as many at a time, and
// throws their bytes away.
//
//	go test ./receiver/s3accesslogsreceiver -run '^$' -bench Bucket -count 6 | tee new.txt
//	benchstat -col '/impl@(floor ours)' new.txt
func BenchmarkBucket(b *testing.B) {
	server := s3test.Start(b)
	server.SetEnv(b)
	for name, in := range map[string]bucket{
		"large": {objects: 8, each: 50_000}, // of 32 MB
		"tiny":  {objects: 20_000, each: 5},
	} {
		in.name, in.endpoint = name, server.Endpoint
		server.CreateBucket(b, name)
		server.Place(b, name, in.keys(), []byte(in.body()))
		b.Run(name+"/impl=ours", func(b *testing.B) {
			gc := machine.MeasureGC()
			in.report(b, in.read(b, 32))
			b.ReportMetric(gc(), machine.GCUnit)
		})
		b.Run(name+"/impl=floor", func(b *testing.B) { in.report(b, in.fetch(b, 32)) })
	}
}

// BenchmarkTinyObjects reads objects of five records from a server that takes
// 30 ms for each request. The server is in this process, so its CPU time is
// counted too. The floor, the ideal of concurrency x latency, is calculated.
//
//	go test ./receiver/s3accesslogsreceiver -run '^$' -bench TinyObjects -count 6
func BenchmarkTinyObjects(b *testing.B) {
	for _, concurrency := range []int{1, 32, 256} {
		b.Run(fmt.Sprintf("concurrency=%d", concurrency), func(b *testing.B) {
			in := bucket{objects: min(300*concurrency, 40_000), each: 5}
			server := &slowS3{latency: 30 * time.Millisecond, keys: in.keys(), body: in.body()}
			s3 := httptest.NewServer(server)
			defer s3.Close()
			in.endpoint = s3.URL
			b.Setenv("AWS_ACCESS_KEY_ID", "any")
			b.Setenv("AWS_SECRET_ACCESS_KEY", "any")
			spent := in.read(b, concurrency)
			in.report(b, spent)
			ideal := server.latency * time.Duration(in.objects) / time.Duration(concurrency)
			b.ReportMetric(spent.took.Seconds()/float64(b.N)/ideal.Seconds(), "x-floor")
		})
	}
}

// bucket has objects that are all the same.
type bucket struct {
	name, endpoint string
	objects        int
	each           int // records of an object
}

// keys are of the last hour and in the order of delivery.
func (k bucket) keys() []string {
	keys := make([]string, k.objects)
	begin := time.Now().UTC().Add(-time.Hour)
	for i := range keys {
		at := begin.Add(time.Duration(i) * 100 * time.Millisecond)
		keys[i] = at.Format("2006-01-02-15-04-05-") + fmt.Sprintf("%016d", i)
	}
	return keys
}

func (k bucket) body() string {
	return strings.Join(samplelogs.ByBucket(1, k.each), "\n") + "\n"
}

// spent is what all operations of a benchmark took.
type spent struct{ took, cpu time.Duration }

// measure runs f as a benchmark's operation.
func (s *spent) measure(b *testing.B, f func()) {
	b.Helper()
	b.StartTimer()
	begin, cpu := time.Now(), cpuTime()
	f()
	s.took += time.Since(begin)
	s.cpu += cpuTime() - cpu
	b.StopTimer()
}

// report reports tiny objects by object, large ones by record.
func (k bucket) report(b *testing.B, s spent) {
	b.Helper()
	n, unit := float64(b.N*k.objects), "object"
	b.SetBytes(int64(k.objects * len(k.body())))
	if k.each > 1000 {
		n, unit = n*float64(k.each), "record"
	}
	b.ReportMetric(float64(s.took.Nanoseconds())/n, "ns/"+unit)
	b.ReportMetric(float64(s.cpu.Nanoseconds())/n, "cpu-ns/"+unit)
	b.ReportMetric(n/s.took.Seconds(), unit+"s/s")
}

// read lets a receiver read the bucket.
func (k bucket) read(b *testing.B, concurrency int) (s spent) {
	b.Helper()
	cfg := createDefaultConfig().(*Config)
	cfg.Concurrency = concurrency
	cfg.AWS = s3io.Config{Endpoint: k.endpoint, ForcePathStyle: true}
	cfg.Bucket = configoptional.Some(fleet.Config{Config: listing.Config{
		Name: cmp.Or(k.name, "logs"), Layout: listing.Simple, PollInterval: time.Minute, StartFrom: "earliest",
		Lookback: 48 * time.Hour, Shard: listing.Shard{Share: listing.Share{Count: 1}},
	}})
	for b.Loop() {
		b.StopTimer()
		var records atomic.Int64
		done := make(chan struct{})
		next, err := consumer.NewLogs(func(_ context.Context, logs plog.Logs) error {
			if records.Add(int64(logs.LogRecordCount())) == int64(k.objects*k.each) {
				close(done)
			}
			return nil
		})
		require.NoError(b, err)
		r, err := NewFactory().CreateLogs(b.Context(), receivertest.NewNopSettings(metadata.Type), cfg, next)
		require.NoError(b, err)
		s.measure(b, func() {
			require.NoError(b, r.Start(b.Context(), componenttest.NewNopHost()))
			<-done
		})
		require.NoError(b, r.Shutdown(context.WithoutCancel(b.Context())))
		b.StartTimer()
	}
	return s
}

// fetch gets the bucket's objects without looking at them.
func (k bucket) fetch(b *testing.B, concurrency int) (s spent) {
	b.Helper()
	client, err := s3io.NewClients(b.Context(), s3io.Config{Endpoint: k.endpoint, ForcePathStyle: true}, s3io.Deps{MaxConnections: concurrency})
	require.NoError(b, err)
	defer client.Close()
	want := int64(k.objects * len(k.body()))
	for b.Loop() {
		b.StopTimer()
		var read atomic.Int64
		s.measure(b, func() {
			objects := make(chan s3io.Object)
			var fetchers sync.WaitGroup
			for range concurrency {
				fetchers.Go(func() {
					for o := range objects {
						read.Add(k.fetchOne(b, client, o))
					}
				})
			}
			for page, token := (s3io.Page{}), "first"; token != ""; token = page.Token {
				page, err = client.List(b.Context(), s3io.ListInput{Bucket: k.name, Token: page.Token})
				require.NoError(b, err)
				for _, o := range page.Objects {
					objects <- o
				}
			}
			close(objects)
			fetchers.Wait()
		})
		require.Equal(b, want, read.Load())
		b.StartTimer()
	}
	return s
}

// fetchOne returns how many bytes it read. It runs on goroutines of its own.
func (k bucket) fetchOne(b *testing.B, client *s3io.Clients, o s3io.Object) int64 {
	b.Helper()
	body, err := client.Open(b.Context(), source.Object{Bucket: k.name, Key: o.Key, ETag: o.ETag, Size: o.Size}, 0)
	if !assert.NoError(b, err) {
		return 0
	}
	defer body.Close()
	n, err := io.Copy(io.Discard, body)
	assert.NoError(b, err)
	return n
}

// cpuTime returns the CPU time that this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
