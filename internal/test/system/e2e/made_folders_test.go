package e2e

import (
	"strings"
	"time"
)

// madeFolder is a folder of the made bucket.
type madeFolder struct {
	path   string // what its keys begin with, below "access/"
	name   string // the rest, see madeKey
	format recordFormat
	late   bool // nothing is in it at first
}

// recordFormat is how the records of an object are written.
type recordFormat int

const (
	asText recordFormat = iota
	asJSON
	asOneLine // JSON, as Firehose joins it unless told otherwise
)

const (
	vendedName   = "111122223333_S3_eu-west-1_DATE_UNIQUE.log"
	firehoseName = "access-stream-1-STAMP-UNIQUE-8d1f-4d2a-b5a5-0123456789ab"
)

// madeFolders are the ways in which log objects lie below a prefix. What ends in .gz and
// .zst is packed.
var madeFolders = []madeFolder{
	// The simple layout.
	{path: "", name: "STAMP-UNIQUE"},
	{path: "web/", name: "STAMP-UNIQUE"},
	{path: "app/prod/", name: "STAMP-UNIQUE"},
	{path: "a/b/c/d/e/f/g/h/", name: "STAMP-UNIQUE"},
	{path: "assets.example.com/", name: "STAMP-UNIQUE"},
	{path: "with space+ümlaut/", name: "STAMP-UNIQUE"},
	{path: "byday/2026-11-22/", name: "STAMP-UNIQUE"},
	{path: "short/", name: "STAMP-SHORT"},
	{path: "long/", name: "STAMP-UNIQUEaBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789aBcDeFgHiJkL"},
	{path: "repacked/", name: "STAMP-UNIQUE.gz"},
	{path: "repacked/zstandard/", name: "STAMP-UNIQUE.zst"},
	{path: "named-as-S3-does/", name: "STAMP-UNIQUE", format: asJSON},
	{path: "team/2025/", name: "STAMP-UNIQUE"},
	{path: "tenants/one/", name: "STAMP-UNIQUE"},
	{path: "tenants/two/", name: "STAMP-UNIQUE", late: true},

	// The partitioned layout, by event time and by delivery time.
	{path: "111122223333/us-east-1/example-shop-assets/", name: "DAY/MIDNIGHT-UNIQUE"},
	{path: "111122223333/eu-west-1/example-shop-eu/", name: "DAY/STAMP-UNIQUE"},
	{path: "444455556666/us-gov-west-1/example-data-lake/", name: "DAY/MIDNIGHT-UNIQUE.gz"},
	{path: "444455556666/eusc-de-east-1/sovereign/", name: "DAY/STAMP-UNIQUE", late: true},
	{path: "AWSLogs/111122223333/us-east-1/by-event/", name: "DAY/MIDNIGHT-UNIQUE"},
	{path: "AWSLogs/111122223333/us-east-1/by-delivery/", name: "DAY/STAMP-UNIQUE"},
	{path: "prod/frankfurt/web/", name: "DAY/MIDNIGHT-UNIQUE"},
	{path: "prod/frankfurt/api/", name: "DAY/STAMP-UNIQUE"},
	{path: "tenants/two/777788889999/eu-north-1/inner/", name: "DAY/MIDNIGHT-UNIQUE"},
	{path: "audit/", name: "DAY/MIDNIGHT-UNIQUE"},
	{path: "mixed/", name: "STAMP-UNIQUE"},
	{path: "mixed/", name: "DAY/MIDNIGHT-UNIQUE"},
	{path: "partitions/", name: "HIVE/STAMP-UNIQUE"},

	// What CloudWatch Logs delivers.
	{path: "AWSLogs/111122223333/S3/eu-west-1/", name: "DAY/HOUR/" + vendedName + ".gz"},
	{path: "AWSLogs/111122223333/S3Access/", name: "DAY/" + vendedName + ".gz", format: asJSON},
	{path: "AWSLogs/444455556666/S3/", name: "HIVE/hour=HOUR/" + vendedName + ".gz", format: asJSON},
	{path: "AWSLogs/444455556666/S3Access/us-west-2/", name: "DAY/HOUR/" + vendedName, format: asJSON, late: true},
	{path: "vended/AWSLogs/777788889999/S3/", name: "HIVE/" + vendedName},
	{path: "vended/AWSLogs/777788889999/S3/web-bucket/", name: "DAY/HOUR/" + vendedName + ".gz", format: asJSON},
	{path: "hive/text/", name: "HIVE/hour=HOUR/" + vendedName + ".gz"},

	// What Firehose writes.
	{path: "firehose/", name: "DAY/HOUR/" + firehoseName, format: asOneLine},
	{path: "firehose/packed/", name: "DAY/HOUR/" + firehoseName + ".gz", format: asOneLine},
	{path: "firehose/lines/", name: "DAY/HOUR/" + firehoseName},
	{path: "streams/deep/er/", name: "HIVE/hour=HOUR/" + firehoseName + ".gz", format: asJSON},
	{path: "streams/named/", name: "DAY/HOUR/access_UNIQUE.data", late: true},
}

