package s3io

// HintedRegion returns the Region that the next request for a bucket is made in; "" means
// that of the settings.
func HintedRegion(c *Clients, bucket string) string { return c.of(bucket).regions.get(bucket).name }

// KnowAccount sets the account that the n-th identity's credentials were of before.
func KnowAccount(c *Clients, n int, account string) { c.accounts[n] = account }
