// Package partition has the partitions of AWS: sets of Regions that share host names and
// accounts. A Region that is in none of them is not known; it may exist, but its hosts
// cannot be derived.
package partition

import (
	"regexp"
	"strings"
)

// Partition is a row of the table. It must not be changed.
type Partition struct {
	ID string // as in ARNs: aws, aws-cn
	// Suffixes are what the host names of its services end in, the dual-stack one last.
	Suffixes []string
	// Implicit is the Region of hosts that name none.
	Implicit string

	regions *regexp.Regexp
}

// partitions are disjoint. aws and aws-us-gov share their suffixes.
var partitions = []*Partition{
	row("aws", `(us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-[0-9]+`, "us-east-1", "amazonaws.com", "api.aws"),
	row("aws-cn", `cn-[a-z]+-[0-9]+`, "cn-northwest-1", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
	row("aws-us-gov", `us-gov-[a-z]+-[0-9]+`, "us-gov-west-1", "amazonaws.com", "api.aws"),
	row("aws-iso", `us-iso-[a-z]+-[0-9]+`, "us-iso-east-1", "c2s.ic.gov", "api.aws.ic.gov"),
	row("aws-iso-b", `us-isob-[a-z]+-[0-9]+`, "us-isob-east-1", "sc2s.sgov.gov", "api.aws.scloud"),
	row("aws-iso-e", `eu-isoe-[a-z]+-[0-9]+`, "eu-isoe-west-1", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
	row("aws-iso-f", `us-isof-[a-z]+-[0-9]+`, "us-isof-south-1", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
	row("aws-eusc", `eusc-de-[a-z]+-[0-9]+`, "eusc-de-east-1", "amazonaws.eu", "api.amazonwebservices.eu"),
}

func row(id, regions, implicit string, suffixes ...string) *Partition {
	return &Partition{ID: id, Suffixes: suffixes, Implicit: implicit, regions: regexp.MustCompile("^(?:" + regions + ")$")}
}

// Of returns the partition of a Region, nil when the Region is not known.
func Of(region string) *Partition {
	if len(region) > maxRegion {
		return nil
	}
	for _, p := range partitions {
		if p.regions.MatchString(region) {
			return p
		}
	}
	return nil
}

// maxRegion is the length of a label in a host name.
const maxRegion = 63

// Same reports whether two Regions are known and of one partition.
func Same(a, b string) bool {
	p := Of(a)
	return p != nil && p == Of(b)
}

// HasHost reports whether a host, in lower case, is below a suffix of AWS.
func HasHost(host string) bool {
	for _, p := range partitions {
		for _, suffix := range p.Suffixes {
			if strings.HasSuffix(host, "."+suffix) {
				return true
			}
		}
	}
	return false
}
