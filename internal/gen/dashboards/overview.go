package dashboards

// clientMap is on two dashboards.
var clientMap = panel{
	title:       "Requests by country of the client",
	description: "Requests by the country of the client's address. Needs geoip. The metric has no operation, so that the choice of one changes nothing here.",
	unit:        "short", as: countries,
	queries: []query{{expr: total(country, ofClients())}},
}

func overview() Dashboard {
	return Dashboard{
		Name: "overview", Title: "S3 access: Overview",
		description: "Who uses the buckets for what, at a glance: places, operations, volumes.",
		about: "It needs only Prometheus and `geoip` of `examples/dashboards.yaml`, with the default attributes of metrics. " +
			"Counts are of the time range above, by the time at which the collector **read** the logs. S3 delivers them minutes to hours after the requests.",
		variables: []variable{prometheus, accountVariable, regionVariable, bucketVariable, operationVariable, topVariable},
		rows: []row{
			{"Totals", []panel{
				number("Requests", "All requests of the chosen buckets and operations.", "short", ofRequests(), "blue"),
				{
					title: "Share of failed requests", unit: "percentunit", as: stat,
					description: "The share of requests with a status of 4xx or 5xx.",
					queries:     []query{{expr: orZero(total("", ofRequests(status+`=~"[45].."`))) + " / " + total("", ofRequests())}},
					steps:       []step{{0.05, "yellow"}, {0.2, "red"}},
				},
				number("Data sent", "Bytes that S3 sent to clients.", "bytes", ofSent(), "blue"),
				number("Data added", "The size of objects that were uploaded or copied into the buckets, parts included.", "bytes", ofAdded(), "blue"),
			}},
			{"Where from", []panel{
				clientMap,
				counted("Requests by bucket and country", "Requests of each bucket by the country of the client's address. Needs geoip.", "short", "Requests",
					ofClients(), column{bucket, "Bucket"}, column{country, "Country"}),
			}},
			{"What for", []panel{
				{
					title: "Requests by operation", unit: "short", as: pie,
					description: "The operations with the most requests, and all others.",
					queries: []query{
						{largest(total(operation, ofRequests()) + " > 0"), "{{" + operation + "}}"},
						{rest(total("", ofRequests()), total(operation, ofRequests())), "others"},
					},
				},
				topBars("Data sent by bucket", "The buckets that sent most to clients.", "bytes", bucket, ofSent()),
				topBars("Requests by bucket", "The buckets with the most requests.", "short", bucket, ofRequests()),
			}},
		},
	}
}
