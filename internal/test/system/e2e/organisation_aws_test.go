package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
)

// cloud answers for S3 and STS of all Regions behind a proxy: it checks who signs for which
// Region, and lets a real server serve what may be read. All methods may be called at any
// time.
type cloud struct {
	tunnels *tunnels
	server  *s3test.Server
	next    http.Handler // the server
	own     string       // account of the collector

	mu       sync.Mutex // guards everything below
	buckets  map[string]*cloudBucket
	roles    map[string]*cloudRole // by ARN
	down     map[string]bool       // Regions
	calls    map[string]int        // by kind, "denied ..." those that were refused
	problems []string
}

// cloudBucket is a bucket of an account and Region.
type cloudBucket struct {
	account, region string
	unread          bool // nothing of it may be asked for
	ownerless       bool // requests need not name the expected owner
	trouble         trouble
}

// cloudRole is a role that the collector may assume.
type cloudRole struct {
	account, externalID string
	denied              bool
}

// trouble is how requests for a bucket are answered.
type trouble int

const (
	noTrouble trouble = iota
	getDenied         // every GET, while LIST works
	kmsDenied         // every GET, by the key
	throttled         // every request
)

const (
	ownKey     = "AKIAOWNOWNOWNOWNOWN0"
	bucketsMax = 4 // in a page of a list of buckets
)

func secretOf(key string) string { return "secret of " + key }

func newCloud(t testing.TB, own string) *cloud {
	t.Helper()
	c := &cloud{
		server: s3test.Start(t), own: own,
		buckets: map[string]*cloudBucket{}, roles: map[string]*cloudRole{}, down: map[string]bool{}, calls: map[string]int{},
	}
	to, err := url.Parse(c.server.Endpoint)
	require.NoError(t, err)
	transport := &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	c.next = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			c.sign(r.Out)
		},
		Transport: transport,
		ErrorLog:  log.New(io.Discard, "", 0), // collectors die on purpose
	}
	c.tunnels = newTunnels(t, c, c.enter)
	return c
}

// env is what a collector is started with to get here.
func (c *cloud) env(region string) []string {
	return []string{
		"HTTPS_PROXY=" + c.tunnels.url, "AWS_CA_BUNDLE=" + c.tunnels.bundle, "AWS_REGION=" + region,
		"AWS_ACCESS_KEY_ID=" + ownKey, "AWS_SECRET_ACCESS_KEY=" + secretOf(ownKey),
	}
}

// set changes what is answered from now on.
func (c *cloud) set(change func(*cloud)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(c)
}

// called returns how many calls there were of each kind.
func (c *cloud) called() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.calls)
}

// wrong returns the requests that must not have come.
func (c *cloud) wrong() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.problems)
}

func (c *cloud) problem(format string, args ...any) {
	c.set(func(c *cloud) {
		if len(c.problems) < 20 {
			c.problems = append(c.problems, fmt.Sprintf(format, args...))
		}
	})
}

func (c *cloud) isDown(region string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.down[region]
}

// cloudHost is a host of AWS, with a bucket or none.
var cloudHost = regexp.MustCompile(`^(?:([a-z0-9.-]+)\.)?(s3|sts)\.([a-z0-9-]+)\.amazonaws\.com(?::443)?$`)

// enter refuses tunnels into a Region that is down, but for those of one bucket, which wait.
func (c *cloud) enter(r *http.Request) bool {
	host := cloudHost.FindStringSubmatch(r.Host)
	if host == nil {
		c.problem("tunnel to %s", r.Host)
		return false
	}
	if !c.isDown(host[3]) {
		return true
	}
	return host[1] == orgBucket(3, 2) && waitFor(r.Context(), func() bool { return !c.isDown(host[3]) })
}

// cloudCall is a request and who signed it.
type cloudCall struct {
	w       http.ResponseWriter
	r       *http.Request
	region  string // of the host
	account string // of the key
}

