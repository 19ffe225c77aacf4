package s3io

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	// bucketsPerPage is sent always: without it, S3 leaves out the Regions.
	bucketsPerPage = 1000
	// maxBuckets bounds the buckets of an account: AWS allows 1,000,000 general purpose
	// buckets by quota, 10,000 by default.
	maxBuckets = 100_000
)

// Buckets are the buckets of an account.
type Buckets struct {
	List []FoundBucket
	// Account is that of the credentials; "" when it is not known.
	Account string
	Date    time.Time // of the first answer, by the server's clock; zero when it has none
}

// FoundBucket is a bucket in a list.
type FoundBucket struct {
	Name   string
	Region string // as the list has it; "" when it has none
}

// listBuckets lists the buckets of the account of the client's credentials. Errors wrap
// those of packages source and s3io.
func (c *Client) listBuckets(ctx context.Context) (all Buckets, err error) {
	token := ""
	for {
		begin := time.Now()
		page, next, date, err := c.listBucketsPage(ctx, token)
		c.extraRequest("s3.list_buckets", begin, err)
		if err != nil {
			return Buckets{}, err
		}
		if token == "" {
			all.Date = date
		}
		all.List = append(all.List, page...)
		switch {
		case next == "":
			all.Account = c.access.account(ctx, c.atEndpoint)
			return all, nil
		case next == token || len(page) == 0 || len(all.List) > maxBuckets:
			return Buckets{}, c.explain(ctx, call{action: actionListBuckets}, notBuckets("it does not end"))
		}
		token = next
	}
}

const actionListBuckets = "s3:ListAllMyBuckets"

func (c *Client) listBucketsPage(ctx context.Context, token string) (page []FoundBucket, next string, date time.Time, err error) {
	read := false
	check := parsed(&read, func(body []byte) (err error) {
		page, next, err = readBuckets(body)
		return err
	})
	in := &s3.ListBucketsInput{MaxBuckets: aws.Int32(bucketsPerPage), ContinuationToken: optional(token)}
	var answer *s3.ListBucketsOutput
	err = c.inRegion("s3.list_buckets", "", func(set func(*s3.Options)) (err error) { // another server than AWS's may have one Region
		answer, err = c.api.ListBuckets(ctx, in, c.identify, set, check)
		return err
	})
	if err == nil && !read {
		err = errUnread
	}
	if err != nil {
		return nil, "", date, c.explain(ctx, call{action: actionListBuckets}, err)
	}
	date, _ = awsmiddleware.GetServerTime(answer.ResultMetadata)
	return page, next, date, nil
}

// bucketsBody is a list of buckets as servers write it.
type bucketsBody struct {
	Buckets *struct {
		Bucket []struct{ Name, BucketRegion string }
	}
	ContinuationToken string
}

// readBuckets parses the body of an answer. Anything but a complete list is an error: what
// is missing would count as deleted.
func readBuckets(body []byte) (page []FoundBucket, next string, err error) {
	var text bucketsBody
	switch wrong, err := decodeXML(body, "ListAllMyBucketsResult", &text); {
	case err != nil:
		return nil, "", err
	case wrong != "":
		return nil, "", notBuckets(wrong)
	}
	if text.Buckets == nil {
		return nil, "", notBuckets("Buckets is missing")
	}
	for _, b := range text.Buckets.Bucket {
		if b.Name == "" || !bucketPattern.MatchString(b.Name) || IsPattern(b.Name) {
			return nil, "", notBuckets("it has a name that no bucket can have")
		}
		page = append(page, FoundBucket{b.Name, b.BucketRegion})
	}
	return page, text.ContinuationToken, nil
}

func notBuckets(what string) error {
	return &bodyError{"the answer is not a list of buckets: " + what}
}
