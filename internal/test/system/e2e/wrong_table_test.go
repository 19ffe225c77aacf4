package e2e

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// askedRow is a row of the table: what is asked, and what an answer to it looks
// like. Its columns are wrongs.
type askedRow struct {
	what      asked
	sources   []string
	kind      string // Content-Type of right answers
	otherRoot string
	anothers  func(*exchange) // somebody else's right answer
	untrue    func(*exchange) // an error that ends an object when it is true
	hints     []string        // of which one is in the message, as long as it lasts
	but       map[wrong]but
}

// but is why a cell is not as the others of its row.
type but struct {
	out    string // why it is left out
	silent string // why nothing needs to be told while it lasts
	known  string // why nothing needs to be told of a feed that was read before
}

var (
	onlyBucket = []string{"bucket"}
	onlyQueue  = []string{"queue"}
	bothOfThem = []string{"bucket", "queue"}
	files      = []string{"directory"}

	s3Hints    = []string{"aws.endpoint", "proxies", "in trouble"}
	queueHints = []string{"queue.url", "proxies", "in trouble"}
	roleHints  = []string{"aws.role_arn", "AWS_ENDPOINT_URL_STS"}
	feedHints  = []string{feedName}
)

const (
	xmlType   = "application/xml"
	sqsType   = "application/x-amz-json-1.0"
	stixType  = "application/stix+json"
	taxiiType = "application/taxii+json;version=2.1"

	noBody       = "an answer to HEAD has no body: it is the empty 200 with another Content-Type"
	isResumed    = "a body that ends early is resumed, and each answer brings a part of the rest"
	isNoMessages = "SQS answers {} when there is no message, and unknown members of an answer are legal"
	isNothingNew = "of a collection that was read before only what was added since is asked for, and a server may answer that with nothing"
	isEnvelope   = "TAXII 2.1 allows an envelope without objects, and unknown members: it says that there is nothing new"
)

// errorsAre is of what is tried again after every error.
var errorsAre = but{out: "no error of it ends anything: outofreach_test.go"}

var (
	noErrors   = map[wrong]but{untrue: errorsAre}
	notResumed = map[wrong]but{cutShort: {silent: isResumed}, cutChunks: {silent: isResumed}}
)

// askedRows are the rows. All cells that are not in but are run, once with a
// single lie and once with one that lasts until something is told of it.
var askedRows = []askedRow{
	{what: firstList, sources: onlyBucket, kind: xmlType, otherRoot: listOfVersions, anothers: says(xmlType, listOfOther), hints: s3Hints, but: noErrors},
	{what: laterPage, sources: onlyBucket, kind: xmlType, otherRoot: listOfVersions, anothers: says(xmlType, emptyOfOther), hints: s3Hints, but: noErrors},
	{what: searchList, sources: onlyBucket, kind: xmlType, otherRoot: listOfVersions, anothers: says(xmlType, listOfOther), hints: s3Hints, but: noErrors},
	{what: sweepList, sources: onlyBucket, kind: xmlType, otherRoot: listOfVersions, anothers: says(xmlType, emptyOfOther), hints: s3Hints, but: noErrors},
	{
		what: firstGet, sources: bothOfThem, kind: "binary/octet-stream", otherRoot: allMyBuckets, anothers: objectOfOther, hints: s3Hints,
		untrue: claims(http.StatusNotFound, "NoSuchKey"), but: notResumed,
	},
	{
		what: resumedGet, sources: bothOfThem, kind: "binary/octet-stream", otherRoot: allMyBuckets, anothers: objectOfOther, hints: s3Hints,
		untrue: claims(http.StatusPreconditionFailed, "PreconditionFailed"), but: notResumed,
	},
	{
		what: headAsked, sources: bothOfThem, kind: "binary/octet-stream", anothers: objectOfOther, hints: s3Hints,
		untrue: claims(http.StatusNotFound, "NoSuchKey"),
		but: map[wrong]but{
			words: {out: noBody}, otherRoot: {out: noBody}, endless: {out: noBody},
			cutShort: {out: "there is no body to cut"}, cutChunks: {out: "there is no body to cut"},
		},
	},
	{
		what: receive, sources: onlyQueue, kind: sqsType, otherRoot: `["Messages"]`, hints: queueHints,
		anothers: says(sqsType, `{"Successful":[{"Id":"0"}],"Failed":[]}`),
		but:      map[wrong]but{words: {silent: isNoMessages}, anothers: {silent: isNoMessages}, untrue: errorsAre},
	},
	{
		what: deletion, sources: onlyQueue, kind: sqsType, otherRoot: `["Successful"]`, hints: queueHints,
		anothers: says(sqsType, `{"Successful":[{"Id":"77"}],"Failed":[]}`), but: noErrors,
	},
	{
		what: change, sources: onlyQueue, kind: sqsType, otherRoot: `["Successful"]`, hints: queueHints,
		anothers: says(sqsType, `{"Successful":[{"Id":"77"}],"Failed":[]}`), but: noErrors,
	},
	{what: assumeRole, sources: bothOfThem, kind: "text/xml", otherRoot: allMyBuckets, anothers: says("text/xml", callerIdentity), hints: roleHints, but: noErrors},
	{
		what: feedAsked, sources: files, kind: stixType, otherRoot: allMyBuckets, hints: feedHints,
		but: map[wrong]but{anothers: {out: "nothing in a feed says whose it is"}, untrue: errorsAre},
	},
	{
		what: taxiiFirst, sources: files, kind: taxiiType, otherRoot: `["objects"]`, hints: feedHints,
		anothers: says(taxiiType, `{"title":"API root","versions":["application/taxii+json;version=2.1"],"max_content_length":1000}`),
		but:      map[wrong]but{empty: {known: isNothingNew}, words: {known: isNothingNew}, anothers: {known: isNothingNew}, untrue: errorsAre},
	},
	{
		what: taxiiLater, sources: files, kind: taxiiType, otherRoot: `["objects"]`, hints: feedHints,
		anothers: says(taxiiType, `{"title":"API root","versions":["application/taxii+json;version=2.1"],"max_content_length":1000}`),
		but:      map[wrong]but{words: {silent: isEnvelope}, anothers: {silent: isEnvelope}, untrue: errorsAre},
	},
}

