package s3io

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhatNamesNoBucketSaysWhatToWrite(t *testing.T) {
	for name, want := range map[string]string{
		"s3://my-logs":                  `is "s3://my-logs": it must be a bucket's name; write my-logs`,
		"s3://my-logs/":                 `is "s3://my-logs/": it must be a bucket's name; write my-logs`,
		"s3://my-logs/access/":          `is "s3://my-logs/access/": it must be a bucket's name; write my-logs, and access/ as the prefix`,
		"arn:aws:s3:::my-logs":          `is "arn:aws:s3:::my-logs": it must be a bucket's name; write my-logs`,
		"arn:aws-cn:s3:::my-logs/*":     `is "arn:aws-cn:s3:::my-logs/*": it must be a bucket's name; write my-logs`,
		"arn:aws:s3:::my-logs/access/*": `is "arn:aws:s3:::my-logs/access/*": it must be a bucket's name; write my-logs, and access/ as the prefix`,
		"my-logs/access":                `is "my-logs/access": it must be a bucket's name; write my-logs, and access as the prefix`,
		"/":                             `is "/": it must be a bucket's name; write it without a slash`,
		"arn:aws:s3:us-east-1:111122223333:accesspoint/mine": `is "arn:aws:s3:us-east-1:111122223333:accesspoint/mine", ` +
			"the ARN of an access point: write the name of its bucket",
		"arn:aws:s3-object-lambda:us-east-1:111122223333:accesspoint/mine": `is "arn:aws:s3-object-lambda:us-east-1:111122223333:accesspoint/mine", ` +
			"the ARN of an access point: write the name of its bucket",
	} {
		require.EqualError(t, ValidateBucketName(name), want)
	}
	for _, right := range []string{"", "my-logs", "a.b.c", "123", "mine-1a2b3c-s3alias", "arn"} {
		assert.NoError(t, ValidateBucketName(right), right)
	}
}

func TestAnAccessPointIsOfOneKnownRegion(t *testing.T) {
	for arn, want := range map[string]bool{
		"arn:aws:s3:us-east-1:111122223333:accesspoint/mine":               true,
		"arn:aws-cn:s3:cn-north-1:111122223333:accesspoint/mine":           true,
		"arn:aws:s3:cn-north-1:111122223333:accesspoint/mine":              false,
		"arn:aws:s3:zz-north-1:111122223333:accesspoint/mine":              false,
		"arn:aws:s3::111122223333:accesspoint/mine.mrap":                   false,
		"arn:aws:s3:us-east-1:1111:accesspoint/mine":                       false,
		"arn:aws:s3:us-east-1:111122223333:accesspoint/mine/object/a":      false,
		"arn:aws:s3-object-lambda:us-east-1:111122223333:accesspoint/mine": false,
		"arn:aws:s3:::mine": false, "mine": false, "": false,
	} {
		assert.Equal(t, want, IsAccessPoint(arn), arn)
	}
}

func TestWhatIsNoPrefixSaysWhatToWrite(t *testing.T) {
	for prefix, want := range map[string]string{
		"/":                    `is "/": keys in S3 do not begin with a slash; write ""`,
		"/access/":             `is "/access/": keys in S3 do not begin with a slash; write "access/"`,
		"access/*":             `is "access/*": it is no pattern; write "access/", and key_pattern for the rest`,
		"logs/*/access":        `is "logs/*/access": it is no pattern; write "logs/", and key_pattern for the rest`,
		"s3://my-logs/access/": `is "s3://my-logs/access/": it must be a prefix in the bucket my-logs; write "access/"`,
		"arn:aws:s3:::b/p/*":   `is "arn:aws:s3:::b/p/*": it must be a prefix in the bucket b; write "p/"`,
	} {
		require.EqualError(t, ValidatePrefix(prefix), want)
	}
	for _, right := range []string{"", "access/", "access", "a//b", "a?b", "AWSLogs/111122223333/"} {
		assert.NoError(t, ValidatePrefix(right), right)
	}
}

func TestAnAccountHasTwelveDigits(t *testing.T) {
	for _, wrong := range []string{"1", "1111-2222-3333", "11112222333", "1111222233334", "11112222333a"} {
		assert.ErrorContains(t, ValidateAccount(wrong), "12 digits in quotes", wrong)
	}
	assert.NoError(t, ValidateAccount(""))
	assert.NoError(t, ValidateAccount("012345678901"))
}

func TestAFolderIsNotInS3(t *testing.T) {
	require.EqualError(t, ValidateFolder("s3://b/p/"), "is \"s3://b/p/\", which is in S3: instead of `directory` set `bucket::name` to b and `bucket::prefix` to \"p/\"")
	assert.NoError(t, ValidateFolder("/var/log/s3"))
	assert.NoError(t, ValidateFolder(`C:\logs`))
}

func TestTheARNOfAQueueSaysWhatToWrite(t *testing.T) {
	for arn, want := range map[string]string{
		"arn:aws:sqs:us-east-1:111122223333:access-logs":   "https://sqs.us-east-1.amazonaws.com/111122223333/access-logs",
		"arn:aws-cn:sqs:cn-north-1:111122223333:logs.fifo": "https://sqs.cn-north-1.amazonaws.com.cn/111122223333/logs.fifo",
		"arn:aws-us-gov:sqs:us-gov-west-1:111122223333:a":  "https://sqs.us-gov-west-1.amazonaws.com/111122223333/a",
		"arn:aws-eusc:sqs:eusc-de-east-1:111122223333:a":   "https://sqs.eusc-de-east-1.amazonaws.eu/111122223333/a",
	} {
		err := ValidateQueueURL(arn)
		require.EqualError(t, err, "is the ARN of a queue: write "+want)
		require.NoError(t, ValidateQueueURL(want))
		require.NoError(t, ValidateQueueRegion(want, ""))
	}
	for _, none := range []string{"arn:aws:sns:us-east-1:111122223333:a", "arn:aws:sqs:zz-north-1:111122223333:a", "arn:aws:sqs:us-east-1::a", "arn:aws:sqs", "access-logs"} {
		assert.ErrorContains(t, ValidateQueueURL(none), "is not the address of a queue", none)
	}
}

// The last words of a message are what to do.
func TestADeniedRequestSaysLastWhatToAllow(t *testing.T) {
	client, err := New(t.Context(), Config{Region: "us-east-1"}, Deps{ExpectedBucketOwner: "111122223333"})
	require.NoError(t, err)
	defer client.Close()
	assert.True(t, strings.HasSuffix(client.permissionHint(call{action: actionGet, bucket: "b"}),
		"; allow s3:GetObject on arn:aws:s3:::b/*, and kms:Decrypt where a KMS key encrypts it"))
	assert.True(t, strings.HasPrefix(client.permissionHint(call{action: "s3:ListBucket", bucket: "b"}), "expected_bucket_owner is 111122223333, "))
}
