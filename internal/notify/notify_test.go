package notify

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const samples = "../../testdata/notifications"

var (
	put = Object{
		Bucket: "my-log-bucket", Key: "access/2026-01-31-12-34-56-0123456789ABCDEF", Size: 1024,
		ETag: "d41d8cd98f00b204e9800998ecf8427e", VersionID: "096fKKXTRTtl3on89fVO.nfljtsv6qko", Sequencer: "0055AED6DCD90281E5",
		Region: "us-east-1",
	}
	bridged = Object{
		Bucket: "my-log-bucket", Key: "access+logs/100%25/2026-01-31-12-34-56-0123456789ABCDEF", Size: 5,
		ETag: "b1946ac92492d2347c6235b4d2611184", VersionID: "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e", Sequencer: "617f08299329d189",
		Region: "ca-central-1", AccountID: "111122223333",
	}
)

// known are the samples that are notifications.
var known = map[string]Message{
	"s3-put":     {Objects: []Object{put}},
	"sns-s3-put": {Objects: []Object{put}},
	"s3-encoded-key": {Objects: []Object{{
		Bucket: "my-log-bucket", Key: "access logs/été+1/2026-01-31-12-34-56-0123456789ABCDEF", Size: 10,
		ETag: "d41d8cd98f00b204e9800998ecf8427e", Sequencer: "0055AED6DCD90281E5", Region: "eu-west-1",
	}}},
	"s3-several": {
		Objects: []Object{
			{Bucket: "my-log-bucket", Key: "a", Size: 1, ETag: "e1", Sequencer: "01"},
			{Bucket: "other-bucket", Key: "c", Size: 3, ETag: "e3-2", Sequencer: "03"},
		},
		Ignored: 1,
	},
	"s3-bare":    {Objects: []Object{{Bucket: "my-log-bucket", Key: "a", Size: -1}}},
	"s3-removed": {Objects: []Object{}, Ignored: 1},
	"minio": {Objects: []Object{{
		Bucket: "logs", Key: "2026-01-31-12-34-56-0123456789ABCDEF", Size: 42,
		ETag: "0123456789abcdef0123456789abcdef", Sequencer: "17A1B2C3D4E5F678",
	}}},
	"eventbridge":         {Objects: []Object{bridged}},
	"sns-eventbridge":     {Objects: []Object{bridged}},
	"eventbridge-deleted": {Ignored: 1},
	"sns-in-sns":          {Objects: []Object{put}},
	"s3-empty":            {Objects: []Object{}, Empty: true},
	"s3-testevent":        {Test: true},
	"sns-s3-testevent":    {Test: true},
}

// others are the samples that are none, with what the error has to say.
var others = map[string]string{
	"cloudtrail":       "another kind",
	"sns-confirmation": "another kind",
	"other-service":    "not those of S3",
	"s3-bad-escape":    "not form-encoded",
	"s3-no-key":        "without bucket or key",
	"not-json":         "not JSON",
}

func sample(t testing.TB, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(samples, name+".json"))
	require.NoError(t, err)
	return body
}

func TestSamples(t *testing.T) {
	for name, want := range known {
		got, err := Parse(sample(t, name))
		require.NoError(t, err, name)
		assert.Equal(t, want, got, name)
	}
	for name, want := range others {
		got, err := Parse(sample(t, name))
		require.ErrorIs(t, err, ErrUnknown, name)
		require.ErrorContains(t, err, want, name)
		assert.Zero(t, got, name)
	}
}

// A sample that no table names would test nothing.
func TestEverySampleIsInATable(t *testing.T) {
	found, err := filepath.Glob(filepath.Join(samples, "*.json"))
	require.NoError(t, err)
	require.Len(t, found, len(known)+len(others))
	for _, path := range found {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		_, isKnown := known[name]
		_, isOther := others[name]
		assert.True(t, isKnown != isOther, name)
	}
}

func TestOddMessagesAreUnknown(t *testing.T) {
	record := func(object string) string {
		return `{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":` + object + `}}]}`
	}
	for name, body := range map[string]string{
		"empty":                   ``,
		"null":                    `null`,
		"array":                   `[]`,
		"number":                  `1`,
		"cut":                     `{"Records":[{`,
		"two documents":           record(`{"key":"k"}`) + record(`{"key":"k"}`),
		"invalid UTF-8":           record(`{"key":"` + "\xff" + `"}`),
		"size of another type":    record(`{"key":"k","size":"1"}`),
		"Message is not a string": `{"Type":"Notification","Message":{}}`,
		"SNS without Message":     `{"Type":"Notification"}`,
		"no event name":           `{"Records":[{"s3":{"bucket":{"name":"b"},"object":{"key":"k"}}}]}`,
		"no bucket":               `{"Records":[{"eventName":"ObjectCreated:Put","s3":{"object":{"key":"k"}}}]}`,
		"EventBridge without key": `{"source":"aws.s3","detail-type":"Object Created","detail":{"bucket":{"name":"b"}}}`,
		"EventBridge of EC2":      `{"source":"aws.ec2","detail-type":"Object Created","detail":{"bucket":{"name":"b"},"object":{"key":"k"}}}`,
		"too large":               record(`{"key":"` + strings.Repeat("k", MaxSize) + `"}`),
		"deep":                    strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000),
	} {
		_, err := Parse([]byte(body))
		assert.ErrorIs(t, err, ErrUnknown, name)
	}
}

