package source

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRegionsOfAllPartitionsAreFolders(t *testing.T) {
	for _, region := range []string{
		"us-east-1", "ap-southeast-7", "mx-central-1", "cn-northwest-1", "us-gov-west-1", "us-iso-east-1", "us-isob-east-1",
		"eu-isoe-west-1", "us-isof-south-1", "eusc-de-east-1",
	} {
		assert.True(t, IsRegion(region), region)
		n, ok := ParseName("111122223333/" + region + "/bucket/2026/11/22/2026-11-22-00-00-00-BBBBBBBBBBBBBBBB")
		assert.True(t, ok)
		assert.Equal(t, region, n.Region)
	}
}
