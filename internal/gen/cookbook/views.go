package cookbook

import "strings"

// inView are the attributes that s3_access has as columns.
var inView = []string{
	bucket, operation, key, status, errorType, bytesSent, objectSize, totalTime, "aws.s3.turn_around_time", requester, userName, whoType,
	session, account, address, agent, "url.path", "url.query", scheme, tlsVersion, signature, authType, aclRequired, uploadID, versionID, requestID,
	"cloud.account.id", "cloud.region", "geo.country.iso_code", confidence, actor, "log.record.uid",
}

// resource are the attributes of the resource among them.
var resource = map[string]bool{bucket: true, "cloud.account.id": true, "cloud.region": true}

func duckTable() string {
	var q strings.Builder
	q.WriteString(`CREATE TABLE s3_access AS
WITH requests AS (
  SELECT unnest(resourceLogs) AS r FROM read_json('s3-access.jsonl', format = 'newline_delimited', maximum_object_size = 67108864,
    columns = {resourceLogs: 'STRUCT(
      resource STRUCT(attributes STRUCT("key" VARCHAR, "value" STRUCT(stringValue VARCHAR, intValue BIGINT, boolValue BOOLEAN, doubleValue DOUBLE))[]),
      scopeLogs STRUCT(logRecords STRUCT(timeUnixNano BIGINT, eventName VARCHAR,
        attributes STRUCT("key" VARCHAR, "value" STRUCT(stringValue VARCHAR, intValue BIGINT, boolValue BOOLEAN, doubleValue DOUBLE))[])[])[])[]'})
), records AS (
  SELECT r.resource.attributes AS of_resource, unnest(flatten(list_transform(r.scopeLogs, lambda s: s.logRecords))) AS record FROM requests
), maps AS (
  SELECT make_timestamp(record.timeUnixNano // 1000) AS time, map_from_entries(list_transform(list_concat(of_resource, record.attributes),
    lambda a: {k: a.key, v: coalesce(a.value.stringValue, a.value.intValue::VARCHAR, a.value.boolValue::VARCHAR, a.value.doubleValue::VARCHAR)})) AS a
  FROM records WHERE record.eventName = 'aws.s3.server_access'
)
SELECT time`)
	for _, name := range inView {
		cast := map[string]string{"int": "::BIGINT", "bool": "::BOOLEAN"}[types[name]]
		q.WriteString(",\n  a['" + name + "']" + cast + " AS " + column(name))
	}
	q.WriteString("\nFROM maps;")
	return q.String()
}

func clickView() string {
	var q strings.Builder
	q.WriteString("CREATE VIEW s3_access AS\nSELECT Timestamp AS time")
	for _, name := range inView {
		of := "LogAttributes"
		if resource[name] {
			of = "ResourceAttributes"
		}
		of += "['" + name + "']"
		switch types[name] {
		case "int":
			of = "toInt64OrNull(" + of + ")"
		case "bool":
			of = "if(" + of + " = '', NULL, " + of + " = 'true')"
		default:
			of = "nullIf(" + of + ", '')"
		}
		q.WriteString(",\n  " + of + " AS " + column(name))
	}
	// Malformed records have no operation.
	q.WriteString("\nFROM otel_logs WHERE ServiceName LIKE 's3_access_logs%' AND LogAttributes['aws.s3.operation'] <> '';")
	return q.String()
}
