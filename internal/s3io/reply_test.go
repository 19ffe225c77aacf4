package s3io_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/s3io"
	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// responder answers requests for one object as a test says.
type responder struct {
	get, list, head answering

	mu    sync.Mutex
	asked []string
}

type answering func(w http.ResponseWriter)

func (s *responder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	what, answer := r.Method, s.get
	switch {
	case r.URL.Query().Has("list-type"):
		what, answer = "LIST", s.list
	case r.Method == http.MethodHead:
		answer = s.head
	}
	s.mu.Lock()
	s.asked = append(s.asked, what)
	s.mu.Unlock()
	answer(w)
}

func (s *responder) requests() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.asked, " ")
}

// header is "Name: value" lines.
type header []string

func (h header) of(w http.ResponseWriter) {
	for _, line := range h {
		name, value, _ := strings.Cut(line, ": ")
		w.Header().Set(name, value)
	}
}

const (
	digits  = "0123456789"
	id      = "X-Amz-Request-Id: R1"
	tag     = `ETag: "e"`
	other   = `ETag: "f"`
	page    = "<html><body>Please sign in</body></html>"
	chunked = "Transfer-Encoding: chunked"
)

func says(status int, body string, h ...string) answering {
	return func(w http.ResponseWriter) {
		header(h).of(w)
		if w.Header().Get("Transfer-Encoding") == "" && w.Header().Get("Content-Length") == "" {
			w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// part is a range of digits from the byte 4 on.
func part(contentRange string, h ...string) answering {
	return says(http.StatusPartialContent, digits[4:], append(h, "Content-Range: "+contentRange)...)
}

func refuses(status int, code string) answering {
	return says(status, "<Error><Code>"+code+"</Code><Message>no</Message><RequestId>R1</RequestId></Error>", id)
}

// headed answers a HEAD: the length is that of the object.
func headed(size int, h ...string) answering {
	return says(http.StatusOK, "", append(h, fmt.Sprint("Content-Length: ", size))...)
}

func entry(key, etag string, size int) string {
	if etag != "" {
		etag = "<ETag>&quot;" + etag + "&quot;</ETag>"
	}
	return fmt.Sprintf("<Contents><Key>%s</Key>%s<Size>%d</Size></Contents>", key, etag, size)
}

func listed(entries ...string) answering {
	return says(http.StatusOK, "<ListBucketResult><Name>b</Name><IsTruncated>false</IsTruncated>"+strings.Join(entries, "")+"</ListBucketResult>", id)
}

func unasked(w http.ResponseWriter) { w.WriteHeader(http.StatusTeapot) }

// knownAs is an object and where to begin.
type knownAs struct {
	etag   string
	size   int64
	offset int64
}

// outcome is what comes of it: a body, or the kind of an error.
type outcome struct {
	body  string
	fault error
	now   string // ETag and size that it was overwritten by
	asked string
	says  string // a part of the message
}

type answerCase struct {
	known           knownAs
	get, list, head answering
	want            outcome
}

var (
	known   = knownAs{"e", 10, 0}
	knownAt = knownAs{"e", 10, 4}
	bySize  = knownAs{"", 10, 0}
	unknown = knownAs{"", -1, 0}

	same    = listed(entry("k", "e", 10), entry("k2", "x", 1))
	newer   = listed(entry("k2", "x", 1), entry("k", "f", 12))
	bare    = listed(entry("k", "", 10))
	cutList = says(200, "<ListBucketResult><Name>b</Name><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken></ListBucketResult>")
	denied  = refuses(http.StatusForbidden, "AccessDenied")
	noKey   = refuses(http.StatusNotFound, "NoSuchKey")
	changed = refuses(http.StatusPreconditionFailed, "PreconditionFailed")
	noRange = refuses(http.StatusRequestedRangeNotSatisfiable, "InvalidRange")
	absent  = says(http.StatusNotFound, "", id)

	read        = func(asked string) outcome { return outcome{body: digits, asked: asked} }
	readRest    = func(asked string) outcome { return outcome{body: digits[4:], asked: asked} }
	unreachable = func(asked string) outcome { return outcome{fault: source.ErrUnreachable, asked: asked} }
	overwritten = func(asked string) outcome { return outcome{fault: source.ErrChanged, now: "f 12", asked: asked} }
	notS3       = func(asked string) outcome {
		return outcome{fault: source.ErrUnreachable, asked: asked, says: "does not speak S3: check aws.endpoint and proxies"}
	}
)

func checkAnswers(t *testing.T, cases map[string]answerCase) {
	t.Helper()
	setCredentials(t)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := &responder{get: c.get, list: c.list, head: c.head}
			for _, a := range []*answering{&s.list, &s.head} {
				if *a == nil {
					*a = unasked
				}
			}
			cl := client(t, serve(t, s))
			body, err := open(cl, c.known)
			assert.Equal(t, c.want.asked, s.requests(), "%v", err)
			assert.Equal(t, c.want.body, body)
			if c.want.fault == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, c.want.fault)
			for _, kind := range []error{source.ErrGone, source.ErrChanged, source.ErrUnreachable, source.ErrDenied} {
				assert.Equal(t, errors.Is(c.want.fault, kind), errors.Is(err, kind), "%v", err)
			}
			now := ""
			if changed := new(source.OverwrittenError); errors.As(err, &changed) {
				now = fmt.Sprint(changed.Now.ETag, " ", changed.Now.Size)
			}
			assert.Equal(t, c.want.now, now)
			assert.Contains(t, err.Error(), "s3://b/k")
			assert.Contains(t, err.Error(), c.want.says)
			t.Log(err)
		})
	}
}

