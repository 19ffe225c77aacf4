package cookbook

func operations() Chapter {
	slow := plan{
		where: []condition{has(totalTime), has(operation)}, by: []string{bucket, operation}, top: true,
		values: []value{{name: "p95_ms", kind: p95, of: totalTime}, {name: "requests", kind: count}},
	}
	slowDown := plan{
		where: []condition{is(status, "503"), is(errorType, "SlowDown")}, by: []string{bucket, operation}, hourly: true,
		values: []value{{name: "requests", kind: count}, {name: "requesters", kind: different, of: requester}},
	}
	rules := plan{
		where: []condition{starts(operation, "S3.")}, by: []string{bucket, operation},
		values: []value{{name: "objects", kind: count}, {name: "bytes", kind: sum, of: objectSize}},
	}
	replicas := plan{
		where: []condition{is(session, "s3-replication")}, by: []string{bucket, operation, userName, account},
		values: []value{{name: "requests", kind: count}, {name: "bytes", kind: sum, of: objectSize}, {name: "failed", kind: count, only: []condition{from(status, "400")}}},
	}
	return Chapter{"Operation", []Question{
		slow.answers(Question{
			Title:  "Which operations are slow?",
			About:  "95 % of the requests took no longer, from S3's receipt to the last byte of the answer: a slow client counts. `aws.s3.turn_around_time` is S3's share. PromQL interpolates between the histogram's bounds, in seconds.",
			PromQL: "histogram_quantile(0.95, sum by (le, aws_s3_bucket, aws_s3_operation) (increase(\n  aws_s3_server_request_duration_seconds_bucket[" + window + "])))",
			Report: "*Latency*, \"Which operation is slow?\"",
		}),
		slowDown.answers(Question{
			Title:  "When does S3 ask to slow down?",
			About:  "503 SlowDown, by the hour. Spread keys over more prefixes, or let the client back off.",
			PromQL: promQL("aws_s3_bucket, aws_s3_operation", requestsTotal, `http_response_status_code="503", error_type="SlowDown"`),
			Report: "*Overview*, \"What stands out?\"; *Details*, \"Total 4xx/5xx Status codes by S3 Bucket\"",
		}),
		rules.answers(Question{
			Title:  "What do lifecycle rules do?",
			About:  "`S3.EXPIRE.OBJECT`, `S3.CREATE.DELETEMARKER`, `S3.DELETE.UPLOAD` and `S3.TRANSITION_*`; also `S3.COMPUTE.OBJECT.CHECKSUM`, which is none of them.",
			PromQL: promQL("aws_s3_bucket, aws_s3_operation", requestsTotal, `aws_s3_operation=~"S3\\..*"`),
			Report: "*Details*, with the filter of operations.",
		}),
		replicas.answers(Question{
			Title:  "What does replication write and read?",
			About:  "S3 assumes the rule's role with the session name `s3-replication`; group by `user.name` for the role. Counts on the destination are its writes. For PromQL add `aws.requester.session_name` to the metric's attributes.",
			Report: "*Top*, \"Which requesters are busiest?\" has the role.",
		}),
	}}
}

func cost() Chapter {
	hot := plan{
		where: []condition{is(operation, reads...), has(key)}, by: []string{bucket, key}, top: true,
		values: []value{{name: "requests", kind: count}, {name: "bytes_sent", kind: sum, of: bytesSent}, {name: "clients", kind: different, of: address}},
	}
	return Chapter{"Cost", []Question{
		costByPrefix(),
		hot.answers(Question{
			Title:  "Which keys are hot?",
			About:  "The most read objects: candidates for a cache.",
			Report: "*Top*, \"Which keys are read and written most?\"",
		}),
		unread(),
		unfinished(),
	}}
}
