package dashboards

import "strings"

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
				topOverTime("Data sent by bucket, per second", "Bytes per second that S3 sent to clients, by bucket.", "Bps", stacked,
					perSecond(bucket, ofSent()), bucket, ofSent()),
				stepsOf("Requests by bucket", "Requests by bucket.", stacked, bucket, ofRequests()),
				stepsOf("Requests by operation", "Requests by operation.", stacked, operation, ofRequests()),
				counted("Data added by bucket", "The size of objects that were uploaded or copied into a bucket, parts included. What was deleted is not taken off.", "bytes", "Data added",
					ofAdded(), column{bucket, "Bucket"}),
			}},
			{"Where from", []panel{wide(clientMap)}},
			{"Errors", []panel{
				stepsOf("Requests with 4xx by bucket", "Requests that clients could not have served: denied, not found, invalid.", columns, bucket, ofRequests(clientErrors)),
				stepsOf("Requests with 5xx by bucket", "Requests that S3 could not serve, SlowDown among them.", columns, bucket, ofRequests(serverErrors)),
				wide(counted("Failed requests by bucket, operation and error", "Requests with a status of 4xx or 5xx by what failed.", "short", "Requests",
					ofRequests(status+`=~"[45].."`), column{bucket, "Bucket"}, column{operation, "Operation"}, column{status, "Status"}, column{errorType, "Error"})),
			}},
			{"Latency: from the first byte of the request to the last of the response", latencies("Latency", "request")},
			{"Turn-around time: from the last byte of the request to the first of the response", latencies("Turn-around time", "turn_around")},
		},
	}
}

// latencies are a histogram's average and quantiles of all that is chosen, and the average
// and one quantile by bucket.
func latencies(name, metric string) []panel {
	const interpolated = " Quantiles are interpolated between the bounds of the histogram."
	buckets, in := ofDuration(metric, "bucket"), strings.ToLower(name)
	byBucket := func(title, expr string) panel {
		return topOverTime(title, "Of the buckets with most requests."+interpolated, "s", graph, expr, bucket, ofDuration(metric, "count"))
	}
	return []panel{
		wide(panel{
			title: name + " of all requests: average, p50, p95, p99", unit: "s", as: graph,
			description: "Of all chosen buckets and operations together." + interpolated + arrival,
			queries: []query{
				{average("", metric), "average"},
				{quantile("0.5", "", buckets), "p50"},
				{quantile("0.95", "", buckets), "p95"},
				{quantile("0.99", "", buckets), "p99"},
			},
		}),
		byBucket("Average "+in+" by bucket", average(bucket, metric)),
		byBucket("p95 of "+in+" by bucket", quantile("0.95", bucket, buckets)),
	}
}

// wide makes a panel as wide as the dashboard.
func wide(p panel) panel {
	p.width = gridWidth
	return p
}
