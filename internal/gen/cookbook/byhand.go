package cookbook

// Dates of the sample week, in the place of "a day ago" and "90 days ago".
const (
	newSince    = "2026-11-15"
	unreadSince = "2026-11-13"
)

// sel is Loki's selector of log records.
const sel = `{service_name=~"s3_access_logs.*"}`

func firstSeen() Question {
	return Question{
		Title: "Which requesters were not seen before?",
		About: "Users and roles whose first request to a bucket is of " + newSince + " or later: put yesterday there, and a time range of weeks around it. In LogQL: in the last day, and not in the 29 days before. Metrics by arrival do not tell.",
		LogsQL: selected + "\n  user.name:*\n| stats by (aws.s3.bucket, aws.requester.type, user.name) min(_time) as first, count() as requests" +
			"\n| filter first:>=\"" + newSince + "T00:00:00Z\"\n| sort by (first)",
		LogQL: "sum by (aws_s3_bucket, aws_requester_type, user_name) (count_over_time(\n  " + sel + "\n  | user_name!=\"\" [1d]))\nunless\n" +
			"sum by (aws_s3_bucket, aws_requester_type, user_name) (count_over_time(\n  " + sel + "\n  | user_name!=\"\" [29d] offset 1d))",
		DuckDB:     firstSeenSQL("TIMESTAMP '" + newSince + "'"),
		ClickHouse: firstSeenSQL("toDateTime64('" + newSince + " 00:00:00', 9, 'UTC')"),
		Report:     "no; the ranges of *Top*, \"Which requesters are busiest?\" can be compared.",
	}
}

func firstSeenSQL(since string) string {
	return "SELECT aws_s3_bucket, aws_requester_type, user_name, min(time) AS first, count(*) AS requests\nFROM s3_access\n" +
		"WHERE user_name IS NOT NULL\nGROUP BY ALL HAVING first >= " + since + " ORDER BY first;"
}

func costByPrefix() Question {
	return Question{
		Title: "What does each prefix and requester cost?",
		About: "Requests at the price of PUT, COPY, POST and LIST, all other ones, and bytes sent. Deletions and S3's own work are free and left out. Multiply with the prices of your Region (<https://aws.amazon.com/s3/pricing/>); bytes to the same Region cost nothing. " +
			"The prefix is the first folder. PromQL needs `metrics.key_prefix_depth: 1` and the attribute `aws.s3.key.prefix`; for bytes take `aws_s3_server_io_bytes_total`. The LogQL counts all requests.",
		LogsQL: selected + "\n  " + notFree.logsQL() + " !aws.s3.operation:~`^(?:" + free + ")$`" +
			"\n| extract_regexp \"^(?P<prefix>[^/]+/)\" from aws.s3.key" +
			"\n| stats by (aws.s3.bucket, prefix, aws.requester.type, user.name)\n  count() as requests,\n  count() if (" + dear.logsQL() + ") as writes_and_lists,\n  sum(http.response.body.size) as bytes_sent" +
			"\n| math requests - writes_and_lists as reads\n| sort by (requests desc)",
		LogQL: "sum by (aws_s3_bucket, prefix, aws_requester_type, user_name) (count_over_time(\n  " + sel + "\n  | http_response_status_code!=\"\"\n  | aws_s3_operation!~`" + free +
			"`\n  | label_format prefix=`{{ regexReplaceAll \"^([^/]+/)?.*\" .aws_s3_key \"$1\" }}` [30d]))",
		PromQL:     promQL("aws_s3_bucket, aws_s3_key_prefix, aws_requester_type, user_name", requestsTotal, "http_response_status_code!=\"\", aws_s3_operation!~\""+doubled(free)+"\""),
		DuckDB:     costSQL("nullif(regexp_extract(aws_s3_key, '^[^/]+/'), '')", duckDB.matches("aws_s3_operation", free), dear.sql(&duckDB)),
		ClickHouse: costSQL("nullIf(extract(aws_s3_key, '^[^/]+/'), '')", clickHouse.matches("aws_s3_operation", free), dear.sql(&clickHouse)),
		Report:     "*Top*, \"Which prefixes?\" (two folders) and \"Which requesters are busiest?\", apart from each other.",
	}
}

// dear are the requests at the price of PUT, COPY, POST and LIST.
var dear = matching(operation, `REST\.(PUT|POST)\..*|REST\.COPY\.(OBJECT|PART)|REST\.GET\.BUCKET(VERSIONS)?`)

// What S3 does not charge for: its own work has no status.
const free = `.*\.DELETE\..*|REST\.POST\.MULTI_OBJECT_DELETE`

var notFree = has(status)

func costSQL(prefix, isFree, priced string) string {
	return "SELECT aws_s3_bucket, " + prefix + " AS prefix, aws_requester_type, user_name,\n  count(*) AS requests,\n  count(*) FILTER (WHERE " + priced + ") AS writes_and_lists,\n" +
		"  count(*) - writes_and_lists AS reads,\n  sum(http_response_body_size) AS bytes_sent\nFROM s3_access\nWHERE http_response_status_code IS NOT NULL AND NOT " + isFree +
		"\nGROUP BY ALL ORDER BY requests DESC;"
}

// ofObjects are operations on an object that is there then, or that delete it.
var ofObjects = matching(operation, `(REST|WEBSITE)\.(GET|PUT|POST|COPY|HEAD|DELETE)\.(OBJECT|UPLOAD)|BATCH\.DELETE\.OBJECT|S3\..*OBJECT|S3\.CREATE\.DELETEMARKER`)

