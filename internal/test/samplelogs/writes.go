package samplelogs

import (
	"strconv"
	"strings"
	"time"
)

func put(who client) func(*generator) {
	return func(g *generator) {
		r := g.newRequest("REST.PUT.OBJECT")
		who(g, &r)
		g.object(&r, "PUT", "x-id=PutObject")
		r.status, r.size = 200, g.size()
		if g.site.versioned {
			r.version = g.text(32, tokenText)
		}
		if g.chance(8) {
			r.acl = "Yes"
		}
		if g.chance(3) {
			r.status, r.errorCode, r.sent, r.size, r.version = 403, "AccessDenied", 243, 0, ""
		}
		g.timed(&r)
		g.emit(&r)
	}
}

// multipart is a whole upload: start, two to five parts, completion.
func multipart(g *generator) {
	const part = 8 << 20 // bytes
	start := g.newRequest("REST.POST.UPLOADS")
	application(g, &start)
	g.object(&start, "POST", "")
	target := strings.TrimSuffix(start.uri[len("POST "):], " HTTP/1.1")
	upload := g.text(64, tokenText) + "--"
	step := func(operation, uri string) request {
		r := start
		r.operation, r.uri = operation, uri+" HTTP/1.1"
		r.id, r.hostID, r.time = g.text(16, upperDigits), g.hostID(), g.now
		r.status = 200
		return r
	}

	r := step("REST.POST.UPLOADS", "POST "+target+"?uploads=")
	r.sent = 390
	g.timed(&r)
	g.emit(&r)

	parts := 2 + g.rng.IntN(4)
	for n := 1; n <= parts; n++ {
		g.now = g.now.Add(time.Duration(400+g.rng.IntN(900)) * time.Millisecond)
		r = step("REST.PUT.PART", "PUT "+target+"?partNumber="+strconv.Itoa(n)+"&uploadId="+upload+"&x-id=UploadPart")
		r.size = part
		if n == parts {
			r.size = 1 + g.rng.Int64N(part)
		}
		g.timed(&r)
		g.emit(&r)
	}

	g.now = g.now.Add(time.Second)
	r = step("REST.POST.UPLOAD", "POST "+target+"?uploadId="+upload)
	r.sent, r.size = 520, int64(parts)*part
	if g.site.versioned {
		r.version = g.text(32, tokenText)
	}
	g.timed(&r)
	g.emit(&r)
}

// copyObject is both halves of a copy; the half that reads the source has
// neither a request line nor a status.
func copyObject(g *generator) {
	r := g.newRequest("REST.COPY.OBJECT")
	application(g, &r)
	g.object(&r, "PUT", "x-id=CopyObject")
	r.status, r.sent, r.size = 200, 234, g.size()
	g.timed(&r)

	from := r
	from.operation, from.uri = "REST.COPY.OBJECT_GET", ""
	from.key = strings.ReplaceAll(escape(g.site.key(g)), "%", "%25")
	from.status, from.sent, from.total, from.turn = 0, 0, 0, 0
	g.emit(&from)
	g.emit(&r)
}

// batchDelete is a DeleteObjects request and a record for each key, which is
// form-encoded once there.
func batchDelete(g *generator) {
	r := g.newRequest("REST.POST.MULTI_OBJECT_DELETE")
	application(g, &r)
	r.uri = "POST /?delete= HTTP/1.1"
	r.status, r.sent = 200, int64(300+g.rng.IntN(900))
	g.timed(&r)
	g.emit(&r)

	each := r
	each.operation, each.uri = "BATCH.DELETE.OBJECT", "-"
	each.status, each.sent, each.total, each.turn = 204, 0, 0, 0
	for range 2 + g.rng.IntN(4) {
		each.key = formEscape(g.site.key(g))
		each.size = g.size()
		g.emit(&each)
	}
}

// lifecycle is S3's own work on old objects; it has no client.
func lifecycle(g *generator) {
	r := g.newRequest(pick(g, []string{
		"S3.EXPIRE.OBJECT", "S3.CREATE.DELETEMARKER", "S3.TRANSITION_SIA.OBJECT", "S3.TRANSITION_GIR.OBJECT", "S3.TRANSITION.OBJECT", "S3.DELETE.UPLOAD",
	}))
	r.requester = "AmazonS3"
	r.key = formEscape(g.site.key(g))
	r.size = g.size()
	if g.site.versioned {
		r.version = g.text(32, tokenText)
	}
	g.emit(&r)
}

// checksum is a record of a compute-checksum job: its request id is a UUID.
func checksum(g *generator) {
	r := g.newRequest("S3.COMPUTE.OBJECT.CHECKSUM")
	r.requester = "AmazonS3"
	r.id = g.uuid()
	r.key = formEscape(g.site.key(g))
	r.size = g.size()
	g.emit(&r)
}

// delivery is an AWS service that writes its own logs into the bucket.
func delivery(g *generator) {
	r := g.newRequest("REST.PUT.OBJECT")
	r.requester = pick(g, []string{"svc:delivery.logs.amazonaws.com", "svc:cloudtrail.amazonaws.com"})
	g.signed(&r)
	g.object(&r, "PUT", "")
	r.status, r.size, r.acl = 200, g.size(), "Yes"
	g.timed(&r)
	g.emit(&r)
}

// formEscape encodes a key once, a space as "+".
func formEscape(s string) string { return strings.ReplaceAll(escape(s), "%20", "+") }
