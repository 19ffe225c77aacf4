package s3io

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/partition"
)

// regionsOfSDK are Regions of each partition of the SDK.
var regionsOfSDK = map[string][]string{
	"aws":        {"us-east-1", "eu-central-2", "ap-southeast-7", "sa-east-1", "ca-west-1", "me-south-1", "af-south-1", "il-central-1", "mx-central-1"},
	"aws-cn":     {"cn-north-1", "cn-northwest-1"},
	"aws-us-gov": {"us-gov-west-1", "us-gov-east-1"},
	"aws-iso":    {"us-iso-east-1", "us-iso-west-1"},
	"aws-iso-b":  {"us-isob-east-1"},
	"aws-iso-e":  {"eu-isoe-west-1"},
	"aws-iso-f":  {"us-isof-south-1", "us-isof-east-1"},
	"aws-eusc":   {"eusc-de-east-1"},
}

// hostsOfSDK returns the hosts that the SDK resolves for a Region: of SQS, and of S3, ""
// where the partition has no such host.
func hostsOfSDK(t *testing.T, region string, fips, dualStack bool) (queue, bucket string) {
	t.Helper()
	host := func(uri url.URL, err error) string {
		require.NoError(t, err)
		return uri.Hostname()
	}
	q, err := sqs.NewDefaultEndpointResolverV2().ResolveEndpoint(t.Context(),
		sqs.EndpointParameters{Region: &region, UseFIPS: &fips, UseDualStack: &dualStack})
	queue = host(q.URI, err)
	b, err := s3.NewDefaultEndpointResolverV2().ResolveEndpoint(t.Context(),
		s3.EndpointParameters{Region: &region, UseFIPS: &fips, UseDualStack: &dualStack, Bucket: aws.String("logs")})
	if fips && err != nil && strings.HasPrefix(region, "cn-") {
		require.ErrorContains(t, err, "Partition does not support FIPS")
		return queue, ""
	}
	return queue, host(b.URI, err)
}

// The table of partitions has each Region of the SDK, and each host that the SDK resolves
// for it is below one of the partition's suffixes and tells the Region.
func TestPartitionsAreThoseOfTheSDK(t *testing.T) {
	for id, regions := range regionsOfSDK {
		for _, region := range regions {
			p := partition.Of(region)
			require.NotNil(t, p, region)
			assert.Equal(t, id, p.ID, region)
			_, err := s3.NewDefaultEndpointResolverV2().ResolveEndpoint(t.Context(), s3.EndpointParameters{
				Region: &region, Bucket: aws.String("arn:" + p.ID + ":s3:" + region + ":111122223333:accesspoint:logs"),
			})
			require.NoError(t, err, "the SDK compares the partition of the ARN with the Region's")

			used := map[string]bool{}
			for _, fips := range []bool{false, true} {
				for _, dualStack := range []bool{false, true} {
					queue, bucket := hostsOfSDK(t, region, fips, dualStack)
					assert.Equal(t, region, queueRegion(queue), queue)
					_, suffix, _ := strings.Cut(queue, region+".")
					assert.Contains(t, p.Suffixes, suffix, queue)
					assert.True(t, bucket == "" || partition.HasHost(bucket), bucket)
					used[suffix] = true
				}
			}
			assert.Len(t, used, len(p.Suffixes), "%s: a suffix that the SDK does not use", region)
		}
	}
}

// What a message or an answer calls a region is used only if it can be one.
func TestRegionOfAnAnswerIsUsedOnlyWhenItIsKnown(t *testing.T) {
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	for _, c := range []struct {
		region, endpoint, told string
		used                   bool
	}{
		{"us-east-1", "", "eu-west-1", true},
		{"us-east-1", "", "mx-central-1", true},
		{"cn-north-1", "", "cn-northwest-1", true},
		{"eusc-de-east-1", "", "eusc-de-east-2", true},
		{"us-east-1", "", "us-gov-west-1", false}, // another partition
		{"us-gov-west-1", "", "us-east-1", false},
		{"us-east-1", "", "fr-par", false},
		{"us-east-1", "", "evil.example.com/x", false},
		{"us-east-1", "", "", false},
		{"us-east-1", "https://s3.fr-par.example.com", "fr-par", true}, // names of its own
		{"us-east-1", "https://s3.fr-par.example.com", "evil.example.com/x", false},
		{"us-east-1", "https://s3.fr-par.example.com", strings.Repeat("x", 64), false},
	} {
		client, err := New(context.Background(), Config{Region: c.region, Endpoint: c.endpoint}, Deps{})
		require.NoError(t, err)
		want := "set aws.region to the bucket's region (now " + c.region + ")"
		if c.used {
			want = "set aws.region to " + c.told + " (now " + c.region + ")"
		}
		assert.Equal(t, want, client.regionHint(answer{region: c.told}))
	}
}

func TestPartitionInHints(t *testing.T) {
	for region, want := range map[string]string{
		"us-east-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov", "us-isob-east-1": "aws-iso-b",
		"eusc-de-east-1": "aws-eusc", "us-gov-west-1-fips": "aws-us-gov", "fips-us-gov-east-1": "aws-us-gov", "garage": "aws",
	} {
		client, err := New(context.Background(), Config{Region: region}, Deps{})
		require.NoError(t, err)
		assert.Contains(t, client.permissionHint(call{action: actionGet, bucket: "b"}), "arn:"+want+":s3:::b", region)
	}
}
