package s3io_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// organisation is a server of several accounts and Regions, which S3 and STS are played
// by. A request signed for the wrong Region gets S3's answer; one with the wrong
// credentials, or another expected owner, is denied.
type organisation struct {
	*httptest.Server
	mu       sync.Mutex
	buckets  map[string]ownedBucket
	home     string // where buckets are listed; "" means anywhere
	requests []string
}

type ownedBucket struct{ account, region string }

var scope = regexp.MustCompile(`Credential=([^/]+)/\d+/([^/]+)/`)

func newOrganisation(t *testing.T, buckets map[string]ownedBucket) *organisation {
	t.Helper()
	setCredentials(t)
	o := &organisation{buckets: buckets}
	o.Server = httptest.NewServer(o)
	t.Cleanup(o.Close)
	t.Setenv("AWS_ENDPOINT_URL_STS", o.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "999999999999")
	return o
}

func (o *organisation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	w.Header().Set("X-Amz-Request-Id", "REQ1")
	signed := scope.FindStringSubmatch(r.Header.Get("Authorization"))
	account, region := signed[1], signed[2]
	if r.Method == http.MethodPost {
		_ = r.ParseForm()
		role := r.Form.Get("RoleArn")
		o.requests = append(o.requests, "AssumeRole "+role+" "+r.Form.Get("ExternalId"))
		account := strings.Split(role, ":")[4]
		_, _ = fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>`+
			`<AssumedRoleUser><Arn>arn:aws:sts::%[1]s:assumed-role/reader/s</Arn><AssumedRoleId>A</AssumedRoleId></AssumedRoleUser>`+
			`<Credentials><AccessKeyId>%[1]s</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>%[2]s</Expiration></Credentials>`+
			`</AssumeRoleResult></AssumeRoleResponse>`, account, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
		return
	}
	name, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	owner := r.Header.Get("X-Amz-Expected-Bucket-Owner")
	o.requests = append(o.requests, strings.TrimSpace(fmt.Sprintf("%s %s/%s by %s in %s %s", r.Method, name, key, account, region, owner)))
	if name == "" {
		if o.home != "" && region != o.home {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprintf(w, "<Error><Code>AuthorizationHeaderMalformed</Code><Message>the region '%s' is wrong; expecting '%s'</Message></Error>", region, o.home)
			return
		}
		_, _ = io.WriteString(w, "<ListAllMyBucketsResult><Buckets>")
		for name, b := range o.buckets {
			if b.account == account {
				_, _ = fmt.Fprintf(w, "<Bucket><Name>%s</Name><BucketRegion>%s</BucketRegion></Bucket>", name, b.region)
			}
		}
		_, _ = io.WriteString(w, "</Buckets></ListAllMyBucketsResult>")
		return
	}
	b := o.buckets[name]
	switch {
	case region != b.region:
		w.Header().Set("X-Amz-Bucket-Region", b.region)
		w.WriteHeader(http.StatusMovedPermanently)
		_, _ = io.WriteString(w, "<Error><Code>PermanentRedirect</Code></Error>")
	case account != b.account, owner != "" && owner != b.account:
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "<Error><Code>AccessDenied</Code></Error>")
	case key == "":
		_, _ = fmt.Fprintf(w, "<ListBucketResult><Name>%s</Name><IsTruncated>false</IsTruncated></ListBucketResult>", name)
	default:
		w.Header().Set("ETag", `"e"`)
		_, _ = io.WriteString(w, "text")
	}
}

// since returns the requests since it was called last.
func (o *organisation) since() (requests []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	requests, o.requests = o.requests, nil
	return requests
}

func (o *organisation) clients(t *testing.T, roles ...s3io.Role) *s3io.Clients {
	t.Helper()
	c, err := s3io.NewClients(t.Context(), s3io.Config{Endpoint: o.URL, ForcePathStyle: true, Roles: roles}, s3io.Deps{})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func roleOf(account string, buckets ...string) s3io.Role {
	return s3io.Role{Buckets: buckets, RoleARN: "arn:aws:iam::" + account + ":role/reader", ExternalID: "x"}
}

func readOf(t *testing.T, c *s3io.Clients, bucket string) {
	t.Helper()
	body, err := c.Open(t.Context(), source.Object{Bucket: bucket, Key: "k", Size: -1}, 0)
	require.NoError(t, err)
	text, err := io.ReadAll(body)
	require.NoError(t, err)
	require.NoError(t, body.Close())
	assert.Equal(t, "text", string(text))
}

// Each bucket is read with the first role that fits its name, in its own Region: a
// second request, once a bucket.
func TestEachBucketIsReadWithItsRoleInItsRegion(t *testing.T) {
	o := newOrganisation(t, map[string]ownedBucket{
		"own":          {"999999999999", "us-east-1"},
		"acme-1-eu":    {"111122223333", "eu-central-1"},
		"acme-1-us":    {"111122223333", "us-east-1"},
		"acme-2-tokyo": {"444455556666", "ap-northeast-1"},
	})
	c := o.clients(t, roleOf("111122223333", "acme-1-*"), roleOf("444455556666", "acme-*"))
	for bucket := range o.buckets {
		readOf(t, c, bucket)
	}
	o.since()
	for bucket, is := range o.buckets {
		readOf(t, c, bucket)
		_, err := c.List(t.Context(), s3io.ListInput{Bucket: bucket})
		require.NoError(t, err)
		end := " by " + is.account + " in " + is.region
		if is.account != "999999999999" {
			end += " " + is.account
		}
		assert.Equal(t, []string{"GET " + bucket + "/k" + end, "GET " + bucket + "/" + end}, o.since(), "nothing more in the steady state")
		account, region := c.Place(bucket)
		assert.Empty(t, account+region, "at aws.endpoint nothing is guessed")
	}
}

func TestRegionOfANotificationSparesARequest(t *testing.T) {
	o := newOrganisation(t, map[string]ownedBucket{"b": {"999999999999", "eu-central-1"}})
	c := o.clients(t)
	c.Hint("b", "eu-central-1")
	readOf(t, c, "b")
	assert.Len(t, o.since(), 1)
	c.Hint("b", "us-east-1") // what S3 served holds
	readOf(t, c, "b")
	assert.Equal(t, []string{"GET b/k by 999999999999 in eu-central-1"}, o.since())
}

// A Region is a part of a host: none that is not known there is ever used.
func TestRegionFromOutsideIsUsedOnlyIfItIsKnown(t *testing.T) {
	setCredentials(t)
	c, err := s3io.NewClients(t.Context(), s3io.Config{Region: "us-east-1"}, s3io.Deps{})
	require.NoError(t, err)
	defer c.Close()
	for _, region := range []string{"cn-north-1", "evil.example.com/", "us-gov-west-1", "x", ""} {
		c.Hint("b", region)
		_, is := c.Place("b")
		assert.Empty(t, is)
		assert.Empty(t, s3io.HintedRegion(c, "b"), region)
	}
	c.Hint("b", "eu-west-3")
	assert.Equal(t, "eu-west-3", s3io.HintedRegion(c, "b"))
}

func TestBucketsOfAnAccountAreFound(t *testing.T) {
	o := newOrganisation(t, map[string]ownedBucket{
		"own":       {"999999999999", "us-east-1"},
		"acme-1-eu": {"111122223333", "eu-central-1"},
		"private":   {"111122223333", "eu-central-1"},
	})
	c := o.clients(t, roleOf("111122223333", "acme-*"))
	roles := c.Identities()
	require.Equal(t, []string{"arn:aws:iam::111122223333:role/reader", ""}, roles)
	all, err := c.Buckets(t.Context(), 0)
	require.NoError(t, err)
	assert.Equal(t, []s3io.FoundBucket{{Name: "acme-1-eu", Region: "eu-central-1"}}, all.List, "a role reads only what its patterns fit")
	assert.Equal(t, "111122223333", all.Account)
	assert.False(t, all.Date.IsZero())
	assert.Equal(t, "AssumeRole "+roles[0]+" x", o.since()[0])

	c.Use(0, all.List[0], all.Account)
	readOf(t, c, "acme-1-eu")
	assert.Equal(t, []string{"GET acme-1-eu/k by 111122223333 in eu-central-1 111122223333"}, o.since())
	account, _ := c.Place("acme-1-eu")
	assert.Equal(t, "111122223333", account)
}

// A role's own owner goes before that of the source.
func TestOwnerOfARoleGoesFirst(t *testing.T) {
	o := newOrganisation(t, map[string]ownedBucket{"a": {"111111111111", "us-east-1"}, "b": {"222222222222", "us-east-1"}})
	b := roleOf("222222222222", "b")
	b.ExpectedBucketOwner = "222222222222"
	c, err := s3io.NewClients(t.Context(), s3io.Config{Endpoint: o.URL, ForcePathStyle: true, Roles: []s3io.Role{roleOf("111111111111", "a"), b}},
		s3io.Deps{ExpectedBucketOwner: "111111111111"})
	require.NoError(t, err)
	defer c.Close()
	for bucket := range o.buckets {
		_, err = c.List(t.Context(), s3io.ListInput{Bucket: bucket})
		require.NoError(t, err, bucket)
	}
}

// STS that does not answer for once takes the account from no bucket.
func TestAccountOfAListIsKept(t *testing.T) {
	o := newOrganisation(t, map[string]ownedBucket{"own": {"999999999999", "us-east-1"}})
	c := o.clients(t)
	s3io.KnowAccount(c, 0, "999999999999")
	all, err := c.Buckets(t.Context(), 0)
	require.NoError(t, err)
	assert.Equal(t, "999999999999", all.Account, "STS is not asked at aws.endpoint")
}

// A server that is not AWS's may have one Region for lists of buckets, too.
func TestBucketsAreListedInTheRegionThatTheServerNames(t *testing.T) {
	o := newOrganisation(t, map[string]ownedBucket{"own": {"999999999999", "eu-west-1"}})
	o.home = "eu-west-1"
	all, err := o.clients(t).Buckets(t.Context(), 0)
	require.NoError(t, err)
	assert.Len(t, all.List, 1)
}

// What is not a whole list of buckets is an error: what is missing would count as deleted.
func TestAnswerThatIsNoListOfBuckets(t *testing.T) {
	setCredentials(t)
	for name, body := range map[string]string{
		"empty":       "",
		"HTML":        "<!DOCTYPE html><html><head></head><body>sign in</body></html>",
		"JSON":        "{}",
		"a list":      "<ListBucketResult><Name>b</Name><IsTruncated>false</IsTruncated></ListBucketResult>",
		"no buckets":  "<ListAllMyBucketsResult><Owner/></ListAllMyBucketsResult>",
		"cut":         "<ListAllMyBucketsResult><Buckets><Bucket><Name>a</Name></Bucket>",
		"more":        "<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>x",
		"a wild name": "<ListAllMyBucketsResult><Buckets><Bucket><Name>a/b</Name></Bucket></Buckets></ListAllMyBucketsResult>",
		"endless":     "<ListAllMyBucketsResult><Buckets><Bucket><Name>a</Name></Bucket></Buckets><ContinuationToken>t</ContinuationToken></ListAllMyBucketsResult>",
		"an error":    "<Error><Code>InternalError</Code><Message>x</Message></Error>",
	} {
		t.Run(name, func(t *testing.T) {
			url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
			c, err := s3io.NewClients(t.Context(), s3io.Config{Endpoint: url, ForcePathStyle: true}, s3io.Deps{})
			require.NoError(t, err)
			defer c.Close()
			_, err = c.Buckets(t.Context(), 0)
			require.ErrorIs(t, err, source.ErrUnreachable)
			assert.ErrorContains(t, err, "the list of buckets of the account of the collector")
		})
	}
}

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"logs", "logs", true},
		{"logs", "logs2", false},
		{"*", "anything", true},
		{"*", "", true},
		{"acme-*-logs", "acme-eu-west-logs", true},
		{"acme-*-logs", "acme-logs", false},
		{"acme-?", "acme-1", true},
		{"acme-?", "acme-", false},
		{"acme-?", "acme-12", false},
		{"*-a*b", "x-a-ab", true},
		{"a*", "ba", false},
		{"a.c", "abc", false},
	} {
		assert.Equal(t, c.want, s3io.Fits([]string{"none", c.pattern}, c.name), "%s %s", c.pattern, c.name)
	}
	assert.False(t, s3io.Fits(nil, "a"))
	began := time.Now()
	s3io.Fits([]string{strings.Repeat("*a", 30)}, strings.Repeat("a", 60)+"b")
	assert.Less(t, time.Since(began), time.Minute)
}

func TestRolesThatAreWrong(t *testing.T) {
	cfg := s3io.Config{Roles: []s3io.Role{
		{Buckets: []string{"b"}, RoleARN: "arn:aws:iam::12:role/x"},
		{RoleARN: "arn:aws:iam::111122223333:role/x"},
		{Buckets: []string{"s3://b"}, RoleARN: "arn:aws:iam::111122223333:role/x", ExpectedBucketOwner: "1.1e11"},
		roleOf("111122223333", "acme-*"),
	}}
	err := cfg.Validate("aws")
	for _, part := range []string{
		"`aws::roles::0::role_arn`", "`aws::roles::1::buckets` is missing", "`aws::roles::2::buckets` has \"s3://b\"",
		"`aws::roles::2::expected_bucket_owner`", "in quotes",
	} {
		require.ErrorContains(t, err, part)
	}
	assert.NotContains(t, err.Error(), "roles::3")
	assert.Equal(t, []string{"111122223333"}, cfg.Owners())
}
