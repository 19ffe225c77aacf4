package e2e

import (
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/s3test"
)

// asked is what a collector asks a server for.
type asked string

const (
	firstList  asked = "first list"
	laterPage  asked = "later page"
	searchList asked = "search for folders"
	sweepList  asked = "sweep"
	pollList   asked = "poll"
	dayList    asked = "day"
	secondLook asked = "second look" // a list with a whole key as its prefix
	firstGet   asked = "get"
	resumedGet asked = "resumed get"
	headAsked  asked = "head"
	receive    asked = "ReceiveMessage"
	deletion   asked = "DeleteMessageBatch"
	change     asked = "ChangeMessageVisibilityBatch"
	assumeRole asked = "AssumeRole"
	feedAsked  asked = "feed"
	taxiiFirst asked = "taxii"
	taxiiLater asked = "later page of taxii"
)

// Where what is no part of AWS is served, and the prefix whose keys have folders.
const (
	feedPath   = "/feed.json"
	taxiiPath  = "/taxii/collections/1/"
	partPrefix = "parts/"
)

// askedFor tells what a request of the collector is.
func askedFor(r *http.Request) asked {
	query := r.URL.Query()
	action, isSQS := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
	switch {
	case isSQS:
		return asked(action)
	case r.Method == http.MethodPost:
		return assumeRole
	case r.URL.Path == feedPath:
		return feedAsked
	case strings.HasPrefix(r.URL.Path, taxiiPath):
		if query.Has("next") {
			return taxiiLater
		}
		return taxiiFirst
	case query.Has("list-type"):
		return askedByList(query.Get("prefix"), query.Get("start-after"), query.Has("delimiter"), query.Has("continuation-token"))
	case r.Method == http.MethodHead:
		return headAsked
	case r.Header.Get("Range") != "":
		return resumedGet
	}
	return firstGet
}

var dayFolder = regexp.MustCompile(`/\d{4}/\d\d/\d\d/$`)

func askedByList(prefix, after string, delimiter, token bool) asked {
	name := prefix[strings.LastIndexByte(prefix, '/')+1:]
	switch {
	case token:
		return laterPage
	case len(name) > len("2006-01-02-15-04-05-"):
		return secondLook
	case len(after) == len(prefix)+len("2006-01-02-"):
		return sweepList
	case after != "":
		return pollList
	case delimiter && strings.HasPrefix(prefix, partPrefix):
		return searchList
	case dayFolder.MatchString(prefix):
		return dayList
	}
	return firstList
}

// exchange is a request and what is around it.
type exchange struct {
	w     http.ResponseWriter
	r     *http.Request
	next  http.Handler // the server
	other string       // URL of another host

	status int // of the right answer, once it was asked for
}

// right asks the server and keeps its answer.
func (x *exchange) right() *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	x.next.ServeHTTP(answer, x.r)
	return answer
}

// say answers.
func (x *exchange) say(status int, kind, body string, header ...string) {
	h := x.w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	x.w.WriteHeader(status)
	if x.r.Method != http.MethodHead {
		_, _ = io.WriteString(x.w, body)
	}
}

// always is the number of lies for those that last until heal.
const always = math.MaxInt

// liar stands between a collector and its servers, and answers some of the
// requests itself. All methods may be called at any time.
type liar struct {
	trap     *trap
	server   *s3test.Server // that requests are signed for anew
	pageSize int            // of lists

	mu sync.Mutex // guards everything below
	// choose returns how to answer, nil: the truth; counts: it is one of the lies.
	// mu is held.
	choose func(what asked, left int) (give func(*exchange), counts bool)
	left   int // lies yet to be told
	lies   map[asked]int
	truths map[asked]int
}

func newLiar(t testing.TB) *liar {
	t.Helper()
	return &liar{
		trap:   newTrap(t),
		choose: func(asked, int) (func(*exchange), bool) { return nil, false },
		lies:   map[asked]int{}, truths: map[asked]int{},
	}
}

// before puts the liar before a server, and returns where it is.
func (l *liar) before(t testing.TB, target string) string {
	t.Helper()
	return newDoor(t, target, l.serve).URL
}

// arm lets the liar begin.
func (l *liar) arm(lies int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left = lies
}

// heal lets the liar tell the truth from now on.
func (l *liar) heal() { l.arm(0) }

// told returns how many lies of a kind were told.
func (l *liar) told(what asked) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lies[what]
}

// lied returns how many lies of each kind were told.
func (l *liar) lied() map[asked]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.lies)
}

// passed returns how many requests of each kind were answered by the servers.
func (l *liar) passed() map[asked]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.truths)
}

func (l *liar) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	what, r := askedFor(r), l.forServer(r)
	l.mu.Lock()
	give, counts := l.choose(what, l.left)
	if counts {
		if l.left != always {
			l.left--
		}
		l.lies[what]++
	}
	l.mu.Unlock()
	if give != nil {
		give(&exchange{w: w, r: r, next: next, other: l.trap.url})
		_, _ = io.Copy(io.Discard, r.Body) // or the connection's end is not seen
		return
	}
	next.ServeHTTP(w, r)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.truths[what]++
}

// forServer is a request as the server takes it: with smaller pages than a
// thousand, and without a session token, which it does not know. It is signed anew.
func (l *liar) forServer(r *http.Request) *http.Request {
	lists := l.pageSize > 0 && r.URL.Query().Has("list-type")
	if !lists && (r.Header.Get(sessionToken) != roleToken || r.Header.Get("X-Amz-Target") != "") {
		return r
	}
	out := r.Clone(r.Context())
	if lists {
		query := out.URL.Query()
		query.Set("max-keys", strconv.Itoa(l.pageSize))
		out.URL.RawQuery = query.Encode()
	}
	for _, name := range []string{"Authorization", "X-Amz-Date", sessionToken} {
		out.Header.Del(name)
	}
	key := aws.Credentials{AccessKeyID: l.server.AccessKey, SecretAccessKey: l.server.SecretKey}
	if err := v4.NewSigner().SignHTTP(r.Context(), key, out, emptyHash, "s3", s3test.Region, time.Now()); err != nil {
		return r // and the server refuses it
	}
	return out
}

const (
	sessionToken = "X-Amz-Security-Token"
	roleToken    = "token-of-the-role"
)

const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// trap is another host, which nobody is to be sent to.
type trap struct {
	url string

	mu    sync.Mutex // guards everything below
	calls []string
}

func newTrap(t testing.TB) *trap {
	t.Helper()
	p := &trap{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.calls = append(p.calls, r.Method+" "+r.URL.Path)
		w.WriteHeader(http.StatusForbidden) // as S3 answers who does not sign
		_, _ = io.WriteString(w, `<Error><Code>AccessDenied</Code><Message>Access Denied</Message><RequestId>TRAP</RequestId></Error>`)
	}))
	t.Cleanup(server.Close)
	p.url = strings.Replace(server.URL, "127.0.0.1", "localhost", 1) // another host by its name too
	return p
}

// caught returns the requests that came.
func (p *trap) caught() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls
}
