package benchtable

// row is a benchmark of the suite.
type row struct {
	what      string
	benchmark string   // as Result.Name
	floor     []string // the benchmarks whose times together are its floor
	// calculated says what the floor is where the benchmark itself reports how
	// many times that it took, as "x-floor".
	calculated string
}

// floor is the unit of a ratio that a benchmark has calculated itself.
const floorUnit = "x-floor"

const (
	ingest   = "internal/ingest."
	logs     = "internal/otlplogs."
	lines    = "internal/lines."
	receiver = "receiver/s3accesslogsreceiver."
	ideal    = "concurrency / latency"
)

// suite is the table: each benchmark beside its floor. A benchmark without one
// is a floor itself, or nothing smaller does its work.
var suite = []row{
	{what: "split chunks into lines", benchmark: ingest + "Split"},
	{what: "parse", benchmark: ingest + "Parse", floor: []string{ingest + "Split"}},
	{what: "build the same log records from ready values", benchmark: logs + "Floor"},
	{what: "parse and convert", benchmark: logs + "Convert", floor: []string{logs + "Parse", logs + "Floor"}},
	{what: "a worker, logs alone", benchmark: ingest + "Worker/logs"}, // its heap is smaller than that of Floor
	{what: "a worker, metrics alone", benchmark: ingest + "Worker/metrics", floor: []string{ingest + "Parse"}},
	{what: "a worker, both", benchmark: ingest + "Worker/both", floor: []string{ingest + "Worker/logs"}},
	{what: "logs, with places and threats", benchmark: ingest + "Worker/logs,clients", floor: []string{ingest + "Worker/logs"}},
	{what: "both, with places and threats", benchmark: ingest + "Worker/both,clients", floor: []string{ingest + "Worker/both"}},
	{what: "marshal log records that are there", benchmark: logs + "Marshal"},
	{what: "lines to bytes of OTLP", benchmark: logs + "OTLP", floor: []string{logs + "Parse", logs + "Floor", logs + "Marshal"}},
	{what: "read 25 MB, plain", benchmark: lines + "Read/25MB/plain", floor: []string{lines + "Unpack/25MB/plain"}},
	{what: "read 25 MB, gzip", benchmark: lines + "Read/25MB/gzip", floor: []string{lines + "Unpack/25MB/gzip"}},
	{what: "read 25 MB, zstd", benchmark: lines + "Read/25MB/zstd", floor: []string{lines + "Unpack/25MB/zstd"}},
	{
		what: "the receiver, 8 objects of 32 MB in a local S3 server", benchmark: receiver + "Bucket/large",
		floor: []string{receiver + "Fetch/large", ingest + "Worker/logs"},
	},
	{
		what: "the receiver, 20,000 objects of 5 records there", benchmark: receiver + "Bucket/tiny",
		floor: []string{receiver + "Fetch/tiny"},
	},
	{what: "the receiver, 30 ms a request, 1 at a time", benchmark: receiver + "TinyObjects/concurrency=1", calculated: ideal},
	{what: "the receiver, 30 ms a request, 32 at a time", benchmark: receiver + "TinyObjects/concurrency=32", calculated: ideal},
	{what: "the receiver, 30 ms a request, 256 at a time", benchmark: receiver + "TinyObjects/concurrency=256", calculated: ideal},
	{
		what: "restart with 1,000,000 done objects", benchmark: "internal/checkpoint.Open/file",
		floor: []string{"internal/checkpoint.Open/values"},
	},
	{what: "list 1,000,000 done objects again", benchmark: "internal/source/listing.Million/done"},
	{
		what: "reload a feed of 2,000,000 prefixes", benchmark: "internal/enrich/threat.Load",
		floor: []string{"internal/enrich/threat.LoadFloor"},
	},
}
