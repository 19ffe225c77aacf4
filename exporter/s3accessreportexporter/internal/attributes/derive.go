package attributes

import (
	"strings"

	"github.com/otelcol-s3audit/otelcol-s3audit/exporter/s3accessreportexporter/internal/tally"
)

// derive sets what follows from several attributes.
func (r *reader) derive() {
	ok := r.Status >= 200 && r.Status < 300
	if ok && adds(r.Operation) {
		r.Added = r.objectSize
	}
	if r.Code != "" && r.Status >= 400 && isStatus(r.Code) {
		r.Code = "" // error.type repeats the status where S3 logged no code
	}
	website := strings.HasPrefix(r.Operation, "WEBSITE.")
	anonymous := r.kind == "anonymous" || r.kind == "" && r.Requester == "-"
	r.mark(tally.Website, website)
	r.mark(tally.Anonymous, anonymous && !website)
	r.mark(tally.Denied, r.Status == 403)
	r.mark(tally.DeniedAnonymous, r.Status == 403 && anonymous)
	r.mark(tally.PlainHTTP, r.scheme == "http" && !website)
	r.mark(tally.SigV2, r.signature == "SigV2")
	r.mark(tally.ACL, r.acl)
	r.mark(tally.Presigned, r.auth == "QueryString")
	r.mark(tally.Deleted, r.Status < 400 && deletes(r.Operation))
	r.mark(tally.Copied, r.Status < 400 && copies(r.Operation))
	if isOldTLS(r.tlsVersion) {
		r.TLS = r.tlsVersion
		r.mark(tally.TLS, true)
	}
	r.judge()
	if r.Confidence == 0 && r.Present&(1<<tally.HasThreat) != 0 {
		r.Confidence = uint8(len(tally.Confidences)) // the feed gave none
	}
	if r.Confidence == 0 {
		r.Actor, r.ThreatType, r.Feed, r.Feeds = "", "", "", ""
	} else if r.Feeds == "" {
		r.Feeds = r.Feed
	}
	if r.Country == "" {
		r.City, r.HasPoint = "", false
	}
	if !r.HasPoint {
		r.Lat, r.Lon = 0, 0
	}
}

func (r *reader) mark(k tally.Kind, is bool) {
	if is {
		r.Marks |= 1 << k
	}
}

// judge finds a value outside AWS's documented ones.
func (r *reader) judge() {
	switch r.signature {
	case "", "SigV2", "SigV4", "SigV4A":
	default:
		r.oddly("Signature Version", r.signature)
	}
	switch r.auth {
	case "", "AuthHeader", "QueryString":
	default:
		r.oddly("Authentication Type", r.auth)
	}
	switch r.tlsVersion {
	case "", "1", "1.0", "1.1", "1.2", "1.3":
	default:
		r.oddly("TLS version", r.tlsVersion)
	}
	if r.kind == "other" {
		r.oddly("Requester", r.Requester)
	}
	if r.original != "" {
		r.oddly("Request-URI: method", r.original)
	}
}

// oddly notes a value outside AWS's documented ones: one of a record.
func (r *reader) oddly(field, value string) {
	if r.OddField == "" {
		r.OddField, r.OddValue = field, r.kept(value)
	}
}

func isOldTLS(version string) bool { return version == "1" || version == "1.0" || version == "1.1" }

func isStatus(code string) bool {
	return len(code) == 3 && code[0] >= '4' && code[0] <= '5' && code[1] >= '0' && code[1] <= '9'
}

// adds reports whether an operation that was answered with 2xx adds an object or a part to
// the bucket. POST.UPLOAD does not: its parts were counted.
func adds(operation string) bool {
	switch operation {
	case "REST.PUT.OBJECT", "REST.PUT.PART", "REST.POST.OBJECT", "REST.COPY.OBJECT", "REST.COPY.PART":
		return true
	}
	return false
}

func copies(operation string) bool {
	return operation == "REST.COPY.OBJECT" || operation == "REST.COPY.PART"
}

// deletes reports whether an operation removes an object. A multi-object delete is logged
// as a request and, for each key, as BATCH.DELETE.OBJECT; the keys count.
func deletes(operation string) bool {
	switch operation {
	case "REST.DELETE.OBJECT", "BATCH.DELETE.OBJECT", "S3.EXPIRE.OBJECT", "S3.CREATE.DELETEMARKER":
		return true
	}
	return false
}
