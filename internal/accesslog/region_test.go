package accesslog

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The names of newer partitions have other forms than us-east-1.
func TestRegionsOfAllPartitionsAreRead(t *testing.T) {
	for _, region := range []string{
		"us-east-1", "ap-southeast-7", "mx-central-1", "cn-northwest-1", "us-gov-west-1", "us-iso-east-1", "us-isob-east-1",
		"eu-isoe-west-1", "us-isof-south-1", "eusc-de-east-1",
	} {
		assert.True(t, isRegionName(region), region)
		for _, l := range []logged{signed(), anonymous(), plain()} {
			var r Record
			require.NoError(t, Parse(l.with(FieldSourceRegion, region).line(FieldSourceRegion), &r), region)
			assert.Equal(t, region, r.SourceRegion)
			assert.Zero(t, r.Unexpected, region)
		}
	}
}
