package source

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

const unique = "0123456789ABCDEF"

func TestParseName(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 30, 59, 0, time.UTC)
	midnight := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	simple := Name{Time: at}
	dated := Name{Time: at, Dated: true}
	part := Name{Time: midnight, Dated: true, AccountID: "111122223333", Region: "us-gov-west-1", Bucket: "my.source_Bucket"}
	const partKey = "111122223333/us-gov-west-1/my.source_Bucket/2026/11/22/2026-11-22-00-00-00-" + unique
	for key, want := range map[string]Name{
		"2026-11-22-10-30-59-" + unique:                                    simple,
		"access/2026-11-22-10-30-59-" + unique:                             simple,
		"access-2026-11-22-10-30-59-" + unique:                             simple,
		"a.b/c.d2026-11-22-10-30-59-" + unique:                             simple,
		"/data/logs/2026-11-22-10-30-59-" + unique:                         simple,
		"./2026-11-22-10-30-59-" + unique + ".gz":                          simple,
		"2026-11-22-10-30-59-" + unique + ".log.zst":                       simple,
		"2026-11-22-10-30-59-" + unique + ".":                              simple,
		"2025-01-01-00-00-00-2026-11-22-10-30-59-" + unique:                simple,
		"2025-01-01-00-00-00-" + unique + ".2026-11-22-10-30-59-" + unique: simple,

		partKey:                           part,
		partKey + ".gz":                   part,
		"access/" + partKey:               part,
		"access-" + partKey:               part, // the prefix ends in the middle of a segment
		"9" + partKey:                     part,
		"/var/logs/archive/" + partKey:    part,
		"x/2026/11/21/../" + partKey:      part,
		"a/b/111122223333/c/d/" + partKey: part,

		// Account and region may be any word.
		"production/us-gov-west-1/bucket/2026/11/22/2026-11-22-10-30-59-" + unique: {Time: at, Dated: true, Region: "us-gov-west-1", Bucket: "bucket"},
		"111122223333/frankfurt/bucket/2026/11/22/2026-11-22-10-30-59-" + unique:   {Time: at, Dated: true, AccountID: "111122223333", Bucket: "bucket"},
		"production/frankfurt/bucket/2026/11/22/2026-11-22-10-30-59-" + unique:     dated,

		// The unique part of other servers.
		"2026-11-22-10-30-59-01234567":                            simple,
		"2026-11-22-10-30-59-" + strings.ToLower(unique):          simple,
		"a/b-2026-11-22-10-30-59-" + strings.Repeat("aZ9", 21):    simple,
		"2026/11/22/2026-11-22-10-30-59-" + unique[1:] + ".gz":    dated,
		"2026-11-22-10-30-59-" + unique + "0.2026-11-22.parts.gz": simple,

		// Folders that are not a partition, or not the whole of one.
		"111122223333/us-gov-west-1/b/2026/11/22/2026-11-22-10-30-59-" + unique:        dated,
		"111122223333/us-gov-west-1/bucket/2026/11/2026-11-22-10-30-59-" + unique:      simple,
		"111122223333/us-gov-west-1/bucket/x/2026/11/22/2026-11-22-10-30-59-" + unique: dated,
		"us-gov-west-1/bucket/2026/11/22/2026-11-22-10-30-59-" + unique:                dated,
		"2026/11/22/2026-11-22-10-30-59-" + unique:                                     dated,
		"x2026/11/22/2026-11-22-10-30-59-" + unique:                                    simple,
		"111122223333/us-gov-west-1/bucket/2026/11/22/p2026-11-22-10-30-59-" + unique:  simple,
		"111122223333//bucket/2026/11/22/2026-11-22-10-30-59-" + unique:                dated,
	} {
		got, ok := ParseName(key)
		assert.True(t, ok, key)
		assert.Equal(t, want, got, key)
	}
}

