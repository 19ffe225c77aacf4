package s3io

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/partition"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

var accessPoint = regexp.MustCompile(`^arn:([a-z0-9-]+):s3:([a-z0-9-]+):[0-9]{12}:accesspoint/[a-z0-9-]+$`)

// IsAccessPoint reports whether a text is the ARN of an access point of S3, which takes
// the place of a bucket's name in requests. One for many Regions is not.
func IsAccessPoint(text string) bool {
	parts := accessPoint.FindStringSubmatch(text)
	if parts == nil {
		return false
	}
	p := partition.Of(parts[2])
	return p != nil && p.ID == parts[1]
}

// ValidateBucketName returns what is wrong with a setting that names a bucket, as the
// rest of a sentence, and what to write. An empty name is not looked at.
func ValidateBucketName(name string) error {
	if strings.HasPrefix(name, "arn:") && strings.Contains(name, ":accesspoint/") {
		return fmt.Errorf("is %q, the ARN of an access point: write the name of its bucket", name)
	}
	if bucket, prefix, ok := place(name); ok {
		return fmt.Errorf("is %q: it must be a bucket's name; %s", name, writePlace(bucket, prefix))
	}
	if bucket, prefix, ok := strings.Cut(name, "/"); ok {
		return fmt.Errorf("is %q: it must be a bucket's name; %s", name, writePlace(bucket, prefix))
	}
	return nil
}

func writePlace(bucket, prefix string) string {
	if bucket == "" {
		return "write it without a slash"
	}
	if prefix == "" {
		return "write " + bucket
	}
	return fmt.Sprintf("write %s, and %s as the prefix", bucket, prefix)
}

// ValidatePrefix returns what is wrong with a setting that is a prefix, as the rest of a
// sentence, and what to write.
func ValidatePrefix(prefix string) error {
	before, _, pattern := strings.Cut(prefix, "*")
	bucket, rest, isPlace := place(prefix)
	switch {
	case isPlace:
		return fmt.Errorf("is %q: it must be a prefix in the bucket %s; write %q", prefix, bucket, rest)
	case strings.HasPrefix(prefix, "/"):
		return fmt.Errorf("is %q: keys in S3 do not begin with a slash; write %q", prefix, strings.TrimLeft(prefix, "/"))
	case pattern:
		return fmt.Errorf("is %q: it is no pattern; write %q, and key_pattern for the rest", prefix, before)
	}
	return nil
}

// ValidateAccount returns what is wrong with a setting that is the number of an account,
// as the rest of a sentence. It may be empty or AnyOwner.
func ValidateAccount(number string) error {
	if number == "" || number == AnyOwner || source.IsAccount(number) {
		return nil
	}
	return fmt.Errorf("is %q: it must be the number of an account, 12 digits in quotes", number)
}

// ValidateFolder returns what is wrong with a setting that is a folder of this machine,
// as the rest of a sentence: a place in S3 is none.
func ValidateFolder(path string) error {
	if bucket, prefix, ok := place(path); ok {
		return fmt.Errorf("is %q, which is in S3: instead of `directory` set `bucket::name` to %s and `bucket::prefix` to %q", path, bucket, prefix)
	}
	return nil
}

// place returns the bucket and the prefix of an s3:// URI or an ARN of S3, and whether a
// text is one.
func place(text string) (bucket, prefix string, ok bool) {
	rest, ok := strings.CutPrefix(text, "s3://")
	if !ok {
		parts := strings.SplitN(text, ":", 6) // arn:PARTITION:s3:REGION:ACCOUNT:BUCKET/PREFIX
		if len(parts) < 6 || parts[0] != "arn" || parts[2] != "s3" {
			return "", "", false
		}
		rest = parts[5]
	}
	bucket, prefix, _ = strings.Cut(rest, "/")
	return bucket, strings.TrimSuffix(prefix, "*"), true
}

// queueURL returns the URL of the queue that has an ARN, "" when a text is no such ARN.
func queueURL(text string) string {
	parts := strings.Split(text, ":") // arn:PARTITION:sqs:REGION:ACCOUNT:NAME
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "sqs" {
		return ""
	}
	p := partition.Of(parts[3])
	if p == nil || parts[4] == "" || parts[5] == "" {
		return ""
	}
	return "https://sqs." + parts[3] + "." + p.Suffixes[0] + "/" + parts[4] + "/" + parts[5]
}