// ServeHTTP implements http.Handler.
func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host := cloudHost.FindStringSubmatch(r.Host)
	if host == nil {
		c.problem("request to %s", r.Host)
		w.WriteHeader(http.StatusMisdirectedRequest)
		return
	}
	bucket, service, region := host[1], host[2], host[3]
	if c.isDown(region) {
		panic(http.ErrAbortHandler) // breaks the connection
	}
	call := &cloudCall{w: w, r: r, region: region}
	scope, err := call.verify(service)
	switch {
	case err != nil:
		c.problem("%s %s%s: %v", r.Method, r.Host, r.URL.Path, err)
		call.refuse(http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match.", "")
	case scope != region:
		c.problem("%s %s%s is signed for %s", r.Method, r.Host, r.URL.Path, scope)
		c.malformed(call, scope, region)
	case service == "sts":
		c.serveSTS(call)
	case bucket == "":
		c.listBuckets(call)
	default:
		c.serveBucket(call, bucket)
	}
}

var authorization = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=(\w+)/\d{8}/([a-z0-9-]+)/(\w+)/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=[0-9a-f]{64}$`)

// verify checks a signature by signing anew, notes whose it is, and returns its Region.
func (x *cloudCall) verify(service string) (region string, err error) {
	parts := authorization.FindStringSubmatch(x.r.Header.Get("Authorization"))
	if parts == nil || parts[3] != service {
		return "", fmt.Errorf("is signed with %q", x.r.Header.Get("Authorization"))
	}
	key, region := parts[1], parts[2]
	creds := aws.Credentials{AccessKeyID: key, SecretAccessKey: secretOf(key)}
	if account, ofRole := strings.CutPrefix(key, "ASIA"); ofRole {
		x.account, creds.SessionToken = account, "token of "+account
	} else if key != ownKey {
		return "", fmt.Errorf("is signed with the key %s", key)
	}
	at, err := time.Parse("20060102T150405Z", x.r.Header.Get("X-Amz-Date"))
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(x.r.Body)
	if err != nil {
		return "", err
	}
	x.r.Body = io.NopCloser(bytes.NewReader(body))
	digest := sha256.Sum256(body)
	again := &http.Request{
		Method: x.r.Method, Host: x.r.Host, Header: http.Header{}, ContentLength: int64(len(body)),
		URL: &url.URL{Scheme: "https", Host: x.r.Host, Path: x.r.URL.Path, RawPath: x.r.URL.RawPath, RawQuery: x.r.URL.RawQuery},
	}
	for name := range strings.SplitSeq(parts[4], ";") {
		if values := x.r.Header.Values(name); len(values) > 0 {
			again.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	err = v4.NewSigner().SignHTTP(x.r.Context(), creds, again, hex.EncodeToString(digest[:]), service, region, at,
		func(o *v4.SignerOptions) { o.DisableURIPathEscaping = service == "s3" })
	if err == nil && again.Header.Get("Authorization") != x.r.Header.Get("Authorization") {
		err = fmt.Errorf("has the signature %s instead of %s", x.r.Header.Get("Authorization"), again.Header.Get("Authorization"))
	}
	return region, err
}

// sign signs a request for the server, which knows one account and no owners.
func (c *cloud) sign(out *http.Request) {
	for _, name := range []string{"Authorization", "X-Amz-Date", sessionToken, "X-Amz-Expected-Bucket-Owner"} {
		out.Header.Del(name)
	}
	out.Host = out.URL.Host
	key := aws.Credentials{AccessKeyID: c.server.AccessKey, SecretAccessKey: c.server.SecretKey}
	_ = v4.NewSigner().SignHTTP(out.Context(), key, out, emptyHash, "s3", s3test.Region, time.Now()) // or the server refuses it
}

// refuse answers as S3 does.
func (x *cloudCall) refuse(status int, code, message, more string, header ...string) {
	x.w.Header().Set("Content-Type", "application/xml")
	x.w.Header().Set("X-Amz-Request-Id", "CLOUD00000000000")
	for i := 0; i < len(header); i += 2 {
		x.w.Header().Set(header[i], header[i+1])
	}
	body := fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>%s</Message>%s<RequestId>CLOUD00000000000</RequestId></Error>`,
		code, message, more)
	x.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(status)
	if x.r.Method != http.MethodHead {
		_, _ = io.WriteString(x.w, body)
	}
}

func (c *cloud) malformed(x *cloudCall, is, want string) {
	x.refuse(http.StatusBadRequest, "AuthorizationHeaderMalformed",
		fmt.Sprintf("The authorization header is malformed; the region '%s' is wrong; expecting '%s'", is, want), "<Region>"+want+"</Region>")
}
