package dashboards

// Amazon's prices for 1,000 requests in us-east-1, in dollars: GET of S3 Standard, LIST
// of S3 Standard, and standard queues of SQS beyond the free million a month. Sources:
// https://aws.amazon.com/s3/pricing/ and https://aws.amazon.com/sqs/pricing/
const (
	priceGet  = "0.0004"
	priceList = "0.005"
	priceSQS  = "0.0004"
)

// billed are requests that reached Amazon.
const billed = `outcome!~"unreachable|canceled"`

// apis are what is paid for: what it is called, the requests, the variable of the price.
var apis = []struct{ name, matcher, price string }{
	{"S3 GET", `api="s3.get"`, "$price_get"},
	{"S3 LIST", `api="s3.list"`, "$price_list"},
	{"SQS", `api=~"sqs\\..*"`, "$price_sqs"},
}

func operations() Dashboard {
	return Dashboard{
		Name: "operations", Title: "S3 access: Operations",
		description: "The collector itself: what it reads, how far behind it is, what goes wrong, what it costs.",
		about: "From the collector's own telemetry, which Prometheus scrapes at `:8888`; `dashboards/README.md` has the scrape job, and `examples/dashboards.yaml` the collector's side. " +
			"Costs are requests times the prices above, in dollars for 1,000: those of us-east-1 (aws.amazon.com/s3/pricing, aws.amazon.com/sqs/pricing).",
		variables: []variable{
			prometheus, receiverVariable, topVariable,
			price("price_get", "$ / 1,000 S3 GET", priceGet),
			price("price_list", "$ / 1,000 S3 LIST", priceList),
			price("price_sqs", "$ / 1,000 SQS", priceSQS),
		},
		rows: []row{
			{"How far it is", howFar()},
			{"Reading", reading()},
			{"Delivery", delivery()},
			{"In flight", inFlight()},
			{"Requests to AWS", requestsToAWS()},
			{"Feeds, databases and series", contents()},
		},
	}
}

// ownGraph is a graph by a label that has few values.
func ownGraph(title, description, unit, expr, label string) panel {
	return panel{title: title, description: description, unit: unit, as: graph, queries: []query{{expr, "{{" + label + "}}"}}}
}

func howFar() []panel {
	byBucket := func(title, description, unit, of, name string) panel {
		return panel{
			title: title, description: description, unit: unit, as: graph,
			queries: []query{{"topk($top, " + of + " by (receiver, bucket) (" + own(name) + "))", "{{receiver}} {{bucket}}"}},
		}
	}
	return []panel{
		byBucket("Backlog: log objects known and not done, by bucket", "Of a bucket a lower bound: the pages that were listed. "+
			"Of a queue, which has no bucket here, its messages too.", "short", "sum", "source_backlog"),
		byBucket("Age of the newest request delivered, by bucket", "Since the newest request that was delivered, by bucket: what S3 needs to deliver, and what the collector is behind. "+
			"It grows too where a bucket is not used.", "s", "max", "source_position_age"),
		byBucket("Time since the last look, by bucket", "Since objects were last looked for with success, by bucket: an hour or more means that S3 or SQS does not answer, or a permission is missing.",
			"s", "max", "source_look_age"),
	}
}

func reading() []panel {
	const known = `outcome=~"ok|malformed"`
	return []panel{
		{
			title: "Share of malformed records", unit: "percentunit", as: stat, steps: []step{{0.001, "yellow"}, {0.01, "red"}},
			description: "The share of lines that are no records. They are delivered as log records of their own.",
			queries: []query{{expr: orZero(grown("", own("records", `outcome="malformed"`))) +
				" / " + grown("", own("records", known))}},
		},
		{
			title: "Refused records", unit: "short", as: stat, steps: []step{{1, "red"}},
			description: "Records that the pipeline refused permanently. They are lost.",
			queries:     []query{{expr: orZero(grown("", own("records", `outcome="refused"`)))}},
		},
		{
			title: "Objects given up", unit: "short", as: stat, steps: []step{{1, "red"}},
			description: "Log objects that are corrupt, too large or denied: given up after three attempts, or left to the queue's redrive policy.",
			queries:     []query{{expr: orZero(grown("", own("objects", `outcome=~"corrupt|too_large|denied"`)))}},
		},
		{
			title: "Retried batches", unit: "short", as: stat, steps: []step{{1, "yellow"}},
			description: "Batches that the pipeline refused for the moment. Reading waits meanwhile.",
			queries:     []query{{expr: orZero(grown("", own("batches", `outcome="retried"`)))}},
		},
		ownGraph("Records by outcome, per second", "Records per second by outcome.", "cps", perSecond("outcome", own("records")), "outcome"),
		ownGraph("Log objects by outcome, per second", "Log objects per second by outcome.", "cps", perSecond("outcome", own("objects")), "outcome"),
		{
			title: "Lag: age of records when they are read, p50 and p95", unit: "s", as: graph,
			description: "How old records are when they are read: S3's delivery and the collector's own. What stays high for hours is the collector's.",
			queries: []query{
				{quantile("0.5", "", own("lag_bucket")), "p50"},
				{quantile("0.95", "", own("lag_bucket")), "p95"},
			},
		},
		{
			title: "Share of malformed records over time", unit: "percentunit", as: graph, max: 1,
			description: "The share of lines that are no records.",
			queries: []query{{
				"(" + perSecond("", own("records", `outcome="malformed"`)) + " or vector(0)) / " + perSecond("", own("records", known)),
				"malformed",
			}},
		},
		{
			title: "Data read", unit: "Bps", as: graph,
			description: "Bytes of log objects per second, after decompression.",
			queries:     []query{{perSecond("", own("read")), "read"}},
		},
	}
}