// cell is a request, a wrong answer to it, and how long it lasts.
type cell struct {
	row    askedRow
	source string
	answer wrong
	lasts  bool // until something is told of it; else a single lie
}

func (c cell) String() string {
	times := "once"
	if c.lasts {
		times = "lasting"
	}
	return c.source + "/" + string(c.row.what) + "/" + string(c.answer) + "/" + times
}

// lies is how many wrong answers a cell has: one 5xx is hidden by the SDK, which
// tries three times, and several objects are read at once.
func (c cell) lies() int {
	switch {
	case c.lasts:
		return always
	case c.answer == failure:
		return 4
	case c.row.what == firstGet:
		return 3
	default:
		return 1
	}
}

// common are the cells of make test: those that were tried and lost records, and
// one or two of each row.
var common = []string{
	"bucket/first list/empty 200/lasting", "bucket/first list/somebody else's right answer/once",
	"bucket/later page/empty 200/once", "bucket/later page/other root/lasting",
	"bucket/search for folders/empty 200/once", "bucket/search for folders/JSON/lasting",
	"bucket/sweep/empty 200/once", "bucket/sweep/307 to another host/lasting",
	"bucket/get/sign-in page/lasting", "bucket/get/somebody else's right answer/once", "queue/get/sign-in page/once", "queue/get/empty 200/lasting",
	"bucket/resumed get/cut/once", "queue/resumed get/somebody else's right answer/once",
	"bucket/get/untrue error of S3/once", "queue/resumed get/untrue error of S3/lasting",
	"bucket/head/empty 200/once", "queue/head/sign-in page/lasting",
	"queue/ReceiveMessage/empty 200/lasting", "queue/ReceiveMessage/cut/once",
	"queue/DeleteMessageBatch/JSON/lasting", "queue/ChangeMessageVisibilityBatch/empty 200/lasting",
	"bucket/AssumeRole/empty 200/lasting", "queue/AssumeRole/307 to another host/lasting",
	"directory/feed/307 to another host/lasting", "directory/later page of taxii/empty 200/lasting",
}

// allCells are the cells of the table that are not left out.
func allCells() (cells []cell) {
	for _, row := range askedRows {
		for _, source := range row.sources {
			for _, answer := range wrongs {
				if row.but[answer].out != "" {
					continue
				}
				cells = append(cells, cell{row, source, answer, true})
				if !row.ofFeed() { // a feed is asked again after half a minute only
					cells = append(cells, cell{row, source, answer, false})
				}
			}
		}
	}
	return cells
}

func (a askedRow) ofFeed() bool { return slices.Equal(a.sources, files) }

func TestTheTableOfWrongAnswersIsWhole(t *testing.T) {
	names := map[string]bool{}
	for _, c := range allCells() {
		names[c.String()] = true
	}
	for _, name := range common {
		assert.True(t, names[name], "there is no cell %s", name)
	}
	for _, row := range askedRows {
		assert.NotEmpty(t, row.hints, row.what)
		for answer, why := range row.but {
			assert.Contains(t, wrongs, answer, row.what)
			assert.NotEmpty(t, why.out+why.silent+why.known, "%s, %s: there is no reason", row.what, answer)
		}
		assert.True(t, row.anothers != nil || row.but[anothers].out != "", row.what)
		assert.True(t, row.untrue != nil || row.but[untrue].out != "", row.what)
		assert.True(t, row.otherRoot != "" || row.but[otherRoot].out != "", row.what)
	}
}
