package s3io

import (
	"context"
	"io"
	"sync"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// Clients reads the buckets of several accounts and Regions: each with the first of
// Config.Roles whose patterns fit its name, others with Config.RoleARN or the
// credentials themselves, in the Region that S3 says it is in. Connections are shared. It
// is safe for concurrent use.
type Clients struct {
	own   *Client
	roles []identity

	mu       sync.RWMutex // guards everything below
	found    map[string]foundIn
	accounts map[int]string // of the identities, once each is known
}

// foundIn is where ListBuckets found a bucket.
type foundIn struct {
	client  *Client
	account string
}

// identity is one of the roles, or the collector itself.
type identity struct {
	client   *Client
	role     string   // its ARN; "" means the collector itself
	patterns []string // nil means any bucket
}

// NewClients prepares the clients, as New does.
func NewClients(ctx context.Context, cfg Config, deps Deps) (*Clients, error) {
	own, err := New(ctx, cfg, deps)
	if err != nil {
		return nil, err
	}
	c := &Clients{own: own, found: map[string]foundIn{}, accounts: map[int]string{}}
	for i := range cfg.Roles {
		r := &cfg.Roles[i]
		c.roles = append(c.roles, identity{client: own.as(r, deps.ExpectedBucketOwner), role: r.RoleARN, patterns: r.Buckets})
	}
	return c, nil
}

// Close closes the connections that no request uses. Streams stay usable.
func (c *Clients) Close() { c.own.Close() }

// of returns the client for a bucket.
func (c *Clients) of(bucket string) *Client {
	c.mu.RLock()
	in, found := c.found[bucket]
	c.mu.RUnlock()
	if found {
		return in.client
	}
	for i := range c.roles {
		if c.roles[i].mayRead(bucket) {
			return c.roles[i].client
		}
	}
	return c.own
}

// List lists one page, see Client.List.
func (c *Clients) List(ctx context.Context, in ListInput) (Page, error) {
	return c.of(in.Bucket).List(ctx, in)
}

// Open opens an object, see Client.Open.
func (c *Clients) Open(ctx context.Context, o source.Object, offset int64) (io.ReadCloser, error) {
	return c.of(o.Bucket).Open(ctx, o, offset)
}

// Hint tells the Region of a bucket, see Client.Hint.
func (c *Clients) Hint(bucket, region string) { c.of(bucket).Hint(bucket, region) }

// Place returns the account of a bucket that ListBuckets returned, and the Region in
// which S3 served it; each is "" when it is not known.
func (c *Clients) Place(bucket string) (account, region string) {
	c.mu.RLock()
	account = c.found[bucket].account
	c.mu.RUnlock()
	return account, c.of(bucket).region(bucket)
}

// Identities returns the ARNs of the roles in their order, then "" for the collector
// itself: each can list the buckets of its account.
func (c *Clients) Identities() []string {
	names := make([]string, 0, len(c.roles)+1)
	for _, r := range c.roles {
		names = append(names, r.role)
	}
	return append(names, "")
}

func (c *Clients) identity(n int) identity {
	if n == len(c.roles) {
		return identity{client: c.own}
	}
	return c.roles[n]
}

func (i *identity) mayRead(bucket string) bool { return i.patterns == nil || Fits(i.patterns, bucket) }

// Buckets lists the buckets of the account of the n-th identity that it may read.
func (c *Clients) Buckets(ctx context.Context, n int) (Buckets, error) {
	i := c.identity(n)
	all, err := i.client.listBuckets(ctx)
	if err != nil {
		return Buckets{}, err
	}
	mine := all.List[:0]
	for _, b := range all.List {
		if i.mayRead(b.Name) {
			mine = append(mine, b)
		}
	}
	all.List = mine
	c.mu.Lock()
	defer c.mu.Unlock()
	if all.Account == "" { // STS may not answer for once
		all.Account = c.accounts[n]
	}
	c.accounts[n] = all.Account
	return all, nil
}

// Use makes a bucket that the n-th identity listed be read by it. account is that of the
// list, and the expected owner unless another one is set.
func (c *Clients) Use(n int, b FoundBucket, account string) {
	i := c.identity(n)
	client := i.client
	if i.role == "" && client.owner == nil && account != "" {
		copied := *client
		copied.owner = &account
		client = &copied
	}
	c.note(b, client, account)
}

// Locate notes where a bucket is that an identity listed, and that is read by its name.
func (c *Clients) Locate(_ int, b FoundBucket, account string) {
	c.note(b, c.of(b.Name), account)
}

func (c *Clients) note(b FoundBucket, client *Client, account string) {
	c.mu.Lock()
	c.found[b.Name] = foundIn{client, account}
	c.mu.Unlock()
	client.Hint(b.Name, b.Region)
}
