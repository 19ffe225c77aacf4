package s3io

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/partition"
)

// queueAddress is a parsed queue URL.
type queueAddress struct {
	endpoint      string // scheme and host
	host          string // in lower case, without a port
	region        string // "" when the host has none
	account, name string
}

// ValidateQueueURL returns what is wrong with a queue URL, as the rest of a sentence:
// "is not the address ...".
func ValidateQueueURL(text string) error {
	_, err := parseQueueURL(text)
	return err
}

// ValidateQueueRegion returns what is wrong with a queue URL for a setting of the
// region, "" if it is not set, as ValidateQueueURL does.
func ValidateQueueRegion(text, set string) error {
	at, _ := parseQueueURL(text) // what is wrong with it, ValidateQueueURL says
	return at.checkRegion(set)
}

// checkRegion reports, as the rest of a sentence, a host of AWS whose Region is neither
// known nor set: a guess would sign for another one.
func (at *queueAddress) checkRegion(set string) error {
	if set != "" || at.region != "" || !partition.HasHost(at.host) {
		return nil
	}
	return fmt.Errorf("has the host %s, in which no region is known: set aws.region to the queue's region, or correct the host", at.host)
}

// RegionOfQueue returns the region in a queue URL, or "".
func RegionOfQueue(text string) string {
	at, err := parseQueueURL(text)
	if err != nil {
		return ""
	}
	return at.region
}

func parseQueueURL(text string) (at queueAddress, err error) {
	u, err := url.Parse(text)
	if err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") {
		path := strings.Split(strings.Trim(u.Path, "/"), "/")
		at.name = path[len(path)-1]
		if len(path) > 1 {
			at.account = path[len(path)-2]
		}
	}
	if right := queueURL(text); right != "" {
		return at, errors.New("is the ARN of a queue: write " + right)
	}
	if at.name == "" {
		return at, errors.New("is not the address of a queue such as https://sqs.us-east-1.amazonaws.com/111122223333/access-logs")
	}
	if !withoutCredentials(u) {
		return at, errors.New("is an address with a user, a password or a query: credentials do not belong there, since it is shown and logged; " +
			"set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or aws.profile")
	}
	at.endpoint = u.Scheme + "://" + u.Host
	at.host = strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	at.region = queueRegion(at.host)
	return at, nil
}

// queueRegion returns the Region of a queue's host, in lower case: the label of which
// isQueueHost makes that host. It returns "" for hosts outside AWS and unknown Regions.
func queueRegion(host string) string {
	for label := range strings.SplitSeq(host, ".") {
		if p := partition.Of(label); p != nil && isQueueHost(host, label, p) {
			return label
		}
	}
	if host == legacyQueueHost {
		return partition.Of(defaultRegion).Implicit
	}
	return ""
}

// legacyQueueHost is the one host of SQS that names no Region.
const legacyQueueHost = "queue.amazonaws.com"

// isQueueHost reports whether SQS of a Region is, or was, served at a host:
//
//	sqs.REGION.SUFFIX, sqs-fips.REGION.SUFFIX
//	vpce-ID.sqs.REGION.vpce.SUFFIX
//	REGION.queue.SUFFIX
func isQueueHost(host, region string, p *partition.Partition) bool {
	for _, suffix := range p.Suffixes {
		if host == region+".queue."+suffix {
			return true
		}
		for _, service := range []string{"sqs.", "sqs-fips."} {
			if host == service+region+"."+suffix {
				return true
			}
			id, ok := strings.CutSuffix(host, "."+service+region+".vpce."+suffix)
			if ok && strings.HasPrefix(id, "vpce-") && !strings.Contains(id, ".") {
				return true
			}
		}
	}
	return false
}
