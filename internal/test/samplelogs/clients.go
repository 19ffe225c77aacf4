package samplelogs

import (
	"strconv"
	"strings"
)

// client puts who calls, from where and with what into a request.
type client func(g *generator, r *request)

var browsers = []string{
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
	"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15",
	"Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1",
	"Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
	"Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
	"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
}

var sdks = []string{
	"aws-sdk-go-v2/1.47.7 ua/2.1 os/linux lang/go#1.26.8 md/GOOS#linux md/GOARCH#arm64 api/s3#1.114.8 m/E,U,Z,b,e",
	"Boto3/1.41.2 md/Botocore#1.41.2 ua/2.1 os/linux#6.12.55 md/arch#x86_64 lang/python#3.13.9 md/pyimpl#CPython exec-env/AWS_Lambda_python3.13 m/D,Z,b,e Botocore/1.41.2",
	"aws-sdk-java/2.38.5 md/io#sync md/http#Apache ua/2.1 api/S3#2.38.5 os/Linux#6.12.55 lang/java#21.0.9 md/OpenJDK_64-Bit_Server_VM#21.0.9+10-LTS md/vendor#Amazon.com_Inc. exec-env/AWS_ECS_FARGATE m/D,N",
	"aws-sdk-js/3.932.0 ua/2.1 os/linux#6.12.55 lang/js md/nodejs#22.21.1 api/s3#3.932.0 m/N,E,e",
	"Hadoop 3.4.2, aws-sdk-java/2.35.4 md/io#async ua/2.1 api/S3#2.35.4 lang/java#17.0.17 hll/cross-region",
	"aws-cli/1.44.0 Python/3.12.12 Linux/6.12.55 botocore/1.42.0",
	"rclone/v1.71.2",
}

var commandLines = []string{
	"aws-cli/2.32.2 md/awscrt#0.28.4 ua/2.1 os/linux#6.12.55 md/arch#x86_64 lang/python#3.13.9 md/pyimpl#CPython m/b,E,Z,n cfg/retry-mode#standard md/installer#exe md/prompt#off md/command#s3.cp",
	"aws-cli/2.32.2 md/awscrt#0.28.4 ua/2.1 os/macos#25.1.0 md/arch#arm64 lang/python#3.13.9 md/pyimpl#CPython m/b,C,n cfg/retry-mode#standard md/installer#exe md/prompt#off md/command#s3.sync",
	"curl/8.17.0",
}

var (
	roles  = []string{"orders-api", "thumbnail-lambda", "spark-etl", "athena-reader", "backup-agent", "eks-node"}
	people = []string{"maria.keller@example.com", "j.okafor@example.com", "li.wei@example.com", "ana.souza@example.com"}
	bots   = []string{"user/ci/deploy", "user/terraform", "user/team/alice", "user/partner-sftp"}
	owners = []string{
		"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be",
		"d2f1c0a9b8e7d6c5b4a392817060504030201000f1e2d3c4b5a6978869504132",
	}
)

// application is a program with a role of the account, inside a VPC some of the
// time.
func application(g *generator, r *request) {
	role := pick(g, roles)
	session := "i-0" + g.text(16, lowerHex)
	if g.chance(40) {
		session = "botocore-session-17" + strconv.Itoa(10000000+g.rng.IntN(89999999))
	}
	r.requester = "arn:aws:sts::" + g.site.account + ":assumed-role/" + role + "/" + session
	r.agent = pick(g, sdks)
	r.sourceRegion = g.site.region
	g.signed(r)
	if g.chance(25) {
		r.ip = g.privateAddress()
		r.host = "bucket.vpce-0a1b2c3d4e5f60718-" + g.site.vpce + ".s3." + g.site.region + ".vpce.amazonaws.com"
	} else {
		r.ip = g.publicAddress()
	}
	if g.site.accessPoint != "" && g.chance(25) {
		r.accessPoint = "arn:aws:s3:" + g.site.region + ":" + g.site.account + ":accesspoint/" + g.site.accessPoint
		r.host = g.site.accessPoint + "-" + g.site.account + ".s3-accesspoint." + g.site.region + ".amazonaws.com"
	}
}

// person came through single sign-on: the session is the person.
func person(g *generator, r *request) {
	r.requester = "arn:aws:sts::" + g.site.account + ":assumed-role/AWSReservedSSO_DataEngineer_0a1b2c3d4e5f6071/" + pick(g, people)
	r.ip = g.publicAddress()
	g.signed(r)
	if g.chance(60) {
		r.agent = pick(g, commandLines[:2])
		return
	}
	r.agent = "[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.793 Linux/5.10.245-218.amzn2int.x86_64 OpenJDK_64-Bit_Server_VM/25.472-b09 java/1.8.0_472 vendor/N/A cfg/retry-mode/standard]"
}

// robot is an IAM user, or another account's owner by canonical id.
func robot(g *generator, r *request) {
	r.requester = "arn:aws:iam::" + g.site.account + ":" + pick(g, bots)
	if g.chance(30) {
		r.requester = pick(g, owners)
	}
	r.ip = g.publicAddress()
	r.agent = pick(g, commandLines)
	g.signed(r)
}

// cloudFront fetches for a distribution with an origin access identity, whose
// requester holds spaces.
func cloudFront(g *generator, r *request) {
	r.requester = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2QEXAMPLE7K1"
	r.ip = "198.51.100." + strconv.Itoa(1+g.rng.IntN(254))
	r.agent = "Amazon CloudFront"
	g.signed(r)
}

// visitor is a browser without credentials.
func visitor(g *generator, r *request) {
	r.ip = g.publicAddress()
	r.agent = pick(g, browsers)
	if g.chance(70) {
		r.referer = "https://www.example.org/" + pick(g, []string{"", "catalogue?page=" + strconv.Itoa(g.rng.IntN(40)), "blog/2026/11/what-is-new", "search?q=winter+coat&sort=price"})
	}
	g.overTLS(r)
}

// signed is a request over TLS with a SigV4 Authorization header.
func (g *generator) signed(r *request) {
	g.overTLS(r)
	r.signature, r.auth = "SigV4", "AuthHeader"
}

func (g *generator) overTLS(r *request) {
	r.tls, r.cipher = "TLSv1.3", "TLS_AES_128_GCM_SHA256"
	if g.chance(35) {
		r.tls, r.cipher = "TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256"
	}
	r.host = g.site.host()
}

func (g *generator) privateAddress() string {
	return "10." + strconv.Itoa(20+g.rng.IntN(3)) + "." + strconv.Itoa(g.rng.IntN(256)) + "." + strconv.Itoa(1+g.rng.IntN(254))
}

// publicAddress is one of the three IPv4 networks and the IPv6 network that are
// set apart for documentation (RFC 5737, RFC 3849).
func (g *generator) publicAddress() string {
	if g.chance(15) {
		return "2001:db8:" + strings.TrimLeft(g.text(4, lowerHex[1:9]), "0") + "::" + g.text(1, lowerHex[1:9]) + g.text(3, lowerHex)
	}
	return pick(g, []string{"192.0.2.", "198.51.100.", "203.0.113."}) + strconv.Itoa(1+g.rng.IntN(254))
}