func open(c *s3io.Client, as knownAs) (string, error) {
	r, err := c.Open(context.Background(), source.Object{Bucket: "b", Key: "k", ETag: as.etag, Size: as.size}, as.offset)
	if err != nil {
		return "", err
	}
	defer r.Close()
	body, err := io.ReadAll(r)
	return string(body), err
}

func TestAnswersToGet(t *testing.T) {
	checkAnswers(t, map[string]answerCase{
		"right":                              {known: known, get: says(200, digits, tag), want: read("GET")},
		"right, weak":                        {known: known, get: says(200, digits, `ETag: W/"e"`), want: read("GET")},
		"right, unquoted":                    {known: known, get: says(200, digits, "ETag: e"), want: read("GET")},
		"right, known with quotes":           {known: knownAs{`W/"e"`, 10, 0}, get: says(200, digits, tag), want: read("GET")},
		"right, of another size":             {known: knownAs{"e", 3, 0}, get: says(200, digits, tag), want: read("GET")},
		"right, of notified size 0":          {known: knownAs{"e", 0, 0}, get: says(200, digits, tag), want: read("GET")},
		"right, packed when stored":          {known: known, get: says(200, digits, tag, "Content-Encoding: gzip"), want: read("GET")},
		"right, length absent":               {known: known, get: says(200, digits, tag, chunked), want: read("GET")},
		"packed on the way":                  {known: known, get: says(200, digits, `ETag: W/"e"`, "Content-Encoding: gzip"), want: outcome{fault: source.ErrUnreachable, asked: "GET", says: "the answer was packed on the way (Content-Encoding \"gzip\"); let no proxy compress"}},
		"page":                               {known: known, get: says(200, page), list: same, want: notS3("GET LIST")},
		"page with an ETag":                  {known: known, get: says(200, page, other), list: same, want: notS3("GET LIST")},
		"empty":                              {known: known, get: says(200, ""), list: same, want: notS3("GET LIST")},
		"no content":                         {known: known, get: says(204, ""), list: same, want: notS3("GET LIST")},
		"another object":                     {known: known, get: says(200, "another", other, id), list: same, want: notS3("GET LIST")},
		"another object, list denied":        {known: known, get: says(200, "another", other, id), list: denied, head: headed(10, tag, id), want: notS3("GET LIST HEAD")},
		"another, not listed":                {known: known, get: says(200, "another", other, id), list: listed(), want: notS3("GET LIST")},
		"page, not listed":                   {known: known, get: says(200, page), list: listed(), want: notS3("GET LIST")},
		"another version":                    {known: known, get: says(200, digits, other), list: newer, want: overwritten("GET LIST")},
		"another version, by HEAD":           {known: known, get: says(200, digits, other), list: denied, head: headed(12, other, id), want: overwritten("GET LIST HEAD")},
		"page, newer version":                {known: known, get: says(200, page), list: newer, want: overwritten("GET LIST")},
		"page, HEAD is a page":               {known: known, get: says(200, page), list: denied, head: headed(40), want: notS3("GET LIST HEAD")},
		"page, HEAD is no answer":            {known: known, get: says(200, page), list: denied, head: headed(40, other), want: notS3("GET LIST HEAD")},
		"page, list in trouble":              {known: known, get: says(200, page), list: refuses(400, "ExpiredToken"), want: unreachable("GET LIST")},
		"page, list is a NoSuchKey":          {known: known, get: says(200, page), list: noKey, want: unreachable("GET LIST")},
		"server without ETags":               {known: known, get: says(200, digits), list: bare, head: headed(10, id), want: read("GET LIST HEAD")},
		"server without ETags, a page":       {known: known, get: says(200, page), list: bare, head: headed(10, id), want: notS3("GET LIST HEAD")},
		"server without ETags, somebody's":   {known: known, get: says(200, digits, other), list: bare, head: headed(10, id), want: notS3("GET LIST HEAD")},
		"list without ETags, another":        {known: known, get: says(200, digits, other), list: bare, head: headed(12, other, id), want: outcome{fault: source.ErrChanged, now: "f 10", asked: "GET LIST HEAD"}},
		"list without ETags, HEAD is a page": {known: known, get: says(200, digits), list: bare, head: headed(10), want: notS3("GET LIST HEAD")},
	})
}

