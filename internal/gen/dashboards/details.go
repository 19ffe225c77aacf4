package dashboards

func details() Dashboard {
	const clientErrors, serverErrors = status + `=~"4.."`, status + `=~"5.."`
	return Dashboard{
		Name: "details", Title: "S3 access: Details",
		description: "Traffic, errors and latency of the buckets over time.",
		about: "It needs only Prometheus and `geoip` of `examples/dashboards.yaml`, with the default attributes of metrics and `histogram: explicit`, the default. " +
			"Time is that at which the collector **read** the logs. S3 delivers them minutes to hours after the requests. " +
			"Graphs show the top values over the whole time range.",
		variables: []variable{prometheus, accountVariable, regionVariable, bucketVariable, operationVariable, topVariable},
		rows: []row{
			{"Traffic", []panel{
				topOverTime("Data sent", "Bytes per second that S3 sent to clients, by bucket.", "Bps", stacked,
					perSecond(bucket, ofSent()), bucket, ofSent()),
				topOverTime("Requests", "Requests per second by bucket.", "reqps", stacked,
					perSecond(bucket, ofRequests()), bucket, ofRequests()),
				topOverTime("Requests by operation", "Requests per second by operation.", "reqps", stacked,
					perSecond(operation, ofRequests()), operation, ofRequests()),
				counted("Data added by bucket", "The size of objects that were uploaded or copied into a bucket, parts included. What was deleted is not taken off.", "bytes", "Data added",
					ofAdded(), column{bucket, "Bucket"}),
			}},
			{"Where from", []panel{wide(clientMap)}},
			{"Errors", []panel{
				topOverTime("4xx by bucket", "Requests per second that clients could not have served: denied, not found, invalid.", "reqps", stacked,
					perSecond(bucket, ofRequests(clientErrors)), bucket, ofRequests(clientErrors)),
				topOverTime("5xx by bucket", "Requests per second that S3 could not serve, SlowDown among them.", "reqps", stacked,
					perSecond(bucket, ofRequests(serverErrors)), bucket, ofRequests(serverErrors)),
				wide(counted("Failed requests", "Requests with a status of 4xx or 5xx by what failed.", "short", "Requests",
					ofRequests(status+`=~"[45].."`), column{bucket, "Bucket"}, column{operation, "Operation"}, column{status, "Status"}, column{errorType, "Error"})),
			}},
			{"Latency: from the first byte of the request to the last of the response", latencies("Latency", "request")},
			{"Turn-around time: from the last byte of the request to the first of the response", latencies("Turn-around time", "turn_around")},
		},
	}
}

// latencies are the average and the quantiles of a histogram by bucket.
func latencies(name, metric string) []panel {
	buckets := ofDuration(metric, "bucket")
	panels := []panel{}
	for _, of := range []struct{ what, expr string }{
		{"average", average(bucket, metric)},
		{"p50", quantile("0.5", bucket, buckets)},
		{"p95", quantile("0.95", bucket, buckets)},
		{"p99", quantile("0.99", bucket, buckets)},
	} {
		panels = append(panels, topOverTime(name+", "+of.what, "Seconds by bucket, of the buckets with most requests. Quantiles are interpolated between the bounds of the histogram.",
			"s", graph, of.expr, bucket, ofDuration(metric, "count")))
	}
	return ofWidth(6, panels...)
}

// wide makes a panel as wide as the dashboard.
func wide(p panel) panel {
	p.width = gridWidth
	return p
}
