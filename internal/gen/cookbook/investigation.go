package cookbook

// What the queries over one object are about: www.example.org is a bucket of the sample.
const (
	oneBucket = "www.example.org"
	oneKey    = "downloads/price list 2026.pdf"
	onePerson = "maria.keller@example.com"
)

var (
	reads = []string{"REST.GET.OBJECT", "WEBSITE.GET.OBJECT"}
	// A REST.POST.UPLOAD ends a multipart upload: only then the object is there.
	writes        = []string{"REST.PUT.OBJECT", "REST.POST.OBJECT", "REST.COPY.OBJECT", "REST.POST.UPLOAD"}
	deletions     = []string{"REST.DELETE.OBJECT", "BATCH.DELETE.OBJECT"}
	ruleDeletions = []string{"S3.EXPIRE.OBJECT", "S3.CREATE.DELETEMARKER"}
)

func ok() []condition { return []condition{from(status, "200"), under(status, "300")} }

func with(conditions []condition, more ...condition) []condition {
	return append(conditions[:len(conditions):len(conditions)], more...)
}

func concat(lists ...[]string) (all []string) {
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

func objects() Chapter {
	deletedOrWritten := plan{
		where: []condition{is(bucket, oneBucket), is(key, oneKey), is(operation, concat(writes, deletions, ruleDeletions)...)},
		list:  []string{operation, status, requester, address, versionID, requestID},
	}
	readOutside := plan{
		where: with(ok(), is(bucket, oneBucket), is(key, oneKey), is(operation, reads...), has(address), startsNot(address, "10.")),
		list:  []string{address, requester, operation, bytesSent, agent},
	}
	deleted := plan{
		where:  with(ok(), is(operation, deletions...)),
		by:     []string{bucket, whoType, userName},
		values: []value{{name: "objects", kind: count}, {name: "keys", kind: different, of: key}},
	}
	person := plan{
		where:  []condition{is(session, onePerson)},
		by:     []string{bucket, operation},
		values: []value{{name: "requests", kind: count}, {name: "bytes_sent", kind: sum, of: bytesSent}, {name: "denied", kind: count, only: []condition{is(status, "403")}}},
	}
	return Chapter{"What happened to objects", []Question{
		deletedOrWritten.answers(Question{
			Title:  "Who deleted or overwrote this object?",
			About:  "The key is the decoded one. Refused attempts are listed too: see the status. An object deleted by a lifecycle rule has the requester `AmazonS3` and no status; one of many that a single request deleted is a `BATCH.DELETE.OBJECT`.",
			Report: "no single objects; *Security*, \"Who deleted objects?\" has the requesters.",
		}),
		readOutside.answers(Question{
			Title:  "Who read this object from outside?",
			About:  "Outside is any address but those of the VPCs, `10.0.0.0/8` here: put your own networks in its place. Requests through CloudFront with an origin access control have no address ([why](faq.md#why-is-the-client-address-missing)) and are not listed.",
			Report: "no single objects; *Top*, \"Which keys are read and written most?\" has the busiest.",
		}),
		deleted.answers(Question{
			Title:  "Who deleted objects, and how many?",
			About:  "Deletions by clients. A request for many objects is one `REST.POST.MULTI_OBJECT_DELETE`, which is left out, and a `BATCH.DELETE.OBJECT` for each object.",
			PromQL: promQL(byWhom, requestsTotal, `aws_s3_operation=~"(REST|BATCH)\\.DELETE\\.OBJECT", http_response_status_code=~"2.."`),
			Report: "*Security*, \"Who deleted objects?\"",
		}),
		person.answers(Question{
			Title:  "What did this person do?",
			About:  "With single sign-on the session's name is the person. CloudTrail's `userIdentity.arn` ends with the same name.",
			Report: "*Top*, \"Which requesters are busiest?\" adds up the sessions of a role.",
		}),
	}}
}

// promQL is a sum of what was counted in the window, by labels.
func promQL(by, metric, matchers string) string {
	return "sum by (" + by + ") (increase(\n  " + metric + "{" + matchers + "}[" + window + "]))"
}

const (
	requestsTotal = "aws_s3_server_requests_total"
	byWhom        = "aws_s3_bucket, aws_requester_type, user_name"
)

func access() Chapter {
	who := []string{bucket, whoType, userName}
	requests := []value{{name: "requests", kind: count}}
	denied := plan{where: []condition{is(status, "403")}, by: concat(who, []string{errorType}), values: requests}
	anonymous := plan{
		where: with(ok(), is(whoType, "anonymous"), is(operation, reads...)), by: []string{bucket, key, operation}, top: true,
		values: []value{{name: "requests", kind: count}, {name: "clients", kind: different, of: address}, {name: "bytes_sent", kind: sum, of: bytesSent}},
	}
	presigned := plan{
		where: []condition{is(authType, "QueryString")}, by: []string{bucket, whoType, userName, operation},
		values: []value{{name: "requests", kind: count}, {name: "keys", kind: different, of: key}, {name: "clients", kind: different, of: address}},
	}
	others := plan{
		where: []condition{has(account), not(account, "111122223333"), not(account, "444455556666")}, by: []string{bucket, account, whoType, userName},
		values: []value{{name: "requests", kind: count}, {name: "denied", kind: count, only: []condition{is(status, "403")}}},
	}
	probes := plan{
		where: []condition{is(status, "403", "404"), has(key), has(address)}, by: []string{address}, top: true,
		values: []value{{name: "keys", kind: different, of: key}, {name: "requests", kind: count}},
	}
	threats := plan{
		where: with(ok(), has(confidence)), by: []string{address, actor, confidence, bucket},
		values: []value{{name: "requests", kind: count}, {name: "bytes_sent", kind: sum, of: bytesSent}, {name: "keys", kind: different, of: key}},
	}
	settings := plan{
		where:  []condition{matching(operation, settingsOf)},
		by:     []string{bucket, operation, whoType, userName},
		values: requests,
	}
	return Chapter{"Access", []Question{
		denied.answers(Question{
			Title:  "Who was denied?",
			About:  "By principal: users and roles have a name, sessions of a role are added up. A canonical id has no name: group by `user.id` to tell them apart.",
			PromQL: promQL(byWhom+", error_type", requestsTotal, `http_response_status_code="403"`),
			Report: "*Security*, \"Who was denied?\"",
		}),
		anonymous.answers(Question{
			Title:  "Which objects are read anonymously?",
			About:  "Requests without a signature that were answered. `WEBSITE.GET.OBJECT` came through a website endpoint, which is anonymous by design.",
			PromQL: promQL("aws_s3_bucket, aws_s3_operation", requestsTotal, `aws_requester_type="anonymous", aws_s3_operation=~"(REST|WEBSITE)\\.GET\\.OBJECT", http_response_status_code=~"2.."`),
			Report: "*Security*, \"Who came without signing?\"",
		}),
		presigned.answers(Question{
			Title:  "Which presigned links were used, and who signed them?",
			About:  "The requester is the principal whose key signed the link; who used it is known by its address only. A link that many clients use was passed on. Signatures are redacted in `url.query`.",
			PromQL: promQL(byWhom+", aws_s3_operation", requestsTotal, `aws_s3_auth_type="QueryString"`),
			Report: "*Security*, \"Who used a presigned URL?\"",
		}),
		firstSeen(),
		others.answers(Question{
			Title:  "Which other accounts reach the buckets?",
			About:  "Put your own account numbers in the place of those of the sample. Canonical ids and anonymous requests have no account.",
			Report: "*Security* lists requesters with their accounts; no filter by account.",
		}),
		probes.answers(Question{
			Title:  "Who guesses names of objects?",
			About:  "Clients with the most different keys that were denied or not there.",
			Report: "*Overview*, \"What stands out?\" tells of a network that is denied often; *Security*, \"Who was denied?\"",
		}),
		threats.answers(Question{
			Title:  "What did clients get that a threat feed names?",
			About:  "Needs `threat_intel`. The metric counts requests of such clients whatever the answer.",
			PromQL: promQL("aws_s3_bucket, client_address, threat_group_name, threat_indicator_confidence", "aws_s3_server_threat_requests_total", ""),
			Report: "*Threat Intel*, \"Threat Table\"",
		}),
		settings.answers(Question{
			Title:  "Who read or changed the settings of a bucket?",
			About:  "Policies, ACLs, logging, versioning, encryption, lifecycle, replication. Reading them all is how an intruder begins; `REST.PUT.LOGGING_STATUS` turns these logs off. CloudTrail's management events have the new values.",
			PromQL: promQL(byWhom+", aws_s3_operation", requestsTotal, `aws_s3_operation=~"`+doubled(settingsOf)+`"`),
			Report: "*Details*, \"Total Requests by S3 Bucket\" with the filter of operations.",
		}),
	}}
}

const settingsOf = `REST\.(GET|PUT|DELETE)\.(ACL|BUCKETPOLICY|ENCRYPTION|LIFECYCLE|LOGGING_STATUS|OWNERSHIP_CONTROLS|POLICY_STATUS|PUBLIC_ACCESS_BLOCK|REPLICATION|VERSIONING)`
