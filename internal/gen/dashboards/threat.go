package dashboards

const highly = confidence + `="High"`

func threatIntel(logs *logStore) Dashboard {
	return Dashboard{
		Name: "threat-intel" + logs.suffix, Title: logs.titled("S3 access: Threat Intel"),
		description: "Requests of clients that a threat feed names: who, from where, and what they asked for.",
		about: "It needs what `examples/dashboards.yaml` sets: `threat_intel`, `geoip` with places, and of `aws.s3.server.threat.requests` the attributes " +
			"`aws.s3.operation`, `geo.location.lat` and `geo.location.lon` beside the default ones. Metrics count by the time at which the collector read the logs; " +
			"**the log records, from " + logs.label + ", have the time of the request**, so choose a range that has both.",
		variables: []variable{prometheus, logs.variable, accountVariable, regionVariable, bucketVariable, operationVariable, clientVariable, confidenceVariable, topVariable},
		rows: []row{
			{"Totals", threatNumbers()},
			{"Who and where", []panel{
				topBars("Threats by client", "The addresses with the most requests.", "short", address, ofThreats()),
				topBars("Threats by actor", "The groups that the feeds name. Unassigned: the feed names none.", "short", actor, ofThreats()),
				{
					title: "Threats by malicious confidence", unit: "short", as: pie,
					description: "High: 85 and more of 100, Medium: 50, Low: 15, None: below.",
					queries:     []query{{"sort_desc(" + total(confidence, ofThreats()) + " > 0)", "{{" + confidence + "}}"}},
				},
				{
					title: "Threat locations", unit: "short", as: places,
					description: "Where the databases of geoip place these clients. Those without coordinates are left out.",
					queries:     []query{{expr: total(latitude+", "+longitude+", "+country, ofThreats(latitude+`!=""`))}},
				},
				{
					title: "Threats over time by confidence", unit: "short", as: columns,
					description: "Requests of each step by confidence." + arrival,
					queries:     []query{{perStep(confidence, ofThreats()), "{{" + confidence + "}}"}},
				},
			}},
			{"Counted", threatTables()},
			{"Log records", threatRecords(logs)},
		},
	}
}

func threatNumbers() []panel {
	return ofWidth(8,
		number("Requests from known threats", "Requests of clients that a feed names.", "short", ofThreats(), "yellow"),
		number("Requests from threats of high confidence", "Requests of clients that a feed names with high confidence, 85 and more of 100.", "short", ofThreats(highly), "red"),
		panel{
			title: "Malicious clients", unit: "short", as: stat, steps: []step{{1, "yellow"}},
			description: "Different addresses that a feed names.",
			queries:     []query{{expr: orZero("count(" + total(address, ofThreats()) + " > 0)")}},
		},
	)
}

func threatTables() []panel {
	who := []column{
		{address, "Client"}, {actor, "Actor"}, {confidence, "Confidence"}, {feed, "Feed"}, {country, "Country"}, {bucket, "Bucket"},
	}
	return []panel{
		counted("Known threats by client and bucket", "Requests of clients that a feed names.", "short", "Requests", ofThreats(), who...),
		counted("Threats of high confidence by client and bucket", "Requests of clients that a feed names with high confidence.", "short", "Requests", ofThreats(highly), who...),
	}
}

// threatRecords show what metrics cannot hold.
func threatRecords(logs *logStore) []panel {
	what := []column{
		{address, "Client"},
		{actor, "Actor"},
		{confidence, "Confidence"},
		{bucket, "Bucket"},
		{requesterID, "Requester"},
		{operation, "Operation"},
		{key, "Key"},
		{status, "Status"},
		{userAgent, "User agent"},
	}
	return []panel{
		newest(logs, "Threat records", "of clients that a feed names.", []string{confidence + `=~"$confidence"`, ofClient}, what...),
		newest(logs, "Highly malicious threat records", "of clients that a feed names with high confidence.", []string{highly, ofClient}, what...),
	}
}