// madeForeign are the folders of what is no log object.
var madeForeign = []struct {
	path, name string
	text       string
}{
	{"AWSLogs/111122223333/CloudTrail/us-east-1/", "DAY/111122223333_CloudTrail_us-east-1_DATE_UNIQUE.json.gz", cloudTrail},
	{"AWSLogs/111122223333/CloudTrail-Digest/us-east-1/", "DAY/111122223333_CloudTrail-Digest_DATE_UNIQUE.json.gz", `{"awsAccountId":"111122223333","logFiles":[]}`},
	{"AWSLogs/111122223333/elasticloadbalancing/eu-west-1/", "DAY/111122223333_elasticloadbalancing_app.web_DATE_UNIQUE.log.gz", loadBalancer},
	{"AWSLogs/444455556666/elasticloadbalancing/eu-west-1/", "DAY/444455556666_elasticloadbalancing_classic_DATE_UNIQUE.log", classicBalancer},
	{"AWSLogs/111122223333/vpcflowlogs/eu-west-1/", "DAY/111122223333_vpcflowlogs_eu-west-1_fl-1_DATE_UNIQUE.log.gz", flowLog},
	{"AWSLogs/aws-account-id=111122223333/aws-service=vpcflowlogs/aws-region=eu-west-1/", "HIVE/hour=HOUR/UNIQUE.log.gz", flowLog},
	{"AWSLogs/111122223333/Config/eu-west-1/", "PLAIN/ConfigHistory/111122223333_Config_UNIQUE.json.gz", `{"fileVersion":"1.0","configurationItems":[]}`},
	{"AWSLogs/111122223333/WAFLogs/eu-west-1/acl/", "DAY/HOUR/04/111122223333_waflogs_UNIQUE.log.gz", webFirewall},
	{"AWSLogs/111122223333/vpcdnsquerylogs/vpc-1/", "DAY/vpc-1_vpcdnsquerylogs_UNIQUE.log.gz", `{"version":"1.100000","account_id":"111122223333","query_name":"example.com."}`},
	{"inventory/", "STAMP/UNIQUE/manifest.json", `{"sourceBucket":"logs","files":[]}`},
	{"img/2026/", "cat-UNIQUE.png", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00"},
	{"athena/2026/11/", "UNIQUE.csv.metadata", "\x08\x01\x12\x05"},
	{"athena/Unsaved/", "DAY/UNIQUE.csv", "\"_col0\"\n\"42\"\n"},
	{"cloudfront/", "E2EXAMPLE.UNIQUE.gz", "#Version: 1.0\n#Fields: date time x-edge-location\n"},
	{"web/", "README-UNIQUE.md", "# Access logs of the web\n"},
	{"AWSLogs/111122223333/S3/", "moved-UNIQUE.txt", "to eu-west-1\n"},
}

const (
	cloudTrail      = `{"Records":[{"eventVersion":"1.11","eventSource":"s3.amazonaws.com","eventName":"GetObject","requestParameters":{"bucketName":"example-shop-assets","key":"k"}}]}`
	loadBalancer    = `https 2026-11-22T10:05:06.186641Z app/web/50dc6c495c0c9188 192.0.2.1:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 "GET https://www.example.com:443/ HTTP/1.1" "curl/7.46.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 - "Root=1-58337281" "-" "-" 1 2026-11-22T10:05:06.100000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-" TID_1` + "\n"
	classicBalancer = `2026-11-22T10:05:06.945958Z my-lb 192.0.2.1:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.38.0" - -` + "\n"
	flowLog         = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n2 111122223333 eni-1 192.0.2.1 10.0.0.1 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK\n"
	webFirewall     = `{"timestamp":1668729600000,"formatVersion":1,"webaclId":"acl","action":"ALLOW","httpRequest":{"clientIp":"192.0.2.1","uri":"/"}}` + "\n"
)

// madeKey is the key of an object. unique has 16 characters.
func madeKey(path, name string, at time.Time, unique string) string {
	at = at.UTC()
	return "access/" + path + strings.NewReplacer(
		"STAMP", at.Format("2006-01-02-15-04-05"), "MIDNIGHT", at.Format("2006-01-02-00-00-00"),
		"DAY", at.Format("2006/01/02"), "HIVE", at.Format("year=2006/month=01/day=02"), "PLAIN", at.Format("2006/1/2"),
		"HOUR", at.Format("15"), "DATE", at.Format("20060102T1504Z"),
		"UNIQUE", unique, "SHORT", strings.ToLower(unique[8:]),
	).Replace(name)
}
