package dashboards

import "strings"

// variable is what the user chooses at the top of a dashboard.
type variable struct {
	name, label string
	kind        variableKind
	// query is what its kind needs: the type of a data source, a query for values, the
	// values with commas between, or a text.
	query string
	// all is what $name stands for when all are chosen; "": one value is chosen.
	all string
	// value is chosen at first, unless all are.
	value string
}

type variableKind string

// The kinds of variables, as Grafana calls them.
const (
	dataSource variableKind = "datasource"
	ofValues   variableKind = "query"
	choice     variableKind = "custom"
	textBox    variableKind = "textbox"
)

var (
	prometheus = variable{name: "prometheus", label: "Prometheus", kind: dataSource, query: "prometheus"}

	accountVariable = variable{
		name: "account", label: "Account", kind: ofValues,
		query: "label_values(aws_s3_server_requests_total, cloud_account_id)", all: ".*",
	}
	regionVariable = variable{
		name: "region", label: "Region", kind: ofValues,
		query: `label_values(aws_s3_server_requests_total{cloud_account_id=~"$account"}, cloud_region)`, all: ".*",
	}
	bucketVariable = variable{
		name: "bucket", label: "Bucket", kind: ofValues,
		query: `label_values(aws_s3_server_requests_total{cloud_account_id=~"$account", cloud_region=~"$region"}, aws_s3_bucket)`, all: ".*",
	}
	operationVariable = variable{
		name: "operation", label: "Operation", kind: ofValues,
		query: `label_values(aws_s3_server_requests_total{aws_s3_bucket=~"$bucket"}, aws_s3_operation)`, all: ".*",
	}
	clientVariable = variable{
		name: "client", label: "Client", kind: ofValues,
		query: `label_values(aws_s3_server_threat_requests_total{aws_s3_bucket=~"$bucket"}, client_address)`, all: ".*",
	}
	// Records that are no threat have no confidence, so that all of them is not ".*".
	confidenceVariable = variable{
		name: "confidence", label: "Confidence", kind: choice, query: "High,Medium,Low,None", all: ".+",
	}
	receiverVariable = variable{
		name: "receiver", label: "Receiver", kind: ofValues,
		query: "label_values(otelcol_receiver_s3_access_logs_objects_in_flight, receiver)", all: ".*",
	}
	topVariable = variable{name: "top", label: "Show the top", kind: choice, query: "5,10,20,50", value: "10"}
)

// price is what 1,000 requests cost, in dollars. Other regions have other prices.
func price(name, label, dollars string) variable {
	return variable{name: name, label: label, kind: textBox, query: dollars, value: dollars}
}

// model returns the variable as Grafana has it. metrics is the data source of its values.
func (v *variable) model(metrics object) object {
	m := object{
		"name": v.name, "label": v.label, "type": v.kind, "query": v.query,
		"hide": 0, "skipUrlSync": false, "includeAll": v.all != "", "multi": v.all != "",
		"options": []any{},
	}
	if v.all != "" {
		m["allValue"] = v.all
		m["current"] = object{"selected": true, "text": []string{"All"}, "value": []string{"$__all"}}
	}
	switch v.kind {
	case dataSource:
		m["refresh"], m["regex"] = 1, ""
	case ofValues:
		m["datasource"] = metrics
		m["definition"] = v.query
		m["query"] = object{"qryType": 1, "query": v.query, "refId": "PrometheusVariableQueryEditor-VariableQuery"}
		m["refresh"] = 2 // when the time range changes
		m["regex"], m["sort"] = "", 1
	case choice:
		var options []object
		for value := range strings.SplitSeq(v.query, ",") {
			options = append(options, option(value, value == v.value))
		}
		m["options"] = options
	case textBox:
		m["options"] = []object{option(v.value, true)}
	}
	if v.value != "" {
		m["current"] = option(v.value, true)
	}
	return m
}

func option(value string, selected bool) object {
	return object{"selected": selected, "text": value, "value": value}
}

// source is a reference to the data source that the user chose.
func (v *variable) source() object { return object{"type": v.query, "uid": "${" + v.name + "}"} }
