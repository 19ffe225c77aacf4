package e2e

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// wrong is an answer that is not what it should be.
type wrong string

const (
	empty     wrong = "empty 200"
	page      wrong = "sign-in page"
	words     wrong = "JSON"
	otherRoot wrong = "other root"
	cutShort  wrong = "cut" // with the length of what is left
	cutChunks wrong = "cut without a length"
	elsewhere wrong = "307 to another host"
	failure   wrong = "5xx with HTML"
	anothers  wrong = "somebody else's right answer"
	endless   wrong = "200 MB"
	untrue    wrong = "untrue error of S3"
)

// wrongs are the columns of the table.
var wrongs = []wrong{empty, page, words, otherRoot, cutShort, cutChunks, elsewhere, failure, anothers, endless, untrue}

const signIn = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\n<body><form action=\"/login\"><input name=\"user\"></form></body></html>\n"

// give answers an exchange wrongly.
func (a askedRow) give(which wrong, x *exchange) {
	switch which {
	case empty:
		x.say(http.StatusOK, a.kind, "")
	case page:
		x.say(http.StatusOK, "text/html; charset=utf-8", signIn)
	case words:
		x.say(http.StatusOK, "application/json", `{"error":"login required","login":"https://login.example.com/"}`)
	case otherRoot:
		x.say(http.StatusOK, a.kind, a.otherRoot)
	case cutShort:
		body := half(x)
		x.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		x.w.WriteHeader(x.status)
		_, _ = x.w.Write(body)
	case cutChunks:
		body := half(x)
		x.w.Header().Del("Content-Length")
		x.w.WriteHeader(x.status)
		_ = http.NewResponseController(x.w).Flush() // or a short body has a length all the same
		_, _ = x.w.Write(body)
	case elsewhere:
		x.say(http.StatusTemporaryRedirect, "text/html", signIn, "Location", x.other+x.r.URL.RequestURI())
	case failure:
		x.say(http.StatusBadGateway, "text/html", "<html><body><h1>502 Bad Gateway</h1></body></html>\n")
	case anothers:
		a.anothers(x)
	case untrue:
		a.untrue(x)
	case endless:
		x.w.Header().Set("Content-Type", a.kind)
		piece := []byte(strings.Repeat("<p>please sign in</p>\n", 1<<20/22))
		for range 200 {
			if _, err := x.w.Write(piece); err != nil {
				return // it has had enough
			}
		}
	}
}

// half asks the server, takes over the header of its answer and returns the first
// half of the body.
func half(x *exchange) []byte {
	answer := x.right()
	for name, values := range answer.Header() {
		x.w.Header()[name] = values
	}
	x.status = answer.Code
	return answer.Body.Bytes()[:(answer.Body.Len()+1)/2]
}

// breakOff is an answer whose connection breaks in the middle of the body.
func breakOff(x *exchange) {
	answer := x.right()
	for name, values := range answer.Header() {
		x.w.Header()[name] = values
	}
	x.w.Header().Set("Content-Length", strconv.Itoa(answer.Body.Len()))
	x.w.WriteHeader(answer.Code)
	_, _ = x.w.Write(answer.Body.Bytes()[:answer.Body.Len()/2])
	_ = http.NewResponseController(x.w).Flush()
	panic(http.ErrAbortHandler)
}

// beyond is the answer to a range that begins behind the end.
var beyond = claims(http.StatusRequestedRangeNotSatisfiable, "InvalidRange")

// What others are answered, and rightly.
const (
	listOfOther = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>logs</Name><KeyCount>2</KeyCount><MaxKeys>1000</MaxKeys>` +
		`<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>` +
		`<Contents><Key>other/2026-11-09-00-00-00-AAAAAAAAAAAAAAAA</Key><LastModified>2026-11-09T00:00:01.000Z</LastModified><ETag>&quot;9b2cf535f27731c974343645a3985328&quot;</ETag><Size>7</Size><StorageClass>STANDARD</StorageClass></Contents>` +
		`<Contents><Key>x</Key><LastModified>2026-11-09T00:00:01.000Z</LastModified><ETag>&quot;9b2cf535f27731c974343645a3985328&quot;</ETag><Size>7</Size><StorageClass>STANDARD</StorageClass></Contents>` +
		`<CommonPrefixes><Prefix>other/999999999999/</Prefix></CommonPrefixes></ListBucketResult>`
	allMyBuckets = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner><ID>1</ID></Owner><Buckets></Buckets></ListAllMyBucketsResult>`
	emptyOfOther = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>logs</Name><Prefix>other/</Prefix><KeyCount>0</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>`
	listOfVersions = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>logs</Name><Prefix></Prefix><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListVersionsResult>`
	callerIdentity = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>` +
		`<Arn>arn:aws:iam::111122223333:user/reader</Arn><UserId>AIDA</UserId><Account>111122223333</Account></GetCallerIdentityResult>` +
		`<ResponseMetadata><RequestId>LIAR</RequestId></ResponseMetadata></GetCallerIdentityResponse>`
	otherObject = "79a5 another-bucket [09/Nov/2026:00:00:00 +0000] 192.0.2.3 - 3E57427F3EXAMPLE REST.GET.VERSIONING - \"GET /another-bucket?versioning HTTP/1.1\" 200 - 113 - 7 - \"-\" \"S3Console/0.4\" - s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader another-bucket.s3.us-west-1.amazonaws.com TLSV1.2 - -\n"
	otherETag   = `"9b2cf535f27731c974343645a3985328"`
)

// claims answers with an error in S3's own words.
func claims(status int, code string) func(*exchange) {
	return func(x *exchange) {
		x.say(status, "application/xml", `<?xml version="1.0" encoding="UTF-8"?><Error><Code>`+code+`</Code><Message>no</Message><RequestId>LIAR</RequestId></Error>`,
			"X-Amz-Request-Id", "LIAR")
	}
}

func says(kind, body string) func(*exchange) {
	return func(x *exchange) { x.say(http.StatusOK, kind, body) }
}

// objectOfOther answers with an object that is not the one asked for, from the
// byte on that was asked for.
func objectOfOther(x *exchange) {
	status, header := http.StatusOK, []string{"ETag", otherETag, "X-Amz-Request-Id", "LIAR", "Last-Modified", "Mon, 09 Nov 2026 00:00:00 GMT"}
	if from, ranged := strings.CutPrefix(x.r.Header.Get("Range"), "bytes="); ranged {
		status = http.StatusPartialContent
		at, _ := strconv.Atoi(strings.TrimSuffix(from, "-"))
		header = append(header, "Content-Range", fmt.Sprintf("bytes %d-%d/%d", at, at+len(otherObject)-1, at+len(otherObject)))
	}
	x.say(status, "binary/octet-stream", otherObject, header...)
}
