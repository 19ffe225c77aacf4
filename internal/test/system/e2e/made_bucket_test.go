package e2e

import (
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"path"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/accesslog"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/lines"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/fakesqs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/slowreader"
)

// madeBucket is what comes into a bucket of all layouts, part by part.
type madeBucket struct {
	corpus
	foreign map[string][]byte // what is no log object
	parts   [][]string        // keys, of both
	first   int               // records of the first part
}

// Of objects with many records.
const (
	manyLines  = 1500
	joinedLine = 300 // records on one line
)

// makeBucket makes a first part of so many objects in each folder, of the last 8 days,
// and further ones: in each folder an object of now and, but for the last part, one of 26
// hours ago, which is within lookback.
func makeBucket(t testing.TB, seed uint64, each, further int) *madeBucket {
	t.Helper()
	b := &madeBucket{
		corpus:  corpus{objects: map[string][]byte{}, want: uids{}, records: map[string]uids{}, sums: sums{}},
		foreign: map[string][]byte{},
		parts:   make([][]string, 1+further),
	}
	rng := rand.New(rand.NewPCG(seed, 3))
	text := samplelogs.Records(seed, len(madeFolders)*(each+2*further)*8+2*manyLines+joinedLine)
	now := time.Now()
	for part := range b.parts {
		ages := []time.Duration{0, 26 * time.Hour}
		switch part {
		case 0:
			ages = nil
			for i := range each {
				ages = append(ages, time.Duration(i+1)*8*24*time.Hour/time.Duration(each))
			}
		case further:
			ages = ages[:1]
		}
		for _, age := range ages {
			for i := range madeFolders {
				f := &madeFolders[i]
				if f.late && part == 0 {
					continue
				}
				n := 1 + rng.IntN(8)
				if age == ages[0] && part == 0 {
					switch f.path {
					case "web/", "hive/text/":
						n = manyLines
					case "firehose/packed/":
						n = joinedLine
					}
				}
				b.addObject(t, part, f, now.Add(-age), unique(rng), text[:n])
				text = text[n:]
			}
			for _, f := range madeForeign {
				key := madeKey(f.path, f.name, now.Add(-age), unique(rng))
				b.foreign[key] = []byte(f.text)
				b.parts[part] = append(b.parts[part], key)
			}
		}
		if part == 0 {
			b.first = len(b.want)
		}
	}
	return b
}

// addObject adds an object. Its records are counted by the slow reader.
func (b *madeBucket) addObject(t testing.TB, part int, f *madeFolder, at time.Time, unique string, records []string) {
	t.Helper()
	key := madeKey(f.path, f.name, at, unique)
	if f.format != asText {
		records = jsonRecords(t, records)
	}
	b.objects[key] = joined(records)
	if f.format == asOneLine {
		b.objects[key] = []byte(strings.Join(records, ""))
	}
	b.records[key] = uids{}
	for _, one := range records {
		r, ok := slowreader.Read("aws", one)
		require.True(t, ok, one)
		id := lines.Identify(one)
		uid := hex.EncodeToString(id[:])
		b.want[uid]++
		b.records[key][uid]++
		b.sums.count(&accesslog.Record{
			Bucket: r.Bucket, Operation: r.Operation, Status: int32(r.Status), ErrorCode: r.ErrorCode,
			BytesSent: r.BytesSent, ObjectSize: r.ObjectSize, TotalTime: r.TotalTime, TurnAroundTime: r.TurnAroundTime,
		})
	}
	b.parts[part] = append(b.parts[part], key)
}

// stored are the objects of a part as they are put.
func (b *madeBucket) stored(t testing.TB, part int) map[string][]byte {
	t.Helper()
	c := corpus{objects: map[string][]byte{}}
	for _, key := range b.parts[part] {
		text, isLog := b.objects[key]
		if !isLog {
			text = b.foreign[key]
		}
		c.objects[key] = text
	}
	return c.stored(t)
}

// folders returns how many folders there are to be walked, and how many hold those of
// years.
func (b *madeBucket) folders() (walked, dated int) {
	year := regexp.MustCompile(`/(year=)?20\d\d/`)
	all, years := map[string]bool{}, map[string]bool{}
	for _, keys := range b.parts {
		for _, key := range keys {
			if at := year.FindStringIndex(key); at != nil {
				years[key[:at[1]]] = true
				key = key[:at[0]+1] + "x"
			}
			for dir := path.Dir(key); dir != "."; dir = path.Dir(dir) {
				all[dir] = true
			}
		}
	}
	return len(all), len(years)
}

// madeFeed is a feed of the made bucket, behind a proxy that counts.
type madeFeed struct {
	*feed
	made  *madeBucket
	proxy *s3test.Proxy
}

// add puts a part into the bucket, and announces it where there is a queue.
func (f *madeFeed) add(t testing.TB, part int) {
	t.Helper()
	put(t, f.server, "logs", f.made.stored(t, part))
	if f.queue == nil {
		return
	}
	listed, keys := list(t, f.server), f.made.parts[part]
	for i := 0; i < len(keys); {
		n := min(1+i%7/5*2, len(keys)-i) // one, or three
		f.queue.Send(notification(t, keys[i:i+n], listed))
		i += n
	}
}