func TestAnswersToGetWithoutAnETagKnown(t *testing.T) {
	checkAnswers(t, map[string]answerCase{
		"nothing known":                  {known: unknown, get: says(200, digits, tag, id), want: read("GET")},
		"size 0 is nothing known":        {known: knownAs{"", 0, 0}, get: says(200, digits, tag, id), want: read("GET")},
		"size 0, without ETags":          {known: knownAs{"", 0, 0}, get: says(200, "", id), list: listed(entry("k", "", 0)), head: headed(0, id), want: outcome{asked: "GET LIST HEAD"}},
		"no request id":                  {known: unknown, get: says(200, digits, tag), list: same, want: read("GET LIST")},
		"no request id, not confirmed":   {known: unknown, get: says(200, page, other), list: same, want: notS3("GET LIST")},
		"no request id, not listed":      {known: unknown, get: says(200, page, other), list: listed(), want: notS3("GET LIST")},
		"no ETag":                        {known: unknown, get: says(200, page, id), list: same, want: notS3("GET LIST")},
		"page":                           {known: unknown, get: says(200, page), list: denied, head: headed(40), want: notS3("GET LIST HEAD")},
		"right length":                   {known: bySize, get: says(200, digits), want: read("GET")},
		"wrong length":                   {known: bySize, get: says(200, page), list: bare, head: headed(10, id), want: notS3("GET LIST HEAD")},
		"wrong length, an ETag":          {known: bySize, get: says(200, page, other), list: same, want: notS3("GET LIST")},
		"length has changed":             {known: knownAs{"", 5, 0}, get: says(200, digits), list: bare, head: headed(10, id), want: read("GET LIST HEAD")},
		"length absent":                  {known: bySize, get: says(200, digits, chunked, id), want: read("GET")},
		"length absent, no request id":   {known: bySize, get: says(200, page, chunked), list: same, want: notS3("GET LIST")},
		"length absent, too long":        {known: bySize, get: says(200, digits+"more", chunked, id), want: outcome{body: digits, fault: source.ErrUnreachable, asked: "GET", says: "longer than the 10 bytes"}},
		"length absent, too short":       {known: bySize, get: says(200, digits[:7], chunked, id), want: outcome{body: digits[:7], fault: source.ErrUnreachable, asked: "GET", says: "unexpected EOF"}},
		"total of a range is right":      {known: knownAs{"", 10, 4}, get: part("bytes 4-9/10"), want: readRest("GET")},
		"total of a range is wrong":      {known: knownAs{"", 10, 4}, get: part("bytes 4-9/11"), list: bare, head: headed(10, id), want: notS3("GET LIST HEAD")},
		"total of a range is not extra":  {known: knownAs{"", 10, 4}, get: part("bytes 4-9/*", id), want: readRest("GET")},
		"nothing from there on":          {known: knownAs{"", 4, 4}, get: noRange, head: headed(4, id), want: outcome{asked: "GET HEAD"}},
		"nothing from there on, no S3":   {known: knownAs{"", 4, 4}, get: noRange, head: headed(4), want: notS3("GET HEAD")},
		"nothing from there on, another": {known: knownAs{"", 4, 4}, get: noRange, head: headed(3, id), list: listed(entry("k", "", 3)), want: outcome{fault: source.ErrChanged, asked: "GET HEAD LIST HEAD"}},
	})
}

