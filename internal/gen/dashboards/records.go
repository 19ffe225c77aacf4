package dashboards

import (
	"net/url"
	"regexp"
	"strings"
)

const recordsName = "records" // of the dashboards that list all log records

// filter is a label, the variable for it, and what that is called.
type filter struct{ label, name, title string }

// filters are what the dashboards of log records can be asked for: a text for each label,
// a regular expression that has to match the whole value.
var filters = []filter{
	{account, "only_account", "Account"},
	{region, "only_region", "Region"},
	{bucket, "only_bucket", "Bucket"},
	{operation, "only_operation", "Operation"},
	{status, "only_status", "Status"},
	{errorType, "only_error", "Error"},
	{key, "only_key", "Key"},
	{requester, "only_requester_type", "Requester type"},
	{userName, "only_requester", "Requester"},
	{address, "only_client", "Client"},
	{country, "only_country", "Country"},
	{actor, "only_actor", "Actor"},
	{confidence, "only_confidence", "Confidence"},
	{tlsVersion, "only_tls", "TLS"},
	{signature, "only_signature", "Signature"},
	{authType, "only_auth_type", "Authentication"},
	{aclRequired, "only_acl_required", "Needed an ACL"},
}

const anything = ".*" // also nothing

func records(logs *logStore) Dashboard {
	variables, matchers := []variable{logs.variable}, []string{}
	for _, f := range filters {
		variables = append(variables, variable{name: f.name, label: f.title, kind: textBox, query: anything, value: anything})
		matchers = append(matchers, f.label+"=~`${"+f.name+":raw}`")
	}
	return Dashboard{
		Name: recordsName + logs.suffix, Title: logs.titled("S3 access: Log records"),
		description: "The log records behind a figure: the newest that pass all filters.",
		about: "It needs the log records that `examples/dashboards.yaml` sends to " + logs.label + ". A filter is a regular expression that has to match the whole value; `.*` lets everything pass. " +
			"The links *Log records* of the other dashboards fill the filters in with what was clicked, what its panel is about, and what was chosen.",
		variables: variables,
		rows: []row{{"Log records", []panel{
			listed(logs, "Log records", "that pass all filters. Malformed lines are among them, by the time at which they were read.", matchers, []column{
				{bucket, "Bucket"},
				{operation, "Operation"},
				{key, "Key"},
				{status, "Status"},
				{errorType, "Error"},
				{requester, "Requester type"},
				{userName, "Requester"},
				{requesterID, "Requester as logged"},
				{address, "Client"},
				{country, "Country"},
				{confidence, "Confidence"},
				{userAgent, "User agent"},
			}),
		}}},
	}
}

// literal finds the matchers of a query that name a value, not a variable.
var literal = regexp.MustCompile(`(\w+)(=~?)"([^"$]*)"`)

// toRecords are the links from a panel to the log records that it is about: of what was
// clicked, a value of a label, or of all of it, for label "". A dashboard without a store of
// log records leads to each.
func (d *Dashboard) toRecords(p *panel, label, value string) []object {
	only, asked := map[string]string{}, p.queries[0].expr
	if p.logs != nil {
		asked = strings.Join(p.matchers, ", ")
	}
	for variable, label := range map[string]string{"account": account, "region": region, "bucket": bucket, "operation": operation, "client": address, "confidence": confidence} {
		if strings.Contains(asked, `"$`+variable+`"`) {
			only[label] = "${" + variable + ":regex}"
		}
	}
	for _, m := range literal.FindAllStringSubmatch(asked, -1) {
		of := strings.ReplaceAll(m[3], `\\`, `\`)
		if m[2] == "=" {
			of = regexp.QuoteMeta(of)
		}
		only[m[1]] = url.QueryEscape(of)
	}
	only[label] = value
	links := []object{}
	for _, store := range []*logStore{&loki, &victoriaLogs} {
		title, parameters := "Log records", []string{"${__url_time_range}"}
		switch {
		case d.has(store.name):
			parameters = append(parameters, "${"+store.name+":queryparam}")
		case d.has(loki.name) || d.has(victoriaLogs.name):
			continue
		default:
			title += " in " + store.label
		}
		for _, f := range filters {
			if of, is := only[f.label]; is {
				parameters = append(parameters, "var-"+f.name+"="+of)
			}
		}
		links = append(links, object{"title": title, "targetBlank": false, "url": "/d/" + uid(recordsName+store.suffix) + "?" + strings.Join(parameters, "&")})
	}
	return links
}

// has reports whether the user chooses a variable of this name.
func (d *Dashboard) has(name string) bool {
	for _, v := range d.variables {
		if v.name == name {
			return true
		}
	}
	return false
}
