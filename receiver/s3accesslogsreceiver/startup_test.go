package s3accesslogsreceiver

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/fleet"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/listing"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// The tests of this file are about what a user sees who set something up wrong:
// which permission, bucket, queue or setting it is, and that all goes on by
// itself once that was mended.

const startupKey = "access/2026-11-09-10-00-00-0123456789ABCDEF"

// awaitTrouble waits until the status is an error with all of these parts, which
// the log has too, in a line of text.
func (r *running) awaitTrouble(t *testing.T, parts ...string) {
	t.Helper()
	missing := func(text string) bool {
		return slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(text, part) })
	}
	text := r.awaitStatus(t, componentstatus.StatusRecoverableError).Error()
	for missing(text) {
		t.Log("before it:", text)
		text = r.awaitStatus(t, componentstatus.StatusRecoverableError).Error()
	}
	t.Log(text)
	warned := r.logged.FilterMessage("unhealthy").Filter(func(e observer.LoggedEntry) bool {
		return e.Level == zap.WarnLevel && e.ContextMap()["error"] == text
	})
	assert.Equal(t, 1, warned.Len())
}

// awaitRecovery waits for the status OK, and for all records.
func (r *running) awaitRecovery(t *testing.T, sink *consumertest.LogsSink, records []string) {
	t.Helper()
	require.NoError(t, r.awaitStatus(t, componentstatus.StatusOK))
	assert.Positive(t, r.logged.FilterMessage("recovered").Len())
	want := uidsOf(records...)
	require.Eventually(t, func() bool { return len(uids(sink.AllLogs())) == len(want) }, waitLimit, 20*time.Millisecond)
	assert.Equal(t, want, uids(sink.AllLogs()))
}

func startupBucket(endpoint, name string) *Config {
	cfg := createDefaultConfig().(*Config)
	cfg.AWS = s3io.Config{Endpoint: endpoint, ForcePathStyle: true}
	cfg.Bucket = configoptional.Some(fleet.Config{Config: listing.Config{
		Name: name, Prefix: "access/", Layout: listing.Auto, PollInterval: time.Second, StartFrom: "earliest",
		Lookback: 48 * time.Hour, Shard: listing.Shard{Share: listing.Share{Count: 1}},
	}})
	return cfg
}

