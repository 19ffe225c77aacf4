package cookbook

var (
	byWhom  = []string{"aws_s3_bucket", "aws_requester_type", "user_name"}
	isOK    = is("http_response_status_code", "2..")
	isRead  = is("aws_s3_operation", `(REST|WEBSITE)\.GET\.OBJECT`)
	isGone  = is("aws_s3_operation", `(REST|BATCH)\.DELETE\.OBJECT`)
	oneFile = all(is("aws_s3_bucket", `www\.example\.org`), is("aws_s3_key", `downloads/price list 2026\.pdf`))

	requests  = count()
	bytesSent = sum("http_response_body_size")
	keys      = different("aws_s3_key")
	clients   = different("client_address")
)

func by(more ...string) []string { return append(byWhom[:3:3], more...) }

// counted is a figure of requests, in the logs by more than in the metrics.
func counted(keep func(*request) bool, metricBy, logsBy []string) figure {
	return figure{
		keep: keep, by: logsBy, values: map[string]measure{"requests": requests},
		metric: &metric{keep: keep, by: metricBy, value: requests},
	}
}

func costs(q *request) bool {
	return q.labels["http_response_status_code"] != "" && !is("aws_s3_operation", `(REST|BATCH)\.DELETE\..*|REST\.POST\.MULTI_OBJECT_DELETE`)(q)
}

