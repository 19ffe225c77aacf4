package e2e

import (
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// serveSTS answers AssumeRole and GetCallerIdentity.
func (c *cloud) serveSTS(x *cloudCall) {
	_ = x.r.ParseForm() // what it does not take is missing
	action, arn := x.r.PostForm.Get("Action"), x.r.PostForm.Get("RoleArn")
	c.mu.Lock()
	c.calls[action]++
	role := c.roles[arn]
	denied := role == nil || role.denied || x.account != "" || role.externalID != x.r.PostForm.Get("ExternalId")
	account := x.account
	if account == "" {
		account = c.own
	}
	c.mu.Unlock()
	switch {
	case action == "GetCallerIdentity":
		x.say(http.StatusOK, `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>`+
			`<Arn>arn:aws:iam::%s:user/collector</Arn><UserId>AIDA</UserId><Account>%s</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`, account, account)
	case action != "AssumeRole":
		c.problem("action %q of STS", action)
		x.say(http.StatusBadRequest, stsError, "InvalidAction", "Could not find operation "+html.EscapeString(action))
	case denied:
		x.say(http.StatusForbidden, stsError, "AccessDenied",
			"User: arn:aws:iam::"+account+":user/collector is not authorized to perform: sts:AssumeRole on resource: "+html.EscapeString(arn))
	default:
		key := "ASIA" + role.account
		x.say(http.StatusOK, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>`+
			`<AssumedRoleUser><AssumedRoleId>AROA:otelcol-s3audit</AssumedRoleId><Arn>arn:aws:sts::%s:assumed-role/s3-audit-reader/otelcol-s3audit</Arn></AssumedRoleUser>`+
			`<Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey><SessionToken>token of %s</SessionToken><Expiration>%s</Expiration></Credentials>`+
			`</AssumeRoleResult></AssumeRoleResponse>`,
			role.account, key, secretOf(key), role.account, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	}
}

const stsError = `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>` +
	`<Code>%s</Code><Message>%s</Message></Error><RequestId>00000000-0000-0000-0000-000000000000</RequestId></ErrorResponse>`

func (x *cloudCall) say(status int, format string, args ...any) {
	x.w.Header().Set("Content-Type", "text/xml")
	x.w.WriteHeader(status)
	_, _ = fmt.Fprintf(x.w, format, args...)
}

// listBuckets lists the buckets of the account, a few at a time. Without max-buckets it
// tells no Regions, as S3 does.
func (c *cloud) listBuckets(x *cloudCall) {
	query := x.r.URL.Query()
	if x.r.Method != http.MethodGet || x.r.URL.Path != "/" {
		c.problem("%s %s%s", x.r.Method, x.r.Host, x.r.URL.Path)
		x.refuse(http.StatusNotImplemented, "NotImplemented", "", "")
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls["ListBuckets"]++
	account := x.account
	if account == "" {
		account = c.own
	}
	var page strings.Builder
	n, token := 0, ""
	for _, name := range slices.Sorted(maps.Keys(c.buckets)) {
		b := c.buckets[name]
		if b.account != account || name <= query.Get("continuation-token") {
			continue
		}
		if n++; n > bucketsMax {
			token = "<ContinuationToken>" + token + "</ContinuationToken>"
			break
		}
		token = name // of the last one
		region := ""
		if query.Has("max-buckets") {
			region = "<BucketRegion>" + b.region + "</BucketRegion>"
		}
		fmt.Fprintf(&page, `<Bucket><Name>%s</Name><CreationDate>2026-01-01T00:00:00.000Z</CreationDate>%s</Bucket>`, name, region)
	}
	if n <= bucketsMax {
		token = ""
	}
	x.w.Header().Set("Content-Type", "application/xml")
	_, _ = io.WriteString(x.w, `<?xml version="1.0" encoding="UTF-8"?><ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`+
		`<Owner><ID>`+account+`</ID></Owner><Buckets>`+page.String()+`</Buckets>`+token+`</ListAllMyBucketsResult>`)
}

// serveBucket answers a request for a bucket or an object.
func (c *cloud) serveBucket(x *cloudCall, bucket string) {
	kind := "GET"
	switch {
	case x.r.Method == http.MethodHead:
		kind = "HEAD"
	case x.r.URL.Query().Has("list-type"):
		kind = "LIST"
	}
	owner := x.r.Header.Get("X-Amz-Expected-Bucket-Owner")
	c.mu.Lock()
	b := c.buckets[bucket]
	c.mu.Unlock()
	account := x.account
	if account == "" {
		account = c.own
	}
	switch {
	case b == nil:
		c.count("none")
		x.refuse(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist", "")
		return
	case b.unread, b.account != account, owner != b.account && (owner != "" || !b.ownerless):
		c.problem("%s of %s, which is of %s, by %s, with the owner %q", kind, bucket, b.account, account, owner)
		x.refuse(http.StatusForbidden, "AccessDenied", "Access Denied", "")
		return
	case b.region != x.region && x.region == "us-east-1":
		c.count("malformed")
		c.malformed(x, x.region, b.region)
		return
	case b.region != x.region:
		c.count("redirected")
		x.refuse(http.StatusMovedPermanently, "PermanentRedirect", "The bucket you are attempting to access must be addressed using the specified endpoint.",
			"<Endpoint>"+bucket+".s3."+b.region+".amazonaws.com</Endpoint><Bucket>"+bucket+"</Bucket>", "X-Amz-Bucket-Region", b.region)
		return
	}
	c.serveReadable(x, kind, bucket, b)
}

func (c *cloud) count(kind string) { c.set(func(c *cloud) { c.calls[kind]++ }) }

// serveReadable answers a request that is right, unless the bucket is in trouble.
func (c *cloud) serveReadable(x *cloudCall, kind, bucket string, b *cloudBucket) {
	c.mu.Lock()
	is := b.trouble
	c.mu.Unlock()
	switch {
	case is == throttled:
		c.count("throttled " + kind)
		x.refuse(http.StatusServiceUnavailable, "SlowDown", "Please reduce your request rate.", "")
	case is == getDenied && kind != "LIST":
		c.count("denied " + kind)
		x.refuse(http.StatusForbidden, "AccessDenied", "Access Denied", "")
	case is == kmsDenied && kind != "LIST":
		c.count("denied " + kind)
		x.refuse(http.StatusForbidden, "AccessDenied", "User: arn:aws:sts::"+b.account+":assumed-role/s3-audit-reader/otelcol-s3audit is not authorized to perform: "+
			"kms:Decrypt on the resource associated with this ciphertext because no identity-based policy allows the kms:Decrypt action", "")
	default:
		c.count(kind)
		x.w.Header().Set("X-Amz-Bucket-Region", b.region)
		at := x.r.Clone(x.r.Context())
		at.URL.Path, at.URL.RawPath = "/"+bucket+x.r.URL.Path, ""
		c.next.ServeHTTP(x.w, at)
	}
}