func newMadeFeed(t testing.TB, b *madeBucket, feed *feed) *madeFeed {
	t.Helper()
	f := &madeFeed{feed: feed, made: b}
	f.server = s3test.Start(t)
	f.server.CreateBucket(t, "logs")
	f.proxy = s3test.NewProxy(t, f.server.Endpoint)
	f.source += s3At(f.proxy.URL)
	f.env = f.server.Env
	return f
}

func madeBucketFeed(t testing.TB, b *madeBucket) *madeFeed {
	t.Helper()
	idle := map[*collector]float64{} // lists, when the search had ended and nothing was under way
	return newMadeFeed(t, b, &feed{
		source: "bucket: {name: logs, prefix: access/, layout: auto, start_from: earliest, poll_interval: 1s}\n",
		died:   func() {},
		looked: func(t testing.TB, c *collector) bool {
			lists := c.metric(t, apiMetric, `api="s3.list"`)
			if c.metric(t, flightMetric, "") > 0 || !strings.Contains(c.log(t), "are searched every") {
				return false
			}
			since, known := idle[c]
			if !known {
				idle[c] = lists
			}
			return known && lists >= since+float64(5*len(madeFolders)) // what is listed at a start
		},
	})
}

// madeQueueFeed announces foreign objects too: the pattern leaves them out.
func madeQueueFeed(t testing.TB, b *madeBucket) *madeFeed {
	t.Helper()
	sqs := fakesqs.Start()
	t.Cleanup(sqs.Close)
	q := sqs.CreateQueue("logs", fakesqs.Settings{})
	source := strings.Replace(queueAt(q.URL()), "wait_time:", "key_pattern: '"+madePattern()+"', wait_time:", 1)
	return newMadeFeed(t, b, &feed{
		source: source,
		died: func() {
			time.Sleep(50 * time.Millisecond) // or what it was waiting for takes messages yet
			sqs.Advance(visibility)
		},
		looked: func(testing.TB, *collector) bool {
			left := q.Stats()
			return left.Visible+left.InFlight == 0
		},
		queue: q, sqs: sqs,
	})
}

// madePattern fits the keys of the log objects.
func madePattern() string {
	var all []string
	for _, f := range madeFolders {
		all = append(all, strings.NewReplacer(
			"STAMP", `\d{4}(-\d\d){5}`, "MIDNIGHT", `\d{4}(-\d\d){5}`,
			"DAY", `\d{4}/\d\d/\d\d`, "HIVE", `year=\d{4}/month=\d\d/day=\d\d`, "HOUR", `\d\d`, "DATE", `\d{8}T\d{4}Z`,
			"UNIQUE", `[0-9A-F]{16}`, "SHORT", `[0-9a-f]{8}`,
		).Replace(regexp.QuoteMeta(f.path+f.name)))
	}
	return "^access/(" + strings.Join(all, "|") + `)\z`
}

// jsonRecords writes records of text as CloudWatch Logs delivers them.
func jsonRecords(t testing.TB, records []string) (objects []string) {
	t.Helper()
	for _, line := range records {
		r, ok := slowreader.Read("aws", line)
		require.True(t, ok, line)
		uri := strings.TrimSpace(r.Method + " " + r.Target)
		if r.Version != "" {
			uri += " HTTP/" + r.Version
		}
		members := map[string]any{"acl_required": nil, "request_time": time.Unix(r.Seconds, 0).UTC().Format("2006-01-02T15:04:05.000Z")}
		for name, n := range map[string]int64{
			"http_status": r.Status, "bytes_sent_size": r.BytesSent, "object_size": r.ObjectSize,
			"total_duration": r.TotalTime, "turn_around_duration": r.TurnAroundTime,
		} {
			if members[name] = nil; n >= 0 {
				members[name] = n
			}
		}
		for name, text := range map[string]string{
			"schema_version_id": "V_1_0", "bucket_arn": "arn:aws:s3:::" + r.Bucket, "bucket_name": r.Bucket, "bucket_owner_id": r.Owner,
			"remote_ip": r.RemoteIP, "requester": r.Requester, "request_id": r.RequestID, "operation": r.Operation, "key_name": r.Key,
			"request_uri": uri, "error_code": r.ErrorCode, "referer": r.Referer, "user_agent": r.UserAgent, "version_id": r.VersionID,
			"host_id": r.HostID, "signature_version": r.Signature, "cipher_suite": r.Cipher, "authentication_type": r.Auth,
			"host_header": r.Host, "tls_version": r.TLS, "access_point_arn": r.ARN, "source_region": r.Region,
		} {
			if members[name] = nil; text != "" {
				members[name] = text
			}
		}
		text, err := json.Marshal(members)
		require.NoError(t, err)
		objects = append(objects, string(text))
	}
	return objects
}
