package samplelogs

import (
	"fmt"
	"strings"
)

// get is a GET of an object by a client; a few are not found, not modified or
// denied.
func get(who client) func(*generator) {
	return func(g *generator) {
		r := g.getRequest(who)
		g.emit(&r)
	}
}

func (g *generator) getRequest(who client) request {
	r := g.newRequest("REST.GET.OBJECT")
	who(g, &r)
	g.object(&r, "GET", "x-id=GetObject")
	g.served(&r)
	return r
}

func head(who client) func(*generator) {
	return func(g *generator) {
		r := g.newRequest("REST.HEAD.OBJECT")
		who(g, &r)
		g.object(&r, "HEAD", "")
		g.served(&r)
		r.sent = 0
		g.emit(&r)
	}
}

func list(who client) func(*generator) {
	return func(g *generator) {
		r := g.newRequest("REST.GET.BUCKET")
		who(g, &r)
		prefix := g.site.key(g)
		prefix = prefix[:strings.LastIndexByte(prefix, '/')+1]
		query := "list-type=2&prefix=" + escapeAll(prefix) + "&delimiter=%2F&encoding-type=url"
		if g.chance(30) {
			query += "&continuation-token=" + escapeAll(g.hostID())
		}
		r.uri = "GET /?" + query + " HTTP/1.1"
		r.status, r.sent = 200, int64(400+g.rng.IntN(300000))
		g.timed(&r)
		g.emit(&r)
	}
}

// presignedGet is a link that an application handed to a browser; its query
// holds the temporary credentials and makes the longest records there are.
func presignedGet(g *generator) {
	r := g.newRequest("REST.GET.OBJECT")
	visitor(g, &r)
	r.requester = "arn:aws:sts::" + g.site.account + ":assumed-role/" + roles[0] + "/i-0" + g.text(16, lowerHex)
	r.signature, r.auth = "SigV4", "QueryString"
	query := fmt.Sprintf("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ASIA%s%%2F%s%%2F%s%%2Fs3%%2Faws4_request&X-Amz-Date=%s&X-Amz-Expires=%d",
		g.text(16, upperDigits), g.now.Format("20060102"), g.site.region, g.now.Format("20060102T150405Z"), 300*(1+g.rng.IntN(12)))
	if g.chance(25) {
		query += "&X-Amz-Security-Token=IQoJb3JpZ2luX2Vj" + g.text(280, tokenText) + "%3D%3D"
	}
	query += "&X-Amz-SignedHeaders=host"
	if g.chance(25) {
		query += "&response-content-disposition=attachment%3B%20filename%3D%22" + g.text(8, lowerHex) + ".pdf%22"
	}
	if g.chance(20) {
		query += "&x-traceparent=00-" + g.text(32, lowerHex) + "-" + g.text(16, lowerHex) + "-01"
	}
	g.object(&r, "GET", query+"&X-Amz-Signature="+g.text(64, lowerHex))
	g.served(&r)
	g.emit(&r)
}

// website is a request to the static website endpoint: HTTP only, anonymous.
func website(g *generator) {
	r := g.newRequest("WEBSITE.GET.OBJECT")
	visitor(g, &r)
	r.tls, r.cipher = "", ""
	r.host = g.site.webHost()
	g.object(&r, "GET", "")
	g.served(&r)
	if r.status == 404 && g.chance(50) {
		r.key = "wp-login.php"
		r.uri = "GET /wp-login.php HTTP/1.1"
	}
	g.emit(&r)
}

// configRead asks for a setting of the bucket, as consoles and audits do.
func configRead(g *generator) {
	what := pick(g, []struct{ operation, query string }{
		{"REST.GET.VERSIONING", "versioning"},
		{"REST.GET.ENCRYPTION", "encryption"},
		{"REST.GET.LIFECYCLE", "lifecycle"},
		{"REST.GET.LOGGING_STATUS", "logging"},
		{"REST.GET.ACL", "acl"},
		{"REST.GET.BUCKETPOLICY", "policy"},
	})
	r := g.newRequest(what.operation)
	person(g, &r)
	r.uri = "GET /?" + what.query + " HTTP/1.1"
	r.status, r.sent = 200, int64(110+g.rng.IntN(600))
	if what.query == "policy" && g.chance(50) {
		r.status, r.errorCode = 404, "NoSuchBucketPolicy"
	}
	g.timed(&r)
	g.emit(&r)
}

// fault is a request that S3 could not or would not serve.
func fault(g *generator) {
	what := pick(g, []struct {
		status int
		code   string
	}{{503, "SlowDown"}, {500, "InternalError"}, {403, "AccessDenied"}, {403, "SignatureDoesNotMatch"}, {412, "PreconditionFailed"}, {416, "InvalidRange"}})
	r := g.newRequest("REST.GET.OBJECT")
	application(g, &r)
	g.object(&r, "GET", "x-id=GetObject")
	r.status, r.errorCode = what.status, what.code
	r.sent, r.size = int64(240+g.rng.IntN(120)), 0
	g.timed(&r)
	r.turn = 0
	g.emit(&r)
}

// object names a key of the site in the request, with a query or without.
func (g *generator) object(r *request, method, query string) {
	key := g.site.key(g)
	escaped := escape(key)
	r.key = strings.ReplaceAll(escaped, "%", "%25")
	target := "/" + escaped
	if !g.site.website && g.chance(8) { // path style
		target = "/" + g.site.bucket + target
	}
	if query != "" {
		target += "?" + query
	}
	r.uri = method + " " + target + " HTTP/1.1"
}

// served gives a read its outcome.
func (g *generator) served(r *request) {
	size := g.size()
	switch n := g.rng.IntN(100); {
	case n < 84:
		r.status, r.sent, r.size = 200, size, size
	case n < 90:
		r.status, r.sent, r.size = 206, 1+g.rng.Int64N(size), size
	case n < 95:
		r.status, r.size = 304, size
	case n < 98:
		r.status, r.errorCode, r.sent = 404, "NoSuchKey", int64(280+g.rng.IntN(60))
	default:
		r.status, r.errorCode, r.sent = 403, "AccessDenied", 243
	}
	if g.site.versioned && r.size > 0 {
		r.version = g.text(32, tokenText)
	}
	g.timed(r)
}

// size is that of an object in bytes, from a few hundred to some tens of
// millions, each order of magnitude alike.
func (g *generator) size() int64 { return 200 + g.rng.Int64N(1<<(8+g.rng.IntN(18))) }

// timed gives the request its durations: what S3 needed, and the transfer at
// about 20 MB/s on top.
func (g *generator) timed(r *request) {
	r.turn = 6 + g.rng.IntN(40)
	if g.chance(3) {
		r.turn += g.rng.IntN(900)
	}
	r.total = r.turn + int(max(r.sent, r.size)/20000) + g.rng.IntN(5)
}

// escape percent-encodes a key as S3 does, leaving its slashes.
func escape(s string) string { return percent(s, "/") }

// escapeAll percent-encodes everything but the unreserved letters.
func escapeAll(s string) string { return percent(s, "") }

func percent(s, keep string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		unreserved := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
		if unreserved || strings.IndexByte(keep, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
