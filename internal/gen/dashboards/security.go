package dashboards

// What the panels of the dashboard Security count.
const (
	anonymous = requester + `="anonymous"`
	denied    = status + `="403"`
	oldTLS    = tlsVersion + `=~"1\\.[01]"`
	oldSigned = signature + `="SigV2"`
	withACL   = aclRequired + `="true"`
	presigned = authType + `="QueryString"`
	// Without a TLS version are requests over plain HTTP and what came over no connection
	// of its own, which is left out: S3's own work and the parts of batches.
	withoutTLS = tlsVersion + `="", ` + status + `!="", ` + operation + `!~"(BATCH|S3)\\..*"`

	// A REST.POST.MULTI_OBJECT_DELETE has a BATCH.DELETE.OBJECT for each object.
	byClients = `(REST|BATCH)\\.DELETE.*|SOAP\\.Delete.*`
	byRules   = `S3\\.(EXPIRE\\..*|CREATE\\.DELETEMARKER|DELETE\\..*)`
	deletes   = operation + `=~"` + byClients + `|` + byRules + `", ` + status + `!~"[45].."`
)

func security(logs *logStore) Dashboard {
	return Dashboard{
		Name: "security" + logs.suffix, Title: logs.titled("S3 access: Security"),
		description: "Requests that an audit asks about: anonymous, denied, weakly protected, deleting, presigned.",
		about: "It needs what `examples/dashboards.yaml` sets for `aws.s3.server.requests`: the attributes `aws.requester.type`, `user.name`, `tls.protocol.version`, " +
			"`aws.signature.version`, `aws.s3.auth_type` and `aws.s3.acl_required` beside the default ones. Metrics count by the time at which the collector read the logs; " +
			"**the log records, from " + logs.label + ", have the time of the request**.",
		variables: []variable{prometheus, logs.variable, accountVariable, regionVariable, bucketVariable, operationVariable, topVariable},
		rows: []row{
			{"Totals", securityNumbers()},
			{"Who is let in", []panel{
				rareOverTime("Anonymous requests over time by bucket", "Requests without a requester.", bucket, anonymous),
				rareOverTime("Denied requests over time by bucket", "Requests with status 403.", bucket, denied),
				byWhom("Denied requests by bucket and requester", "Requests with status 403. Users and roles have a name.", denied, column{errorType, "Error"}),
				byWhom("Presigned requests by whom", "Requests with the signature in the query, by the requester whose signature it is.", presigned),
			}},
			{"How requests are protected", []panel{
				{
					title: "Requests over time by TLS version", unit: "short", as: columns,
					description: "Requests of each step by TLS version; without a name: none, or S3's own work." + arrival,
					queries:     []query{{perStep(tlsVersion, ofRequests()), "{{" + tlsVersion + "}}"}},
				},
				byWhom("Requests over TLS below 1.2 by whom", "Requests over TLS 1.0 or 1.1.", oldTLS, column{tlsVersion, "TLS"}),
				byWhom("Requests with signature version 2 by whom", "Requests signed the old way.", oldSigned),
				byWhom("Requests that needed an ACL by whom", "Requests that only an access control list allowed.", withACL),
			}},
			{"What is deleted", []panel{
				rareOverTime("Deletions over time by operation", "REST, BATCH and SOAP by clients, S3 by lifecycle rules.", operation, deletes),
				byWhom("Deletions by whom", "Objects, uploads and settings deleted, by clients and by lifecycle rules.", deletes, column{operation, "Operation"}),
			}},
			{"Log records", securityRecords(logs)},
		},
	}
}

func securityNumbers() []panel {
	return []panel{
		number("Anonymous requests", "Requests without a requester.", "short", ofRequests(anonymous), "yellow"),
		number("Denied requests", "Requests with status 403.", "short", ofRequests(denied), "yellow"),
		number("Requests over TLS below 1.2", "Requests over TLS 1.0 or 1.1.", "short", ofRequests(oldTLS), "red"),
		number("Requests without TLS", "Requests without a TLS version: over plain HTTP, as static websites are, or in records older than the field.", "short", ofRequests(withoutTLS), "yellow"),
		number("Requests with signature version 2", "Requests signed the old way.", "short", ofRequests(oldSigned), "red"),
		number("Requests that needed an ACL", "Requests that only an access control list allowed: they fail once ACLs are turned off.", "short", ofRequests(withACL), "yellow"),
		number("Deletions", "Objects, uploads and settings deleted, by clients and by lifecycle rules.", "short", ofRequests(deletes), "blue"),
		number("Presigned requests", "Requests with the signature in the query: whoever has the link can send them.", "short", ofRequests(presigned), "blue"),
	}
}

func securityRecords(logs *logStore) []panel {
	what := []column{
		{bucket, "Bucket"},
		{requesterID, "Requester"},
		{address, "Client"},
		{operation, "Operation"},
		{key, "Key"},
		{status, "Status"},
		{userAgent, "User agent"},
	}
	return []panel{
		newest(logs, "Denied records", "with status 403.", []string{denied}, append(what, column{errorType, "Error"})...),
		newest(logs, "Deletion records", "of deletions by clients, denied ones too.", []string{operation + `=~"` + byClients + `"`}, what...),
	}
}

func rareOverTime(title, description, label, matchers string) panel {
	return stepsOf(title, description, columns, label, ofRequests(matchers))
}

// byWhom is a table by bucket, requester and more.
func byWhom(title, description, matchers string, more ...column) panel {
	columns := append([]column{{bucket, "Bucket"}, {requester, "Requester type"}, {userName, "Requester"}}, more...)
	return counted(title, description, "short", "Requests", ofRequests(matchers), columns...)
}