// A record that cannot be read holds back no other, and is reported.
func TestOneBadRecordLeavesTheOthers(t *testing.T) {
	const (
		good    = `{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"k"}}}`
		removed = `{"eventName":"ObjectRemoved:Delete","s3":{"bucket":{"name":"b"},"object":{"key":"old"}}}`
	)
	list := func(records ...string) []byte { return []byte(`{"Records":[` + strings.Join(records, ",") + `]}`) }
	for name, bad := range map[string]string{
		"no key":                   `{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":""}}}`,
		"no bucket":                `{"eventName":"ObjectCreated:Put","s3":{"object":{"key":"k"}}}`,
		"a bucket that is no name": `{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b\n"},"object":{"key":"k"}}}`,
		"a key not form-encoded":   `{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"%zz"}}}`,
		"a size of another type":   `{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"k2","size":"1"}}}`,
		"a key of another type":    `{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":["k2"]}}}`,
		"another service":          `{"eventSource":"aws:ses","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"k2"}}}`,
		"no event":                 `{}`,
		"null":                     `null`,
		"no object":                `[5]`,
		"a number":                 `5`,
	} {
		want := []Object{{Bucket: "b", Key: "k", Size: -1}}
		for _, body := range [][]byte{list(bad, good), list(good, bad), list(bad, removed, good, bad)} {
			m, err := Parse(body)
			require.NoError(t, err, name)
			assert.Equal(t, want, m.Objects, name)
			require.ErrorIs(t, m.Unread, ErrUnknown, name)
		}
		m, err := Parse(list(bad, removed))
		require.NoError(t, err, name)
		require.ErrorIs(t, m.Unread, ErrUnknown, name)
		assert.Equal(t, 1, m.Ignored)

		m, err = Parse(list(bad, bad))
		require.ErrorIs(t, err, ErrUnknown, name)
		assert.Zero(t, m, name)
	}
}

// An ETag that no header can have is not known: a request with it would never be sent.
func TestAnETagThatNoHeaderCanHaveIsLeftOut(t *testing.T) {
	for etag, want := range map[string]string{
		`\u0001`: "", `e\u0000`: "", `a\nb`: "", `a b`: "", `\u007f`: "", `é`: "", `a\"b`: "",
		`\"abc\"`: "abc", `W/\"abc\"`: "abc", `abc-2`: "abc-2",
	} {
		for _, body := range []string{
			`{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"k","eTag":"` + etag + `"}}}]}`,
			`{"source":"aws.s3","detail-type":"Object Created","detail":{"bucket":{"name":"b"},"object":{"key":"k","etag":"` + etag + `"}}}`,
		} {
			m, err := Parse([]byte(body))
			require.NoError(t, err, etag)
			assert.Equal(t, []Object{{Bucket: "b", Key: "k", Size: -1, ETag: want}}, m.Objects, etag)
		}
	}
}

func TestSizesBelowZeroAreUnknown(t *testing.T) {
	m, err := Parse([]byte(`{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"k","size":-5}}}]}`))
	require.NoError(t, err)
	assert.Equal(t, int64(-1), m.Objects[0].Size)
}

// The text of a message is somebody else's and stays out of errors, which go to
// the log.
func TestErrorsAreShortAndHoldNoText(t *testing.T) {
	_, err := Parse([]byte(`{"Records":"` + strings.Repeat("secret", 1000) + `"}`))
	require.ErrorIs(t, err, ErrUnknown)
	assert.NotContains(t, err.Error(), "secret")
	assert.Less(t, len(err.Error()), 200)
}

func FuzzParse(f *testing.F) {
	for name := range known {
		f.Add(sample(f, name))
	}
	for name := range others {
		f.Add(sample(f, name))
	}
	for _, combination := range combinations(2) {
		body, _, _ := wrapped(combination, string(sample(f, "s3-several")))
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := Parse(body)
		if err != nil {
			if !errors.Is(err, ErrUnknown) || strings.ContainsAny(err.Error(), "\r\n") || len(err.Error()) > 200 {
				t.Fatalf("error %q", err)
			}
			if m.Objects != nil || m.Ignored != 0 || m.Test || m.Empty || m.Unread != nil {
				t.Fatalf("%+v with an error", m)
			}
			return
		}
		if m.Unread != nil && (!errors.Is(m.Unread, ErrUnknown) || len(m.Unread.Error()) > 200) {
			t.Fatalf("unread %q", m.Unread)
		}
		if len(m.Objects) == 0 && m.Ignored == 0 && !m.Test && !m.Empty {
			t.Fatal("a message that tells nothing, without an error")
		}
		for _, o := range m.Objects {
			if o.Bucket == "" || o.Key == "" || o.Size < -1 || strings.ContainsFunc(o.ETag, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '"' }) {
				t.Fatalf("object %+v", o)
			}
		}
	})
}

// allocs bounds the allocations for a message with one object.
var allocs = map[string]float64{"s3-put": 25, "sns-s3-put": 33, "eventbridge": 22}

func TestAllocations(t *testing.T) {
	for name, most := range allocs {
		body := sample(t, name)
		got := testing.AllocsPerRun(100, func() { _, _ = Parse(body) })
		assert.LessOrEqual(t, got, most, name)
	}
}

// go test -run - -bench Parse -benchmem ./internal/notify
func BenchmarkParse(b *testing.B) {
	for name := range allocs {
		b.Run(name, func(b *testing.B) {
			body := sample(b, name)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if m, err := Parse(body); err != nil || len(m.Objects) != 1 {
					b.Fatal(m, err)
				}
			}
		})
	}
}
