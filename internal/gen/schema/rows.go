package schema

import "maps"

// Whose name an attribute has.
const (
	otel    = "OpenTelemetry" // semantic conventions
	contrib = "contrib"       // contrib's encoding of S3 access logs
	ecs     = "ECS"           // Elastic Common Schema
	own     = "own"
)

// row is what the code does not say of an attribute.
type row struct{ whose, from string }

var resourceRows = map[string]row{
	"cloud.provider":   {otel, "always `aws`"},
	"service.name":     {otel, "the component's id: `s3_access_logs`, `s3_access_logs/prod`"},
	"aws.s3.bucket":    {otel, "field 2, Bucket"},
	"aws.s3.owner":     {contrib, "field 1, Bucket Owner"},
	"cloud.account.id": {otel, "the log object's key, in the partitioned layout, when its bucket is the record's; else the account in whose list of buckets the log bucket was found; else that of EventBridge's event: [how far it can be trusted](organisation.md#how-far-an-account-and-a-region-can-be-trusted)"},
	"cloud.region":     {otel, "likewise from the key, else the Region in which S3 served the log bucket; not with `aws.endpoint`"},
}

var recordRows = map[string]row{
	"client.address":                  {otel, "field 4, Remote IP; one that is no address, such as a host name or a masked address, as logged"},
	"client.port":                     {otel, "field 4, where it has a port"},
	"user.id":                         {otel, "field 5, Requester, as logged"},
	"user.name":                       {otel, "field 5, of an ARN: the user's or role's own name"},
	"aws.requester.session_name":      {own, "field 5, of an assumed role: with single sign-on, the person"},
	"aws.requester.account_id":        {own, "field 5, of an ARN, when it is an account number"},
	"aws.requester.type":              {own, "field 5: `anonymous`, `canonical_user`, `iam_user`, `assumed_role`, `federated_user`, `root`, `cloudfront`, `aws_service`, `other`"},
	"aws.request_id":                  {otel, "field 6, Request ID"},
	"aws.extended_request_id":         {otel, "field 19, Host Id; one of two tokens (21 capitals and digits, and a whole id) keeps its space"},
	"aws.s3.operation":                {own, "field 7, Operation, as logged"},
	"aws.s3.key":                      {otel, "field 8, Key, decoded: twice, or once as a form for `BATCH.*` and `S3.*`; a bad escape stops the decoding at that level. `key_name` of a JSON record as logged"},
	"http.request.method":             {otel, "field 9, Request-URI; `_OTHER` when unknown"},
	"http.request.method_original":    {otel, "field 9, the unknown method"},
	"url.path":                        {otel, "field 9, as sent"},
	"url.query":                       {otel, "field 9, as sent, redacted"},
	"url.scheme":                      {otel, "`https` when fields 21 or 24 have a cipher or a TLS version, else `http`; only with a request line and in records new enough for these fields"},
	"network.protocol.version":        {otel, "field 9: `1.1`"},
	"aws.s3.upload_id":                {otel, "field 9, `uploadId`"},
	"aws.s3.part_number":              {otel, "field 9, `partNumber`"},
	"aws.s3.request.parameter.<name>": {own, "field 9, each of `logs.custom_parameters`"},
	"http.response.status_code":       {otel, "field 10, HTTP status"},
	"error.type":                      {otel, "field 11, Error Code; without one, a 4xx or 5xx status"},
	"http.response.body.size":         {otel, "field 12, Bytes Sent; 0 for `-` when there was a status"},
	"aws.s3.object.size":              {contrib, "field 13, Object Size, bytes"},
	"aws.s3.total_time":               {own, "field 14, Total Time, milliseconds"},
	"aws.s3.turn_around_time":         {contrib, "field 15, Turn-Around Time, milliseconds"},
	"http.request.header.referer":     {otel, "field 16, Referer, redacted"},
	"aws.s3.referer.parameter.<name>": {own, "field 16, each of `logs.referer_parameters`"},
	"user_agent.original":             {otel, "field 17, User-Agent, redacted"},
	"aws.s3.version_id":               {contrib, "field 18, Version Id"},
	"aws.signature.version":           {contrib, "field 20, Signature Version"},
	"aws.s3.auth_type":                {contrib, "field 22, Authentication Type"},
	"tls.cipher":                      {otel, "field 21, Cipher Suite, its IANA name; an unknown one as logged"},
	"tls.protocol.name":               {otel, "field 24: `tls`, when there is a TLS version"},
	"tls.protocol.version":            {otel, "field 24, TLS version: `1.2`"},
	"server.address":                  {otel, "field 23, Host Header"},
	"server.port":                     {otel, "field 23"},
	"aws.s3.access_point.arn":         {contrib, "field 25, Access Point ARN"},
	"aws.s3.acl_required":             {contrib, "field 26, aclRequired: `Yes` is true, `-` false"},
	"aws.s3.source_region":            {own, "field 27, Source Region"},
	"aws.s3.extra_fields":             {own, "fields 28 and on, as logged; `aclRequired=No` for a value of aclRequired that is not known; of a JSON record `name=value` of each member not known, the value as raw JSON"},
	"geo.continent.code":              {otel, "`geoip`: `EU`"},
	"geo.country.iso_code":            {otel, "`geoip`: ISO 3166-1, `DE`"},
	"geo.region.iso_code":             {otel, "`geoip`: ISO 3166-2, `DE-BE`"},
	"geo.locality.name":               {otel, "`geoip`"},
	"geo.postal_code":                 {otel, "`geoip`"},
	"geo.location.lat":                {otel, "`geoip`: degrees"},
	"geo.location.lon":                {otel, "`geoip`: degrees"},
	"as.number":                       {ecs, "`geoip`"},
	"as.organization.name":            {ecs, "`geoip`"},
	"threat.indicator.ip":             {ecs, "`threat_intel`: the address or prefix that matched"},
	"threat.indicator.confidence":     {ecs, "`threat_intel`: `High` (85 and more), `Medium` (50), `Low` (15), `None`"},
	"threat.indicator.type":           {ecs, "`threat_intel`"},
	"threat.indicator.provider":       {ecs, "`threat_intel`"},
	"threat.indicator.description":    {ecs, "`threat_intel`"},
	"threat.group.name":               {ecs, "`threat_intel`: the actor, `Unassigned` when the feed names none"},
	"threat.software.name":            {ecs, "`threat_intel`: malware"},
	"threat.feed.name":                {ecs, "`threat_intel`: the feed whose match won"},
	"threat.feeds":                    {own, "`threat_intel`: all feeds that matched"},
	"log.record.uid":                  {otel, "XXH3-128 of the line, in hex: the same line gives the same id on every delivery, so a back end can drop duplicates"},
	"log.record.original":             {otel, "the line, redacted; see `logs.include_original`"},
	"log.file.path":                   {otel, "the log object; see `logs.include_source_object`"},
}

// malformedRows are those of attributes of lines that are no record.
func malformedRows() map[string]row {
	rows := maps.Clone(recordRows)
	rows["error.type"] = row{otel, "always `malformed_record`"}
	rows["aws.s3.parse_error"] = row{own, "which field failed, and why"}
	return rows
}

// metricRows say from which fields a metric's value comes.
var metricRows = map[string]string{
	"aws.s3.server.requests":             "each well-formed record is one, served or refused",
	"aws.s3.server.io":                   "`transmit`: field 12, Bytes Sent; `receive`: field 13, Object Size, of REST.PUT.OBJECT, REST.PUT.PART and REST.POST.OBJECT with a 2xx status",
	"aws.s3.server.object.added":         "field 13 of what `receive` counts, and of REST.COPY.OBJECT and REST.COPY.PART",
	"aws.s3.server.request.duration":     "field 14, Total Time",
	"aws.s3.server.turn_around.duration": "field 15, Turn-Around Time",
	"aws.s3.server.client.requests":      "each well-formed record; needs `geoip`",
	"aws.s3.server.threat.requests":      "each record of a client that a feed names; needs `threat_intel`",
}
