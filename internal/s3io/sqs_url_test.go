package s3io

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRegionOfAQueue(t *testing.T) {
	for host, want := range map[string]string{
		"sqs.eu-west-1.amazonaws.com":                                             "eu-west-1",
		"sqs.cn-north-1.amazonaws.com.cn":                                         "cn-north-1",
		"sqs.us-west-2.api.aws":                                                   "us-west-2",
		"sqs-fips.us-gov-west-1.amazonaws.com":                                    "us-gov-west-1",
		"vpce-0a1b-2c3d.sqs.ap-southeast-2.vpce.amazonaws.com":                    "ap-southeast-2",
		"eu-central-1.queue.amazonaws.com":                                        "eu-central-1",
		"queue.amazonaws.com":                                                     "us-east-1",
		"cn-north-1.queue.amazonaws.com.cn":                                       "cn-north-1",
		"vpce-0a1b-2c3d-us-gov-west-1a.sqs-fips.us-gov-west-1.vpce.amazonaws.com": "us-gov-west-1",
		"vpce-0a1b-2c3d.sqs.eusc-de-east-1.vpce.amazonaws.eu":                     "eusc-de-east-1",
		// A region of one partition is none in another one's hosts, and unknown ones are none.
		"sqs.eusc-de-east-1.amazonaws.com":          "",
		"sqs.cn-north-1.amazonaws.com":              "",
		"sqs.us-east-1.amazonaws.com.cn":            "",
		"sqs.zz-north-1.amazonaws.com":              "",
		"sqs.us-east-1.evil.amazonaws.com":          "",
		"x.sqs.us-east-1.vpce.amazonaws.com":        "",
		"vpce-1.x.sqs.us-east-1.vpce.amazonaws.com": "",
		"s3.us-east-1.amazonaws.com":                "",
		"sqs.us-east-1.amazonaws.com.example.com":   "",
		"sqs.eu-west-1.example.com":                 "",
		"127.0.0.1":                                 "",
		"localhost":                                 "",
	} {
		assert.Equal(t, want, queueRegion(host), host)
	}
}

// The region of the settings wins over that of the address, and the endpoint of
// S3 is not that of SQS.
func TestRegionAndEndpointOfAQueue(t *testing.T) {
	t.Setenv("AWS_REGION", "ap-south-1")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	url := "https://sqs.eu-west-1.amazonaws.com/111122223333/q"
	for region, want := range map[string]string{"": "eu-west-1", "us-east-2": "us-east-2"} {
		q, err := NewQueue(context.Background(), url, Config{Region: region, Endpoint: "https://s3.example.com"})
		require.NoError(t, err)
		assert.Equal(t, want, q.api.Options().Region)
		assert.Equal(t, "https://sqs.eu-west-1.amazonaws.com", *q.api.Options().BaseEndpoint)
		assert.Equal(t, "arn:aws:sqs:"+want+":111122223333:q", q.arn)
		if want != "eu-west-1" {
			assert.Equal(t, "set aws.region to eu-west-1, the region in queue.url, or leave it out (now us-east-2)", q.regionHint())
		}
	}
	q, err := NewQueue(context.Background(), "http://localhost:9324/000000000000/q", Config{})
	require.NoError(t, err)
	assert.Equal(t, "ap-south-1", q.api.Options().Region, "of the SDK's chain")
}

// A bucket whose events go to a queue is in the queue's region, unless something
// names another.
func TestDefaultRegion(t *testing.T) {
	t.Setenv("AWS_CONFIG_FILE", t.TempDir()+"/none")
	t.Setenv("AWS_REGION", "")
	region := RegionOfQueue("https://sqs.eu-west-1.amazonaws.com/111122223333/q")
	a, err := newAccess(t.Context(), &Config{}, &Deps{DefaultRegion: region})
	require.NoError(t, err)
	assert.Equal(t, "eu-west-1", a.region())
	a, err = newAccess(t.Context(), &Config{Region: "us-east-2"}, &Deps{DefaultRegion: region})
	require.NoError(t, err)
	assert.Equal(t, "us-east-2", a.region())
	a, err = newAccess(t.Context(), &Config{}, &Deps{DefaultRegion: RegionOfQueue("http://127.0.0.1/q")})
	require.NoError(t, err)
	assert.Equal(t, "us-east-1", a.region())
}

// A host of AWS whose region is not known would be signed for a guess.
func TestUnknownRegionOfAQueueHasToBeSet(t *testing.T) {
	t.Setenv("AWS_REGION", "us-east-1")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	for host, unknown := range map[string]bool{
		"sqs.zz-north-1.amazonaws.com":    true,
		"sqs.eusc-fr-east-1.amazonaws.eu": true,
		"my-queues.c2s.ic.gov":            true,
		"sqs.us-east-1.amazonaws.com":     false,
		"SQS.EU-west-1.amazonaws.com.":    false,
		"sqs.example.com":                 false,
		"localhost:9324":                  false,
	} {
		text := "https://" + host + "/111122223333/q"
		_, err := NewQueue(t.Context(), text, Config{})
		if unknown {
			require.ErrorContains(t, err, "set aws.region to the queue's region", host)
			require.Error(t, ValidateQueueRegion(text, ""), host)
		} else {
			require.NoError(t, err, host)
			require.NoError(t, ValidateQueueRegion(text, ""), host)
		}
		q, err := NewQueue(t.Context(), text, Config{Region: "zz-north-1"})
		require.NoError(t, err, host)
		assert.Equal(t, "zz-north-1", q.api.Options().Region, "what is set is used")
	}
}
