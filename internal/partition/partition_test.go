package partition

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPartitionOfARegion(t *testing.T) {
	for region, want := range map[string]string{
		"us-east-1": "aws", "ap-southeast-7": "aws", "mx-central-1": "aws", "il-central-1": "aws", "eu-south-10": "aws",
		"cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov",
		"us-iso-west-1": "aws-iso", "us-isob-east-1": "aws-iso-b", "eu-isoe-west-1": "aws-iso-e", "us-isof-south-1": "aws-iso-f",
		"eusc-de-east-1": "aws-eusc",

		"": "", "us-east": "", "us-east-": "", "useast-1": "", "zz-north-1": "", "US-EAST-1": "",
		"us-east-1a": "", "us-east-1.evil.example": "", "us-east-1/x": "", "us-east-1\n": "", "x-us-east-1": "",
		"aws-global": "", "us-east-1-fips": "", "us-" + strings.Repeat("x", 60) + "-1": "",
	} {
		p := Of(region)
		if want == "" {
			assert.Nil(t, p, region)
		} else if assert.NotNil(t, p, region) {
			assert.Equal(t, want, p.ID, region)
		}
	}
}

// A Region is of one partition, or what its hosts are would depend on the table's order.
func TestPartitionsAreDisjoint(t *testing.T) {
	for _, p := range partitions {
		for _, other := range partitions {
			assert.Equal(t, p == other, other.regions.MatchString(p.Implicit), "%s %s", p.Implicit, other.ID)
		}
	}
}

func TestSame(t *testing.T) {
	assert.True(t, Same("us-east-1", "eu-west-1"))
	assert.False(t, Same("us-east-1", "us-gov-west-1"))
	assert.False(t, Same("unknown", "unknown"))
}

func TestHostsOfAWS(t *testing.T) {
	for host, want := range map[string]bool{
		"s3.us-east-1.amazonaws.com": true, "sqs.eusc-de-east-1.amazonaws.eu": true, "x.api.aws": true,
		"amazonaws.com": false, "evilamazonaws.com": false, "sqs.amazonaws.com.example.com": false, "localhost": false,
	} {
		assert.Equal(t, want, HasHost(host), host)
	}
}