func TestAnswersToRanges(t *testing.T) {
	checkAnswers(t, map[string]answerCase{
		"right":                 {known: knownAt, get: part("bytes 4-9/10", tag), want: readRest("GET")},
		"another offset":        {known: knownAt, get: part("bytes 3-9/10", tag), want: notS3("GET")},
		"unreadable":            {known: knownAt, get: part("bytes */10", tag), want: notS3("GET")},
		"a range unasked for":   {known: known, get: part("bytes 4-9/10", tag), want: notS3("GET")},
		"the whole":             {known: knownAt, get: says(200, digits, tag), want: outcome{fault: source.ErrUnreachable, asked: "GET", says: "does not support ranges"}},
		"page":                  {known: knownAt, get: says(200, page), list: same, want: notS3("GET LIST")},
		"another version":       {known: knownAt, get: part("bytes 4-9/12", other), list: newer, want: overwritten("GET LIST")},
		"the end":               {known: knownAs{"e", 4, 4}, get: noRange, head: headed(4, tag, id), want: outcome{asked: "GET HEAD"}},
		"the end, empty HEAD":   {known: knownAt, get: noRange, head: says(200, ""), want: notS3("GET HEAD")},
		"the end, HEAD refused": {known: knownAt, get: noRange, head: says(412, "", id), want: unreachable("GET HEAD")},
		"the end, another HEAD": {known: knownAt, get: noRange, head: headed(3, other, id), list: same, want: notS3("GET HEAD LIST")},
		"the end after all":     {known: knownAs{"e", 4, 4}, get: noRange, head: headed(3, other, id), list: listed(entry("k", "e", 4)), want: outcome{asked: "GET HEAD LIST"}},
		"not the end":           {known: knownAt, get: noRange, head: headed(10, tag, id), list: same, want: notS3("GET HEAD LIST")},
		"the end, overwritten":  {known: knownAt, get: noRange, head: headed(3, other, id), list: newer, want: overwritten("GET HEAD LIST")},
		"behind the end":        {known: knownAs{"e", 3, 4}, get: noRange, head: headed(3, tag, id), list: listed(entry("k", "e", 3)), want: outcome{fault: source.ErrChanged, asked: "GET HEAD LIST", says: "ends before byte 4"}},
		"behind the end, not listed so": {
			known: knownAt, get: noRange, head: headed(3, tag, id), list: same, want: notS3("GET HEAD LIST"),
		},
		"the end, gone": {known: knownAt, get: noRange, head: absent, list: listed(), want: unreachable("GET HEAD LIST")},
	})
}

