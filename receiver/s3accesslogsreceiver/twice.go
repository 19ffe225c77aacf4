package s3accesslogsreceiver

import (
	"fmt"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source/listing"
)

// warnOfTwice warns of the receivers in this process that read the same log objects as a
// new one. mu is held.
func (g *registry) warnOfTwice(k key, r *s3Receiver) {
	for other, s := range g.byKey {
		if other == k {
			continue
		}
		if where := r.cfg.sameAs(s.receiver.cfg); where != "" {
			r.log.Warn(fmt.Sprintf("%s and %s read the same log objects, so that their records come twice: %s; "+
				"leave one of them out, or give each a share by bucket.shard", k.id, other.id, where))
		}
	}
}

// sameAs returns a bucket and prefix that two configurations read both, "" when there is
// none. Queues give each message to one receiver.
func (c *Config) sameAs(other *Config) string {
	if !c.Bucket.HasValue() || !other.Bucket.HasValue() || c.AWS.Endpoint != other.AWS.Endpoint {
		return ""
	}
	a, b := c.Bucket.Get(), other.Bucket.Get()
	if max(a.Shard.Count, 1) == max(b.Shard.Count, 1) && a.Shard.Index != b.Shard.Index {
		return ""
	}
	for _, one := range a.Places() {
		for _, two := range b.Places() {
			same := s3io.Fits([]string{one.Bucket}, two.Bucket) || s3io.Fits([]string{two.Bucket}, one.Bucket)
			if same && listing.Overlap(one.Prefix, two.Prefix) {
				return "s3://" + one.Bucket + "/" + max(one.Prefix, two.Prefix)
			}
		}
	}
	return ""
}