func unread() Question {
	read := is(operation, reads...)
	gone := is(operation, concat(deletions, ruleDeletions)...)
	return Question{
		Title: "Which objects did nobody read for 90 days?",
		About: "Objects with a record, not deleted, and without a read since " + unreadSince + ": put a day 90 days ago there, and a time range that is longer. Objects that had no request at all are in no log: join with S3 Inventory for these. A key that was deleted and written again is left out. " +
			"LogQL has the 90 days, and 180 before now for what there is.",
		LogsQL: selected + "\n  aws.s3.key:* " + ofObjects.logsQL() +
			"\n| stats by (aws.s3.bucket, aws.s3.key)\n  count() if (" + read.logsQL() + " _time:>=" + unreadSince + "T00:00:00Z) as reads_since,\n  count() if (" + gone.logsQL() + ") as deletions,\n  max(aws.s3.object.size) as bytes" +
			"\n| filter reads_since:=0 deletions:=0\n| sort by (bytes desc)\n| fields aws.s3.bucket, aws.s3.key, bytes",
		LogQL: "sum by (aws_s3_bucket, aws_s3_key) (count_over_time(\n  " + sel + "\n  | aws_s3_operation=~`(REST|WEBSITE)\\.(GET|PUT|POST|COPY|HEAD)\\.(OBJECT|UPLOAD)` [180d]))\nunless\n" +
			"sum by (aws_s3_bucket, aws_s3_key) (count_over_time(\n  " + sel + "\n  | " + read.logQL() + " [90d]))\nunless\n" +
			"sum by (aws_s3_bucket, aws_s3_key) (count_over_time(\n  " + sel + "\n  | " + gone.logQL() + " [180d]))",
		DuckDB:     unreadSQL(&duckDB, "TIMESTAMP '"+unreadSince+"'", read, gone),
		ClickHouse: unreadSQL(&clickHouse, "toDateTime64('"+unreadSince+" 00:00:00', 9, 'UTC')", read, gone),
		Report:     "no; it keeps the busiest keys only.",
	}
}

func unreadSQL(d *dialect, since string, read, gone condition) string {
	return "SELECT aws_s3_bucket, aws_s3_key, max(aws_s3_object_size) AS bytes\nFROM s3_access\nWHERE aws_s3_key IS NOT NULL\n  AND " + ofObjects.sql(d) +
		"\nGROUP BY ALL\nHAVING count(*) FILTER (WHERE " + read.sql(d) + "\n    AND time >= " + since + ") = 0\n  AND count(*) FILTER (WHERE " + gone.sql(d) + ") = 0\nORDER BY bytes DESC;"
}

func unfinished() Question {
	return Question{
		Title: "Which multipart uploads were never completed?",
		About: "Their parts are stored, and paid for, until somebody aborts the upload: let a lifecycle rule do so (`AbortIncompleteMultipartUpload`; its `S3.DELETE.UPLOAD` names the key and no upload, so that aborted ones are listed too). Uploads of the last hours may still be at work.",
		LogsQL: selected + "\n  aws.s3.upload_id:*\n| stats by (aws.s3.bucket, aws.s3.key, aws.s3.upload_id)\n  count() if (aws.s3.operation:=\"REST.PUT.PART\" http.response.status_code:=200) as parts,\n" +
			"  sum(aws.s3.object.size) if (aws.s3.operation:=\"REST.PUT.PART\" http.response.status_code:=200) as bytes,\n" +
			"  count() if (aws.s3.operation:in(\"REST.POST.UPLOAD\", \"REST.DELETE.UPLOAD\") http.response.status_code:<300) as ended" +
			"\n| filter parts:>0 ended:=0\n| sort by (bytes desc)\n| fields aws.s3.bucket, aws.s3.key, aws.s3.upload_id, parts, bytes",
		LogQL: "sum by (aws_s3_bucket, aws_s3_key, aws_s3_upload_id) (sum_over_time(\n  " + sel + "\n  | aws_s3_operation=\"REST.PUT.PART\"\n  | http_response_status_code=\"200\"\n  | unwrap aws_s3_object_size [30d]))\nunless\n" +
			"sum by (aws_s3_bucket, aws_s3_key, aws_s3_upload_id) (count_over_time(\n  " + sel + "\n  | aws_s3_operation=~`REST\\.(POST|DELETE)\\.UPLOAD`\n  | http_response_status_code < 300 [30d]))",
		DuckDB:     unfinishedSQL,
		ClickHouse: unfinishedSQL,
		Report:     "no.",
	}
}

const unfinishedSQL = `SELECT aws_s3_bucket, aws_s3_key, aws_s3_upload_id, count(*) FILTER (WHERE part) AS parts, sum(aws_s3_object_size) FILTER (WHERE part) AS bytes
FROM (SELECT *, aws_s3_operation = 'REST.PUT.PART' AND http_response_status_code = 200 AS part,
    aws_s3_operation IN ('REST.POST.UPLOAD', 'REST.DELETE.UPLOAD') AND http_response_status_code < 300 AS ended
  FROM s3_access WHERE aws_s3_upload_id IS NOT NULL) AS uploads
GROUP BY ALL HAVING parts > 0 AND count(*) FILTER (WHERE ended) = 0
ORDER BY bytes DESC;`
