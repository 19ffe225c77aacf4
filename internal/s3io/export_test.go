package s3io

// HintedRegion returns the Region that the next request for a bucket is made in; "" means
// that of the settings.
func HintedRegion(c *Clients, bucket string) string { return c.of(bucket).regions.get(bucket).name }