// figures are those of all questions, by their headings.
var figures = map[string]figure{
	"Who deleted or overwrote this object?": {
		keep: all(oneFile, is("aws_s3_operation", `REST\.(PUT|POST|COPY|DELETE)\.OBJECT|REST\.POST\.UPLOAD|BATCH\.DELETE\.OBJECT|S3\.EXPIRE\.OBJECT|S3\.CREATE\.DELETEMARKER`)),
		by:   []string{"time", "aws_s3_operation", "http_response_status_code", "user_id", "client_address", "aws_s3_version_id", "aws_request_id"},
	},
	"Who read this object from outside?": {
		keep: all(oneFile, isRead, isOK, isNot("client_address", `|10\..*`)),
		by:   []string{"time", "client_address", "user_id", "aws_s3_operation", "http_response_body_size", "user_agent_original"},
	},
	"Who deleted objects, and how many?": {
		keep: all(isGone, isOK), by: byWhom, values: map[string]measure{"objects": requests, "keys": keys},
		metric: &metric{keep: all(isGone, isOK), by: byWhom, value: requests},
	},
	"What did this person do?": {
		keep: is("aws_requester_session_name", `maria\.keller@example\.com`), by: []string{"aws_s3_bucket", "aws_s3_operation"},
		values: map[string]measure{"requests": requests, "bytes_sent": bytesSent, "denied": count(is("http_response_status_code", "403"))},
	},
	"Who was denied?": counted(is("http_response_status_code", "403"), by("error_type"), by("error_type")),
	"Which objects are read anonymously?": {
		keep: all(is("aws_requester_type", "anonymous"), isRead, isOK), by: []string{"aws_s3_bucket", "aws_s3_key", "aws_s3_operation"}, top: 20, order: "requests",
		values: map[string]measure{"requests": requests, "clients": clients, "bytes_sent": bytesSent},
		metric: &metric{keep: all(is("aws_requester_type", "anonymous"), isRead, isOK), by: []string{"aws_s3_bucket", "aws_s3_operation"}, value: requests},
	},
	"Which presigned links were used, and who signed them?": {
		keep: is("aws_s3_auth_type", "QueryString"), by: by("aws_s3_operation"),
		values: map[string]measure{"requests": requests, "keys": keys, "clients": clients},
		metric: &metric{keep: is("aws_s3_auth_type", "QueryString"), by: by("aws_s3_operation"), value: requests},
	},
	"Which requesters were not seen before?": {
		keep: isNot("user_name", ""), by: byWhom, values: map[string]measure{"requests": requests, "_before": count(isNot("time", "2026-11-1[5-9].*"))},
		having: func(r row) bool { return r["_before"].most == 0 },
	},
	"Which other accounts reach the buckets?": {
		keep: isNot("aws_requester_account_id", "|111122223333|444455556666"), by: by("aws_requester_account_id"),
		values: map[string]measure{"requests": requests, "denied": count(is("http_response_status_code", "403"))},
	},
	"Who guesses names of objects?": {
		keep: all(is("http_response_status_code", "40[34]"), isNot("aws_s3_key", ""), isNot("client_address", "")), by: []string{"client_address"}, top: 20, order: "keys",
		values: map[string]measure{"requests": requests, "keys": keys},
	},
	"What did clients get that a threat feed names?": {
		keep: all(isOK, isNot("threat_indicator_confidence", "")), by: []string{"client_address", "threat_group_name", "threat_indicator_confidence", "aws_s3_bucket"},
		values: map[string]measure{"requests": requests, "bytes_sent": bytesSent, "keys": keys},
		metric: &metric{keep: isNot("threat_indicator_confidence", ""), by: []string{"aws_s3_bucket", "client_address", "threat_group_name", "threat_indicator_confidence"}, value: requests},
	},
	"Who read or changed the settings of a bucket?": counted(
		is("aws_s3_operation", `REST\.(GET|PUT|DELETE)\.(ACL|BUCKETPOLICY|ENCRYPTION|LIFECYCLE|LOGGING_STATUS|VERSIONING)`), by("aws_s3_operation"), by("aws_s3_operation")),

	"Which principals still need ACLs?":         counted(is("aws_s3_acl_required", "true"), by("aws_s3_operation"), by("aws_s3_operation")),
	"Who still signs with Signature Version 2?": counted(is("aws_signature_version", "SigV2"), byWhom, by("user_agent_original")),
	"Who uses TLS below 1.2?":                   counted(is("tls_protocol_version", `1\.[01]`), by("tls_protocol_version"), by("tls_protocol_version", "user_agent_original")),
	"What travels over plain HTTP?": {
		keep: all(is("url_scheme", "http"), isNot("http_response_status_code", "")), by: by("aws_s3_operation"), values: map[string]measure{"requests": requests},
		metric: &metric{
			keep: all(is("tls_protocol_version", ""), isNot("http_response_status_code", ""), isNot("aws_s3_operation", `(BATCH|S3)\..*`)),
			by:   by("aws_s3_operation"), value: requests,
		},
	},

	"Did one requester copy or delete many objects at once?": {
		keep: all(is("aws_s3_operation", `(REST|BATCH)\.DELETE\.OBJECT|REST\.COPY\.OBJECT`), isOK), by: []string{"hour", "aws_s3_bucket", "user_id", "aws_s3_operation"},
		values: map[string]measure{"objects": requests, "keys": keys}, order: "objects", least: 20,
		metric: &metric{
			keep: all(is("aws_s3_operation", `(REST|BATCH)\.DELETE\.OBJECT|REST\.COPY\.OBJECT`), isOK),
			by:   by("aws_s3_operation"), value: requests, least: 20,
		},
	},
	"Who took the most data?": {
		keep: isOK, by: byWhom, values: map[string]measure{"bytes_sent": bytesSent, "requests": requests, "keys": keys}, top: 20, order: "bytes_sent",
		metric: &metric{keep: all(), by: byWhom, value: bytesSent},
	},

	"Which operations are slow?": {
		keep: isNot("aws_s3_total_time", ""), by: []string{"aws_s3_bucket", "aws_s3_operation"}, top: 20, order: "p95_ms",
		values: map[string]measure{"p95_ms": p95("aws_s3_total_time"), "requests": requests},
		metric: &metric{keep: isNot("aws_s3_total_time", ""), by: []string{"aws_s3_bucket", "aws_s3_operation"}, value: p95Bucket},
	},
	"When does S3 ask to slow down?": {
		keep: all(is("http_response_status_code", "503"), is("error_type", "SlowDown")), by: []string{"hour", "aws_s3_bucket", "aws_s3_operation"},
		values: map[string]measure{"requests": requests, "requesters": different("user_id")},
		metric: &metric{keep: is("error_type", "SlowDown"), by: []string{"aws_s3_bucket", "aws_s3_operation"}, value: requests},
	},
	"What do lifecycle rules do?": {
		keep: is("aws_s3_operation", `S3\..*`), by: []string{"aws_s3_bucket", "aws_s3_operation"},
		values: map[string]measure{"objects": requests, "bytes": sum("aws_s3_object_size")},
		metric: &metric{keep: is("aws_s3_operation", `S3\..*`), by: []string{"aws_s3_bucket", "aws_s3_operation"}, value: requests},
	},
	"What does replication write and read?": {
		keep: is("user_id", ".*/s3-replication"), by: []string{"aws_s3_bucket", "aws_s3_operation", "user_name", "aws_requester_account_id"},
		values: map[string]measure{"requests": requests, "bytes": sum("aws_s3_object_size"), "failed": count(is("http_response_status_code", "[45].."))},
	},

	"What does each prefix and requester cost?": {
		keep: costs, by: by("prefix"),
		values: map[string]measure{
			"requests": requests, "bytes_sent": bytesSent,
			"writes_and_lists": count(is("aws_s3_operation", `REST\.(PUT|POST)\..*|REST\.COPY\.(OBJECT|PART)|REST\.GET\.BUCKET(VERSIONS)?`)),
			"reads":            count(isNot("aws_s3_operation", `REST\.(PUT|POST)\..*|REST\.COPY\.(OBJECT|PART)|REST\.GET\.BUCKET(VERSIONS)?`)),
		},
		metric: &metric{keep: costs, by: by("aws_s3_key_prefix"), value: requests},
	},
	"Which keys are hot?": {
		keep: all(isRead, isNot("aws_s3_key", "")), by: []string{"aws_s3_bucket", "aws_s3_key"}, top: 20, order: "requests",
		values: map[string]measure{"requests": requests, "bytes_sent": bytesSent, "clients": clients},
	},
	"Which objects did nobody read for 90 days?": {
		keep: all(isNot("aws_s3_key", ""), is("aws_s3_operation", `(REST|WEBSITE)\.(GET|PUT|POST|COPY|HEAD|DELETE)\.(OBJECT|UPLOAD)|BATCH\.DELETE\.OBJECT|S3\..*OBJECT|S3\.CREATE\.DELETEMARKER`)),
		by:   []string{"aws_s3_bucket", "aws_s3_key"},
		values: map[string]measure{
			"bytes": largest("aws_s3_object_size"), "_reads": count(isRead, isNot("time", "2026-11-(0.|1[0-2]).*")),
			"_gone": count(is("aws_s3_operation", `(REST|BATCH)\.DELETE\.OBJECT|S3\.EXPIRE\.OBJECT|S3\.CREATE\.DELETEMARKER`)),
		},
		having: func(r row) bool { return r["_reads"].most == 0 && r["_gone"].most == 0 },
	},
	"Which multipart uploads were never completed?": {
		keep: isNot("aws_s3_upload_id", ""), by: []string{"aws_s3_bucket", "aws_s3_key", "aws_s3_upload_id"},
		values: map[string]measure{
			"parts": count(isPart), "bytes": sum("aws_s3_object_size", isPart),
			"_ended": count(is("aws_s3_operation", `REST\.(POST|DELETE)\.UPLOAD`), isOK),
		},
		having: func(r row) bool { return r["_ended"].most == 0 && r["parts"].most > 0 },
	},
}

var isPart = all(is("aws_s3_operation", `REST\.PUT\.PART`), is("http_response_status_code", "200"))