func delivery() []panel {
	return []panel{
		ownGraph("Batches by outcome, per second", "Batches per second by outcome; one that is tried three times is retried twice.", "cps",
			perSecond("outcome", own("batches")), "outcome"),
		ownGraph("Delivery time, p95", "Until the pipeline has accepted a batch, or refused it permanently, by signal.", "s",
			quantile("0.95", "signal", own("delivery_duration_bucket")), "signal"),
		{
			title: "Commit time, p95", unit: "s", as: graph,
			description: "How long it takes to store the progress.",
			queries:     []query{{quantile("0.95", "", own("commit_duration_bucket")), "commit"}},
		},
	}
}

func inFlight() []panel {
	gauge := func(name string) string { return "topk($top, sum by (instance, receiver) (" + own(name) + "))" }
	return []panel{
		ownGraph("Objects being read", "Log objects in flight by collector; at most `concurrency` of it.", "short", gauge("objects_in_flight"), "instance"),
		ownGraph("Objects not yet committed", "Log objects that are read, or being read, and whose records are not all accepted. "+
			"It falls to zero when the queue or the bucket is drained. The queue's own depth is CloudWatch's ApproximateNumberOfMessagesVisible.",
			"short", gauge("objects_unacknowledged"), "instance"),
		ownGraph("Messages of the queue", "Messages per second by outcome. Returned ones come again; unknown ones are no notifications and left to the redrive policy.", "cps",
			perSecond("outcome", own("queue_messages")), "outcome"),
		{
			title: "Messages by outcome", unit: "short", as: bars,
			description: "Messages of the queue in the time range.",
			queries:     []query{{"sort_desc(" + grown("outcome", own("queue_messages")) + ")", "{{outcome}}"}},
		},
	}
}

func requestsToAWS() []panel {
	var spent, pace []query
	for _, a := range apis {
		requests := own("api_requests", a.matcher, billed)
		spent = append(spent, query{grown("", requests) + " / 1000 * " + a.price, a.name})
		pace = append(pace, query{perSecond("", requests) + " * 86400 / 1000 * " + a.price, a.name})
	}
	return []panel{
		ownGraph("Requests to S3 and SQS", "Requests per second by kind.", "reqps", perSecond("api", own("api_requests")), "api"),
		{
			title: "Failing requests", unit: "reqps", as: graph,
			description: "Requests per second that had no success, by kind and outcome. Canceled ones are those that a shutdown cut off.",
			queries:     []query{{perSecond("api, outcome", own("api_requests", `outcome!="ok"`)), "{{api}} {{outcome}}"}},
		},
		ownGraph("Time of requests, p95", "Retries included; of s3.get to the first byte, of sqs.receive with its long poll.", "s",
			quantile("0.95", "api", own("api_duration_bucket")), "api"),
		{
			title: "Cost", unit: "currencyUSD", as: bars, width: 6,
			description: "What the requests of the time range cost, by the prices above. S3's own messages to the queue, storage and transfer are not in it.",
			queries:     spent,
		},
		{
			title: "Cost of a day", unit: "currencyUSD", as: graph, width: 6,
			description: "What a day costs at the pace of each moment, by the prices above.",
			queries:     pace,
		},
	}
}

func contents() []panel {
	bySource := func(title, description, unit, expr string) panel {
		return panel{title: title, description: description, unit: unit, as: bars, queries: []query{{largest(expr), "{{source}}"}}}
	}
	series := ownGraph("Series by metric", "Series that are kept. Near `cardinality_limit` (10,000 by default), leave attributes out or raise it.", "short",
		"sum by (metric) ("+own("series")+")", "metric")
	return []panel{
		bySource("Age of feeds and databases", "Since a feed was last looked at with success, and since a database was built.", "s",
			"max by (source) ("+own("enrichment_age")+")"),
		bySource("Entries in use", "Prefixes of a feed, and nodes of a database's search tree.", "short",
			"max by (source) ("+own("enrichment_entries")+")"),
		{
			title: "Reloads", unit: "short", as: bars,
			description: "Looks at feeds and databases in the time range. Refused: what was there could not be used, and the last good one stays.",
			queries:     []query{{largest(grown("source, outcome", own("enrichment_reloads"))), "{{source}} {{outcome}}"}},
		},
		series,
		{
			title: "Records beyond cardinality_limit", unit: "short", as: stat, steps: []step{{1, "red"}}, width: 12,
			description: "Records that were counted in a series without attributes: totals are right, the rest is not.",
			queries:     []query{{expr: orZero(grown("", own("series_overflow")))}},
		},
	}
}
