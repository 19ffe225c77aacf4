package scaling

import (
	"fmt"
	"time"
)

// What was measured: see docs/performance.md for the machine, and for the
// commands. The tests of this package hold docs/scaling.md to these.
const (
	// perObject is the CPU time of BenchmarkBucket/tiny for an object, 194 us, less
	// that of its five records in BenchmarkWorker/logs.
	perObject = 184 * time.Microsecond
	// perRecord and perRecordGzip are those of a record of 657 bytes in `make
	// bench-process`, logs and metrics on two cores: 7.37 and 19.79 s for a GB.
	perRecord     = 4840 * time.Nanosecond
	perRecordGzip = 13_000 * time.Nanosecond
	// otlpBytes is a record in OTLP, uncompressed.
	otlpBytes = 1254
)

// What AWS says, and what is assumed.
const (
	latency     = 30 * time.Millisecond  // of a GET of a small object: "tens of milliseconds"
	slowLatency = 100 * time.Millisecond // the lower end of "roughly 100-200 milliseconds"
	listLatency = 100 * time.Millisecond // of a LIST of 1,000 names; assumed
	sqsLatency  = 20 * time.Millisecond  // of a receive; assumed
	receives    = 80                     // messages that are received at a time: eight calls of ten

	getLimit  = 5500    // GETs in a second for a prefix
	inFlight  = 120_000 // messages of a standard queue
	keysAList = 1000

	dollarsAGet  = 0.0004 / 1000
	dollarsAList = 0.005 / 1000
	dollarsSQS   = 0.40 / 1e6 // a request
	dollarsVCPU  = 0.04048    // an hour, Fargate
	dollarsGB    = 0.004445   // an hour of memory, Fargate

	peak = 1.7 // the busiest hour to the mean; assumed
	full = 0.7 // how much of its ceiling a collector is meant to use; chosen
)

// input is a number of the tables, and where it is from.
type input struct{ what, value, source string }

const (
	s3Pages  = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html"
	s3Retry  = "https://docs.aws.amazon.com/whitepapers/latest/s3-optimizing-performance-best-practices/timeouts-and-retries-for-latency-sensitive-applications.html"
	s3Prices = "https://aws.amazon.com/s3/pricing/"
)

var inputs = []input{
	{"CPU time of an object, without its records", micro(perObject), "measured: `make bench`, `Bucket/tiny` less five records of `Worker/logs`; plain HTTP"},
	{"CPU time of a record, logs and metrics, OTLP uncompressed", micro(perRecord), "measured: `make bench-process`"},
	{"the same with gzip, the exporter's default", micro(perRecordGzip), "measured: `make bench-process`"},
	{"a record in OTLP", fmt.Sprintf("%d bytes", otlpBytes), "measured: `make bench-process`"},
	{"a GET of a small object", fmt.Sprintf("%v, or %v", latency, slowLatency), "AWS: \"in the tens of milliseconds\" at the median, " + s3Retry + "; \"roughly 100-200 milliseconds\", " + s3Pages},
	{"a LIST of 1,000 names", listLatency.String(), "assumed"},
	{"a receive from SQS, of which eight are made at a time, each of ten messages", sqsLatency.String(), "assumed; `internal/source/queue`"},
	{"GETs of one prefix", fmt.Sprintf("%d/s at least", getLimit), "AWS: " + s3Pages},
	{"calls of a standard queue", "nearly unlimited", "AWS: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html"},
	{"messages in flight in a standard queue", fmt.Sprintf("about %d", inFlight), "AWS: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html"},
	{"1,000 GETs; 1,000 LISTs", "$0.0004; $0.005", "AWS, us-east-1, S3 Standard: " + s3Prices},
	{"delivery of the logs", "free", "AWS: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html"},
	{"1,000,000 requests to a standard queue", "$0.40", "AWS, us-east-1, up to 100 billion a month: https://aws.amazon.com/sqs/pricing/"},
	{"requests to the queue for an object", fmt.Sprint(queueRequests), "a tenth of a receive and of a delete; S3's own send, assumed to be charged"},
	{"compute: a vCPU; a GB of memory, an hour", "$0.04048; $0.004445", "AWS, us-east-1, Fargate on x86: https://aws.amazon.com/fargate/pricing/"},
	{"the busiest hour to the mean", fmt.Sprint(peak), "assumed"},
	{"use of a collector's ceiling in that hour", fmt.Sprintf("%.0f %%", full*100), "chosen"},
}

func micro(d time.Duration) string {
	return fmt.Sprintf("%.1f us", float64(d)/float64(time.Microsecond))
}

// typical is a collector of two cores on a queue, with OTLP uncompressed.
func typical(concurrency int) Collector {
	return Collector{
		Concurrency: concurrency, Cores: 2, Latency: latency, PerObject: perObject, PerRecord: perRecord,
		Finding: Finding{Names: receives, Takes: sqsLatency},
	}
}

// check is a run that was measured: BenchmarkTinyObjects, whose server of 30 ms
// is in the same process, so that its CPU time is in that of the objects.
type check struct {
	concurrency int
	perObject   time.Duration
	rate        float64 // objects in a second
}

var checks = []check{
	{32, 270 * time.Microsecond, 998},
	{256, 197 * time.Microsecond, 6785},
}

func (c check) collector() Collector {
	return Collector{
		Concurrency: c.concurrency, Cores: 2, Latency: latency, PerObject: c.perObject,
		Finding: Finding{Names: keysAList, Takes: latency},
	}
}
