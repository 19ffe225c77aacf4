package s3io

import (
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/partition"
)

// maxRegions bounds the buckets whose Region is kept: messages may name any.
const maxRegions = 20_000

// regions holds the Regions of buckets. It is safe for concurrent use.
type regions struct {
	mu sync.Mutex // guards everything below
	of map[string]bucketRegion
}

type bucketRegion struct {
	name string // "" means that of the settings
	// answered means that S3 served the bucket there.
	answered bool
}

func newRegions() *regions { return &regions{of: map[string]bucketRegion{}} }

func (r *regions) get(bucket string) bucketRegion {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.of[bucket]
}

func (r *regions) set(bucket string, is bucketRegion) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.of[bucket]; !known && len(r.of) >= maxRegions {
		for other := range r.of {
			delete(r.of, other)
			break
		}
	}
	r.of[bucket] = is
}

// Hint tells the Region of a bucket as a list of buckets or a notification has it. What
// S3 answered before holds; a Region of another partition, or an unknown one, is not
// used.
func (c *Client) Hint(bucket, region string) {
	if is := c.regions.get(bucket); is.name == region || is.answered || !c.isRegion(region) {
		return
	}
	c.regions.set(bucket, bucketRegion{name: region})
}

// region returns the Region of a bucket, once S3 served it there; "" while that is not
// known, and at aws.endpoint.
func (c *Client) region(bucket string) string {
	is := c.regions.get(bucket)
	switch {
	case !is.answered || c.atEndpoint || strings.HasPrefix(bucket, "arn:"):
		return ""
	case is.name == "":
		is.name = c.access.region()
	}
	if partition.Of(is.name) == nil {
		return "" // a pseudo Region such as fips-us-east-1
	}
	return is.name
}

// inRegion makes a call in the Region of a bucket: once more, if the answer names
// another one that may be used. api is the call's name for Deps.ExtraRequest.
func (c *Client) inRegion(api, bucket string, do func(set func(*s3.Options)) error) error {
	is := c.regions.get(bucket)
	begin := time.Now()
	err := do(c.setRegion(is.name))
	if other := c.otherRegion(err, is.name); other != "" {
		c.extraRequest(api, begin, ErrWrongRegion)
		is = bucketRegion{name: other}
		c.regions.set(bucket, is)
		err = do(c.setRegion(other))
	}
	if err == nil && !is.answered {
		is.answered = true
		c.regions.set(bucket, is)
	}
	return err
}

func (c *Client) setRegion(region string) func(*s3.Options) {
	return func(o *s3.Options) {
		if region != "" {
			o.Region = region
		}
	}
}

// otherRegion returns the Region that an error says the bucket is in, if that may be used
// and is not the one that was asked in.
func (c *Client) otherRegion(err error, asked string) string {
	if err == nil {
		return ""
	}
	a, ok := readAnswer(err)
	if !ok || a.region == "" || !c.isRegion(a.region) {
		return ""
	}
	if asked == "" {
		asked = c.access.region()
	}
	kinds, _ := c.judge(call{}, a)
	if _, redirected := redirection(err); asked == a.region || !redirected && !errors.Is(errors.Join(kinds...), ErrWrongRegion) {
		return ""
	}
	return a.region
}