func TestRefusalsThatEndAnObjectAreConfirmed(t *testing.T) {
	checkAnswers(t, map[string]answerCase{
		"gone":                          {known: known, get: noKey, list: listed(entry("k2", "e", 10)), want: outcome{fault: source.ErrGone, asked: "GET LIST"}},
		"gone, still listed":            {known: known, get: noKey, list: same, want: notS3("GET LIST")},
		"gone, still listed, no ETag":   {known: bySize, get: noKey, list: bare, head: absent, want: notS3("GET LIST HEAD")},
		"gone, list goes on":            {known: known, get: noKey, list: cutList, want: unreachable("GET LIST")},
		"gone, listed anew":             {known: known, get: noKey, list: newer, want: overwritten("GET LIST")},
		"gone, by HEAD":                 {known: known, get: noKey, list: denied, head: absent, want: outcome{fault: source.ErrGone, asked: "GET LIST HEAD"}},
		"gone, HEAD is no answer":       {known: known, get: noKey, list: denied, head: says(404, ""), want: unreachable("GET LIST HEAD")},
		"gone, HEAD has it":             {known: known, get: noKey, list: denied, head: headed(10, tag, id), want: notS3("GET LIST HEAD")},
		"gone, HEAD denied":             {known: known, get: noKey, list: denied, head: says(403, "", id), want: outcome{fault: source.ErrDenied, asked: "GET LIST HEAD"}},
		"gone, list is a NoSuchKey":     {known: known, get: noKey, list: noKey, want: unreachable("GET LIST")},
		"gone, list in trouble":         {known: known, get: noKey, list: refuses(400, "ExpiredToken"), want: unreachable("GET LIST")},
		"changed":                       {known: known, get: changed, list: newer, want: overwritten("GET LIST")},
		"changed, still listed":         {known: known, get: changed, list: same, want: notS3("GET LIST")},
		"changed, not listed":           {known: known, get: changed, list: listed(), want: unreachable("GET LIST")},
		"changed, by HEAD":              {known: known, get: changed, list: denied, head: headed(12, other, id), want: overwritten("GET LIST HEAD")},
		"changed, HEAD is a page":       {known: known, get: changed, list: denied, head: headed(40), want: notS3("GET LIST HEAD")},
		"changed into one with no ETag": {known: known, get: changed, list: bare, head: headed(10, id), want: outcome{fault: source.ErrChanged, now: " 10", asked: "GET LIST HEAD"}},
	})
}

// An answer in the middle of an object is no more believed than one at its begin.
func TestAnswersToResumedGets(t *testing.T) {
	setCredentials(t)
	broken := says(200, digits[:4], tag, "Content-Length: 10")
	for name, c := range map[string]struct {
		then []answering
		list answering
		want outcome
	}{
		"pages, then the rest": {
			[]answering{says(200, page), says(200, page, other), says(200, ""), part("bytes 4-9/10", tag)},
			same, read("GET GET LIST GET LIST GET LIST GET"),
		},
		"refusals, then the rest": {
			[]answering{noRange, noKey, changed, part("bytes 4-9/10", tag)},
			same, read("GET GET HEAD LIST GET LIST GET LIST GET"),
		},
		"another version": {
			[]answering{part("bytes 4-9/12", other)},
			newer,
			outcome{body: digits[:4], fault: source.ErrChanged, now: "f 12", asked: "GET GET LIST"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			answers := append([]answering{broken}, c.then...)
			s := &responder{list: c.list, head: says(200, "", id)}
			s.get = func(w http.ResponseWriter) {
				now := answers[0]
				answers = answers[1:]
				now(w)
			}
			extra := map[string]int{}
			cl := client(t, serve(t, s), func(_ *s3io.Config, deps *s3io.Deps) {
				deps.ExtraRequest = func(api string, _ time.Time, _ error) { extra[api]++ }
			})
			body, err := open(cl, known)
			assert.Equal(t, c.want.body, body)
			assert.Equal(t, c.want.asked, s.requests(), "%v", err)
			for api, method := range map[string]string{"s3.get": "GET", "s3.list": "LIST", "s3.head": "HEAD"} {
				if api == "s3.get" {
					extra[api]++ // the first, which is the caller's to count
				}
				assert.Equal(t, strings.Count(c.want.asked, method), extra[api], "every request is counted: %s", api)
			}
			require.ErrorIs(t, err, c.want.fault)
			if changed := new(source.OverwrittenError); errors.As(err, &changed) {
				assert.Equal(t, "f", changed.Now.ETag)
				assert.Equal(t, int64(12), changed.Now.Size)
			}
		})
	}
}

func TestSecondLooksAreTold(t *testing.T) {
	setCredentials(t)
	var extra []string
	s := &responder{get: changed, list: denied, head: absent}
	cl := client(t, serve(t, s), func(_ *s3io.Config, deps *s3io.Deps) {
		deps.ExtraRequest = func(api string, _ time.Time, err error) { extra = append(extra, fmt.Sprint(api, " ", err != nil)) }
	})
	_, err := open(cl, known)
	require.Error(t, err)
	assert.Equal(t, []string{"s3.list true", "s3.head true"}, extra)
}