func TestParseNameOfOtherKeys(t *testing.T) {
	for _, key := range []string{
		"", "/", ".", "access/", "README", "2026-11-22-10-30-59-", unique,
		"2026-11-22-10-30-59-" + unique + "/",
		"2026-11-22-10-30-59-" + unique + "/x",
		"2026-11-22-10-30-59-0123456",
		"2026-11-22-10-30-59-" + strings.Repeat("0", 65),
		"2026-11-22-10-30-59-" + unique + "-x",
		"2026-11-22-10-30-59-0123456_",
		"2026-11-22-10-30-59_" + unique,
		"2026-11-22T10:30:59-" + unique,
		"2026-11-22-10-3o-59-" + unique,
		"2026-13-22-10-30-59-" + unique,
		"2026-00-22-10-30-59-" + unique,
		"2026-02-29-10-30-59-" + unique,
		"2026-11-31-10-30-59-" + unique,
		"2026-11-00-10-30-59-" + unique,
		"2026-11-22-24-00-00-" + unique,
		"2026-11-22-10-60-00-" + unique,
		"2026-11-22-10-30-60-" + unique,
		"0000-11-22-10-30-59-" + unique,
		"111122223333/us-east-1/bucket/2026/11/22/part-0.parquet",
		"AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/22/111122223333_CloudTrail_us-east-1_20261122T0000Z_x.json.gz",
	} {
		got, ok := ParseName(key)
		assert.False(t, ok, key)
		assert.Equal(t, Name{}, got, key)
	}
}

func TestParseNameDoesNotAllocate(t *testing.T) {
	key := "access/111122223333/us-east-1/bucket/2026/11/22/2026-11-22-00-00-00-" + unique + ".gz"
	assert.Zero(t, testing.AllocsPerRun(100, func() { ParseName(key) }))
}

// What a name tells is found at its place in the key, whatever surrounds it.
func FuzzParseName(f *testing.F) {
	f.Add("access/", "2026-11-22-00-00-00-"+unique, ".gz")
	f.Add("p/111122223333/eu-west-1/bucket/2026/11/22/", "2026-11-22-00-00-00-"+unique, "")
	f.Add("2026-11-22-00-00-00-"+unique+".", "", "/")
	f.Fuzz(func(t *testing.T, prefix, name, suffix string) {
		key := prefix + name + suffix
		n, ok := ParseName(key)
		if !ok {
			if n != (Name{}) {
				t.Fatalf("%q: %+v without ok", key, n)
			}
			return
		}
		base := key[strings.LastIndexByte(key, '/')+1:]
		stamp := n.Time.Format(StampLayout) + "-"
		if !strings.Contains(base, stamp) {
			t.Fatalf("%q: no %s in %s", key, stamp, base)
		}
		if n.Bucket == "" {
			if n.Region != "" || n.AccountID != "" {
				t.Fatalf("%q: %+v has half a partition", key, n)
			}
			return
		}
		if n.Region == "" || n.AccountID == "" {
			if !n.Dated || n.Region+n.AccountID == "" {
				t.Fatalf("%q: %+v has nothing that tells of a partition", key, n)
			}
			return
		}
		folders := n.AccountID + "/" + n.Region + "/" + n.Bucket + "/"
		at := strings.LastIndex(key, folders)
		if at < 0 || len(key)-len(base)-at != len(folders)+dayLen+1 || !strings.HasPrefix(base, stamp) {
			t.Fatalf("%q: %s is not right before the day and the name", key, folders)
		}
	})
}

// go test -run=- -bench=ParseName ./internal/source
func BenchmarkParseName(b *testing.B) {
	key := "access/111122223333/us-east-1/bucket/2026/11/22/2026-11-22-00-00-00-" + unique
	b.SetBytes(int64(len(key)))
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := ParseName(key); !ok {
			b.Fatal(key)
		}
	}
}

func TestURI(t *testing.T) {
	assert.Equal(t, "s3://b/a/k", Object{Bucket: "b", Key: "a/k"}.URI())
	assert.Equal(t, "./logs/k", Object{Key: "./logs/k"}.URI())
}
