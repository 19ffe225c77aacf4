package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"time"
)

var (
	reportBuckets    = []string{"lake", "shop", "vault", "www.example.org", "media"}
	reportRequesters = []string{"-", "arn:aws:iam::111122223333:user/alice", "arn:aws:sts::111122223333:assumed-role/etl/job-1", "AmazonS3"}
	reportClients    = []string{"203.0.113.66", "192.0.2.116", "198.51.100.7", "203.0.113.9", "2001:db8::7", "10.1.2.3", "192.0.2.10"}
	reportKeys       = []string{"index.html", "a/b/c.parquet", "a/x/y.csv", "ü/ß 1.txt", "logs/2026/app.log", "pg/base.tar"}
	reportAgents     = []string{"curl/8.17.0", "Mozilla/5.0 (X11; Linux x86_64)", "aws-sdk-go-v2/1.47.7", "rclone/v1.71.2"}
	reportOperations = []string{
		"REST.GET.OBJECT", "REST.GET.OBJECT", "REST.GET.OBJECT", "REST.PUT.OBJECT", "REST.PUT.PART", "REST.POST.UPLOAD",
		"REST.HEAD.OBJECT", "REST.GET.BUCKET", "REST.DELETE.OBJECT", "REST.COPY.OBJECT", "WEBSITE.GET.OBJECT",
	}
)

// reportLines are lines of nine days, more of them near the end, made anew from a seed. Some
// are there twice, some are no records.
func reportLines(seed uint64) (lines []string) {
	random := rand.New(rand.NewPCG(seed, 463))
	end := time.Date(2026, 11, 17, 15, 42, 8, 0, time.UTC).Add(-time.Duration(random.IntN(1e6)) * time.Second)
	for range 1500 {
		share := random.Float64()
		at := end.Add(-time.Duration(share * share * share * float64(9*24*time.Hour)))
		lines = append(lines, reportLine(random, at))
		switch random.IntN(40) {
		case 0:
			lines = append(lines, lines[random.IntN(len(lines))])
		case 1:
			lines = append(lines, lines[len(lines)-1][:90])
		}
	}
	return lines
}

func reportLine(random *rand.Rand, at time.Time) string {
	of := func(values ...string) string { return values[random.IntN(len(values))] }
	operation, requester := of(reportOperations...), of(reportRequesters...)
	signature, auth, cipher, tls := of("SigV4", "SigV4", "SigV4", "SigV2"), of("AuthHeader", "AuthHeader", "QueryString"), "ECDHE-RSA-AES128-SHA", of("TLSv1.2", "TLSv1.3", "TLSv1.3", "TLSv1.1")
	if operation == "WEBSITE.GET.OBJECT" {
		requester = "-"
	}
	if operation == "WEBSITE.GET.OBJECT" || random.IntN(10) == 0 {
		cipher, tls = "-", "-"
	}
	if requester == "-" {
		signature, auth = "-", "-"
	}
	status, code := "200", "-"
	switch random.IntN(8) {
	case 0:
		status, code = "403", "AccessDenied"
	case 1:
		status, code = "404", "NoSuchKey"
	case 2:
		status, code = "503", "SlowDown"
	}
	number := func(most int) string { return fmt.Sprint(1 + random.IntN(most)) }
	key := url.PathEscape(of(reportKeys...))
	total := 1 + random.IntN(1<<(2+random.IntN(12)))
	return strings.Join([]string{
		strings.Repeat("79a5", 16), of(reportBuckets...), at.Format("[02/Jan/2006:15:04:05 -0700]"), of(reportClients...), requester,
		fmt.Sprintf("%016X", random.Uint64()), operation, strings.ReplaceAll(strings.ReplaceAll(key, "%2F", "/"), "%", "%25"),
		`"GET /` + key + ` HTTP/1.1"`, status, code, number(1 << 20), number(1 << 24), fmt.Sprint(total), number(total), `"-"`,
		`"` + of(reportAgents...) + `"`, "-", "hostid=", signature, cipher, auth, "b.s3.us-east-1.amazonaws.com", tls, "-", of("-", "-", "Yes"), "-",
	}, " ")
}

// payloads are scripts and what browsers might take for markup.
var payloads = []string{
	`<img src=x onerror=window.pwned=1>`, `<script>window.pwned=1</script>`, `</script><script>window.pwned=1</script>`,
	`'><svg onload=window.pwned=1>`, `javascript:window.pwned=1//`, `<iframe srcdoc=<script>parent.pwned=1</script>>`,
	`<style>@import'//example.org/x'</style>`, `<a href=//example.org ping=//example.org>x`, `&lt;b&gt;&#x3c;b&#x3e;`,
	`${window.pwned=1}`, `{{constructor}}`, `__proto__`, `=HYPERLINK('http://example.org')`, "<math><mtext></form><img src onerror=alert(1)>", "\u202egnp.exe\u2028",
}

// hostileLines have a payload in each field that a client writes, and in those that it does
// not: one field a line, and all of them at once.
func hostileLines() (lines []string) {
	at := time.Date(2026, 11, 17, 15, 42, 8, 0, time.UTC)
	for i, payload := range payloads {
		word := strings.ReplaceAll(payload, " ", "/")
		for field := range 8 {
			of := func(n int, otherwise, payload string) string {
				if field == n || field == 7 {
					return payload
				}
				return otherwise
			}
			escaped := url.PathEscape(payload)
			lines = append(lines, strings.Join([]string{
				"-", of(0, "lake", word), at.Add(-time.Duration(i*8+field) * time.Minute).Format("[02/Jan/2006:15:04:05 -0700]"), "203.0.113.66",
				of(1, "-", word), fmt.Sprintf("%08d%08d", i, field), of(6, "REST.GET.OBJECT", "REST."+word), of(2, "k", strings.ReplaceAll(escaped, "%", "%25")),
				`"GET /k?q=` + of(3, "", payload) + ` HTTP/1.1"`, "403", "AccessDenied", "243", "-", "9", "8", `"` + of(4, "-", payload) + `"`,
				`"` + of(5, "-", payload) + `"`, "-", "hostid=", "SigV4", "TLS_AES_128_GCM_SHA256", "AuthHeader", of(6, "h", word), "TLSv1.3", "-", "-", "-",
			}, " "))
		}
	}
	return lines
}