func TestStartupOfABucket(t *testing.T) {
	server := s3test.Start(t)
	server.SetEnv(t)
	records := samplelogs.Records(61, 20)
	body := []byte(strings.Join(records, "\n") + "\n")
	denied := func(action string) refusal {
		return refusal{http.StatusForbidden, "AccessDenied", "User: arn:aws:iam::111122223333:user/x is not authorized to perform: " + action, ""}
	}
	put := func(t *testing.T, bucket string) { server.Put(t, bucket, startupKey, body) }
	for i, c := range []struct {
		name      string
		list, get refusal
		pattern   string                            // bucket.key_pattern
		begin     func(t *testing.T, bucket string) // nil: a log object is there
		heal      func(t *testing.T, bucket string) // nil: S3 does not refuse any more
		says      []string                          // BUCKET is the bucket
	}{
		{
			name: "no s3:ListBucket", list: denied("s3:ListBucket"),
			says: []string{"finding objects: access denied: s3://BUCKET/access/", "allow s3:ListBucket on arn:aws:s3:::BUCKET", "check bucket.name"},
		},
		{
			name: "no s3:GetObject", get: denied("s3:GetObject"),
			says: []string{"reading objects: access denied: s3://BUCKET/" + startupKey, "allow s3:GetObject on arn:aws:s3:::BUCKET/*"},
		},
		{
			name: "no kms:Decrypt", get: denied("kms:Decrypt on resource: arn:aws:kms:us-east-1:111122223333:key/1"),
			says: []string{"access denied: s3://BUCKET/", "allow kms:Decrypt on the KMS key that encrypts the object", "key/1"},
		},
		{
			name: "another region, 301", list: refusal{http.StatusMovedPermanently, "PermanentRedirect", "must be addressed using the specified endpoint", "eu-central-1"},
			says: []string{"wrong region: s3://BUCKET/access/", "set aws.region to eu-central-1 (now us-east-1)"},
		},
		{
			name: "another region, 400", list: refusal{http.StatusBadRequest, "AuthorizationHeaderMalformed", "the region 'us-east-1' is wrong; expecting 'eu-west-1'", ""},
			says: []string{"wrong region: s3://BUCKET/access/", "set aws.region to eu-west-1 (now us-east-1)"},
		},
		{
			name: "wrong credentials", list: refusal{http.StatusForbidden, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", ""},
			says: []string{"AWS credentials are not accepted: s3://BUCKET/access/", "AWS_ACCESS_KEY_ID", "aws.profile"},
		},
		{
			name:  "no such bucket",
			begin: func(*testing.T, string) {},
			heal: func(t *testing.T, bucket string) {
				server.CreateBucket(t, bucket)
				put(t, bucket)
			},
			says: []string{"no such bucket: s3://BUCKET/access/", "check bucket.name"},
		},
		{
			name:  "nothing delivered yet",
			begin: func(t *testing.T, bucket string) { server.CreateBucket(t, bucket) },
			heal:  func(t *testing.T, bucket string) { server.Put(t, bucket, "access/"+nameOfNow(), body) },
			says:  []string{"waiting for the first log object: nothing is under s3://BUCKET/access/ yet", "some hours after logging was turned on", "bucket.prefix", "logging.s3.amazonaws.com s3:PutObject"},
		},
		{
			name: "another prefix",
			begin: func(t *testing.T, bucket string) {
				server.CreateBucket(t, bucket)
				server.Put(t, bucket, "access/README", body)
			},
			heal: func(t *testing.T, bucket string) { server.Put(t, bucket, "access/"+nameOfNow(), body) },
			says: []string{"waiting for the first log object: none is under s3://BUCKET/access/, but other keys are", `such as "access/README"`, "set bucket.prefix to the prefix in S3's logging settings"},
		},
		{
			name: "a key_pattern that fits no name", pattern: `\.json$`,
			heal: func(t *testing.T, bucket string) { server.Put(t, bucket, "access/"+nameOfNow()+".json", body) },
			says: []string{"nothing under s3://BUCKET/access/ that bucket.key_pattern fits is a log object", "the pattern \"\\\\.json$\" is on the whole key"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			bucket := fmt.Sprintf("startup-%d", i)
			if c.begin == nil {
				server.CreateBucket(t, bucket)
				put(t, bucket)
			} else {
				c.begin(t, bucket)
			}
			s3 := newFront(t, server.Endpoint)
			s3.refuse(c.list, c.get)
			sink, cfg := new(consumertest.LogsSink), startupBucket(s3.URL, bucket)
			cfg.Bucket.Get().KeyPattern = c.pattern
			r := startNamed(t, bucket, cfg, sink)
			r.awaitTrouble(t, replaceAll(c.says, "BUCKET", bucket)...)
			if c.heal != nil {
				c.heal(t, bucket)
			}
			s3.refuse(refusal{}, refusal{})
			r.awaitRecovery(t, sink, records)
		})
	}
}

// nameOfNow is that of a log object which is delivered now.
func nameOfNow() string { return time.Now().UTC().Format("2006-01-02-15-04-05") + "-0123456789ABCDEF" }

func replaceAll(texts []string, what, by string) []string {
	replaced := make([]string, len(texts))
	for i, text := range texts {
		replaced[i] = strings.ReplaceAll(text, what, by)
	}
	return replaced
}

// A bucket that logs into itself is read all the same.
func TestStartupOfABucketThatLogsIntoItself(t *testing.T) {
	server := s3test.Start(t)
	server.SetEnv(t)
	server.CreateBucket(t, "own")
	record := samplelogs.Records(62, 1)[0]
	owner, rest, _ := strings.Cut(record, " ")
	_, rest, _ = strings.Cut(rest, " ")
	record = owner + " own " + rest
	server.Put(t, "own", startupKey, []byte(record+"\n"))
	sink := new(consumertest.LogsSink)
	r := startNamed(t, "own", startupBucket(server.Endpoint, "own"), sink)
	r.awaitTrouble(t, "what is logged: bucket own holds the log of its own requests", "in the logging settings of own choose another destination bucket")
	require.Eventually(t, func() bool { return sink.LogRecordCount() == 1 }, waitLimit, 20*time.Millisecond)
	assert.Equal(t, uidsOf(record), uids(sink.AllLogs()))
}

// metadataService is the metadata service of an EC2 machine, which may have no role yet.
type metadataService struct {
	role   atomic.Bool
	id     string
	secret string
}

func (m *metadataService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const roles = "/latest/meta-data/iam/security-credentials/"
	switch {
	case r.URL.Path == "/latest/api/token":
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
		_, _ = w.Write([]byte("token"))
	case !m.role.Load():
		http.NotFound(w, r)
	case r.URL.Path == roles:
		_, _ = w.Write([]byte("reader"))
	case r.URL.Path == roles+"reader":
		_, _ = fmt.Fprintf(w, `{"Code":"Success","AccessKeyId":%q,"SecretAccessKey":%q,"Expiration":%q}`,
			m.id, m.secret, time.Now().Add(6*time.Hour).UTC().Format(time.RFC3339))
	default:
		http.NotFound(w, r)
	}
}

func TestStartupWithoutCredentials(t *testing.T) {
	server := s3test.Start(t)
	server.CreateBucket(t, "logs")
	records := samplelogs.Records(63, 5)
	server.Put(t, "logs", startupKey, []byte(strings.Join(records, "\n")+"\n"))
	metadata := &metadataService{id: server.AccessKey, secret: server.SecretKey}
	service := httptest.NewServer(metadata)
	t.Cleanup(service.Close)
	none := filepath.Join(t.TempDir(), "none")
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_PROFILE": "", "AWS_EC2_METADATA_DISABLED": "",
		"AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none,
		"AWS_EC2_METADATA_SERVICE_ENDPOINT": service.URL,
	} {
		t.Setenv(name, value)
	}
	sink := new(consumertest.LogsSink)
	cfg := startupBucket(server.Endpoint, "logs")
	r := startNamed(t, "nobody", cfg, sink)
	r.awaitTrouble(t, "no AWS credentials: s3://logs/access/", "none in the environment or the shared files, and none from the machine",
		"set AWS_ACCESS_KEY_ID", "aws.profile", "give the machine or container a role")
	metadata.role.Store(true)
	r.awaitRecovery(t, sink, records)

	cfg.AWS.Profile = "nobody"
	wrong, err := NewFactory().CreateLogs(t.Context(), settings("profile"), cfg, sink)
	require.NoError(t, err)
	err = wrong.Start(t.Context(), componenttest.NewNopHost())
	require.ErrorContains(t, err, "aws.profile", "what cannot heal stops the start")
	require.ErrorContains(t, err, "nobody")
	require.NoError(t, wrong.Shutdown(t.Context()))
}
