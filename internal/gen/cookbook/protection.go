package cookbook

import "strings"

// doubled is a regular expression in a string of PromQL.
func doubled(expression string) string { return strings.ReplaceAll(expression, `\`, `\\`) }

// Requests over no connection of their own: S3's own work, and the parts of batches.
const own = `(BATCH|S3)\..*`

func protection() Chapter {
	who := []string{bucket, whoType, userName}
	requests := []value{{name: "requests", kind: count}}
	acl := plan{where: []condition{is(aclRequired, "true")}, by: concat(who, []string{operation}), values: requests}
	sigV2 := plan{where: []condition{is(signature, "SigV2")}, by: concat(who, []string{agent}), values: requests}
	oldTLS := plan{where: []condition{is(tlsVersion, "1.0", "1.1")}, by: concat(who, []string{tlsVersion, agent}), values: requests}
	plain := plan{where: []condition{is(scheme, "http"), has(status)}, by: concat(who, []string{operation}), values: requests}
	return Chapter{"How requests are protected", []Question{
		acl.answers(Question{
			Title:  "Which principals still need ACLs?",
			About:  "Requests that only an access control list allowed. They fail once Object Ownership is set to *Bucket owner enforced*; none of them for some weeks means that it can be.",
			PromQL: promQL(byWhom+", aws_s3_operation", requestsTotal, `aws_s3_acl_required="true"`),
			Report: "*Security*, \"Whose access depends on an ACL?\"",
		}),
		sigV2.answers(Question{
			Title:  "Who still signs with Signature Version 2?",
			About:  "The User-Agent tells which program is to be updated.",
			PromQL: promQL(byWhom, requestsTotal, `aws_signature_version="SigV2"`),
			Report: "*Security*, \"Who still signs with Signature Version 2?\"",
		}),
		oldTLS.answers(Question{
			Title:  "Who uses TLS below 1.2?",
			About:  "AWS's endpoints require 1.2 since February 2024: older records have less, and logs of other servers.",
			PromQL: promQL(byWhom+", tls_protocol_version", requestsTotal, `tls_protocol_version=~"1\\.[01]"`),
			Report: "*Security*, \"Who still uses TLS below 1.2?\"",
		}),
		plain.answers(Question{
			Title:  "What travels over plain HTTP?",
			About:  "Website endpoints speak nothing else. A bucket policy with `aws:SecureTransport` refuses the rest. The metric cannot tell records that are older than the field from plain HTTP.",
			PromQL: promQL(byWhom+", aws_s3_operation", requestsTotal, `tls_protocol_version="", http_response_status_code!="", aws_s3_operation!~"`+doubled(own)+`"`),
			Report: "*Security*, \"What travelled without encryption?\" and \"Who came through website endpoints?\"",
		}),
	}}
}

func masses() Chapter {
	mass := plan{
		where: with(ok(), is(operation, concat(deletions, []string{"REST.COPY.OBJECT"})...)), by: []string{bucket, requester, operation}, hourly: true, least: "20",
		values: []value{{name: "objects", kind: count}, {name: "keys", kind: different, of: key}},
	}
	taken := plan{
		where: ok(), by: []string{bucket, whoType, userName}, top: true,
		values: []value{{name: "bytes_sent", kind: sum, of: bytesSent}, {name: "requests", kind: count}, {name: "keys", kind: different, of: key}},
	}
	return Chapter{"Large amounts", []Question{
		mass.answers(Question{
			Title:  "Did one requester copy or delete many objects at once?",
			About:  "The pattern of ransom: objects are copied onto themselves with a foreign key or downloaded, and deleted. 20 in an hour is little for an application and much for a person: set it to what is usual in your buckets. The PromQL can be an alert.",
			PromQL: "sum by (" + byWhom + ", aws_s3_operation) (increase(\n  " + requestsTotal + `{aws_s3_operation=~"(REST|BATCH)\\.DELETE\\.OBJECT|REST\\.COPY\\.OBJECT", http_response_status_code=~"2.."}[1h])) >= 20`,
			Report: "*Security*, \"Who deleted objects?\" and \"Who copied objects?\"",
		}),
		taken.answers(Question{
			Title:  "Who took the most data?",
			About:  "Bytes of answered requests. Add the filter of addresses of \"from outside\" for what left the VPCs.",
			PromQL: promQL("aws_s3_bucket, aws_requester_type, user_name", "aws_s3_server_io_bytes_total", `network_io_direction="transmit"`),
			Report: "*Top*, \"Which requesters are busiest?\" by bytes.",
		}),
	}}
}
