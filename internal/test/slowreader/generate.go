package slowreader

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Generator makes lines from a seed: the same ones for the same seed.
type Generator struct{ rng *rand.Rand }

// NewGenerator returns a generator of the lines of a seed.
func NewGenerator(seed uint64) *Generator { return &Generator{rand.New(rand.NewPCG(seed, 0))} }

// Line is a generated line of text.
type Line struct {
	Text string
	// Words are the texts of the fields from which the line was made, by their
	// number, quotes included: what is true. Behind 27 are the fields without a
	// name. nil when the line is no whole record.
	Words []string
	// Hostile are the numbers of the fields whose text a client chose to mislead.
	Hostile []int
	// Unexpected is how many values of the tail are none that is known.
	Unexpected int
}

// Text returns a line in the format aws.
func (g *Generator) Text() Line {
	line := Line{Words: g.words()}
	g.dialect(line.Words)
	if g.chance(30) {
		line.Unexpected = g.unexpected(line.Words)
	}
	if g.chance(60) {
		for range 1 + g.rng.IntN(2) {
			line.Hostile = append(line.Hostile, g.mislead(line.Words))
		}
	}
	line.Text = strings.Join(line.Words, " ")
	return g.damage(line)
}

// Ceph returns a line in the format ceph.
func (g *Generator) Ceph() Line {
	w := g.words()
	w[8] = decoded(w[8])
	if g.chance(30) {
		w[8] = g.pick("my file.txt", "a b c", "k -", `k "GET /k HTTP/1.1" 200 - 1 1 1 1`, `"`, "a - - b", `k - 200 - - - - - x`, "é ü", " k", "k  k", "- x") + w[8]
	}
	w[16] = strings.Trim(w[16], `"`)
	if g.chance(30) {
		w[14], w[15] = g.pick("-", w[14]), g.pick("12ms", "0ms", "1e+06", w[15])
	}
	line := Line{Words: w}
	if g.chance(15) {
		line.Unexpected = g.unexpected(w)
	}
	if g.chance(50) {
		field := g.mislead(w)
		if field == 16 {
			w[16] = strings.TrimPrefix(strings.TrimSuffix(w[16], `"`), `"`)
		}
		if line.Hostile = append(line.Hostile, field); field == 9 {
			line.Hostile = append(line.Hostile, 8) // which ends where the Request-URI begins
		}
	}
	line.Text = strings.Join(w, " ")
	return g.damage(line)
}

// OBS returns a line in the format obs.
func (g *Generator) OBS() Line {
	w := g.words()[:19]
	line := Line{Words: w}
	for range g.rng.IntN(3) {
		w = append(w, g.pick("-", "x", "STANDARD", "a/b"))
	}
	if g.chance(60) {
		line.Hostile = append(line.Hostile, g.mislead(w))
	}
	line.Words = w
	w = slices.Clone(w)
	w[7], w[17] = " "+w[7], " "+w[17]
	line.Text = strings.Join(w, " ")
	return g.damage(line)
}

func (g *Generator) chance(percent int) bool { return g.rng.IntN(100) < percent }

func (g *Generator) pick(values ...string) string { return values[g.rng.IntN(len(values))] }

// from returns n bytes of the alphabet.
func (g *Generator) from(alphabet string, n int) string {
	b := make([]byte, n)
	var bits uint64
	for i := range b {
		if i%8 == 0 {
			bits = g.rng.Uint64()
		}
		b[i] = alphabet[int(bits&0xff)%len(alphabet)]
		bits >>= 8
	}
	return string(b)
}

const (
	hex    = "0123456789abcdef"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	base64 = upper + "abcdefghijklmnopqrstuvwxyz+/"
)

// words returns the fields of an honest record by their number; the first is
// empty and joined away.
func (g *Generator) words() []string {
	operation := g.pick("REST.GET.OBJECT", "REST.PUT.OBJECT", "REST.HEAD.BUCKET", "WEBSITE.GET.OBJECT", "BATCH.DELETE.OBJECT", "S3.EXPIRE.OBJECT",
		"REST.COPY.OBJECT_GET", "S3.COMPUTE.OBJECT.CHECKSUM", "SOAP.ListBucket", "REST.GET.LOGGING_STATUS")
	key := g.pick("-", "a/b.txt", "k%2520%2522x", "photos/2019/08/puppy.jpg", "x%25252F", "100%25", "k%2", "é", "a"+g.from(base64, 20))
	w := []string{
		"", g.from(hex, 64), g.pick("example-bucket", "b.with.dots", "alpha"), g.time(), g.ip(), g.requester(), g.from(upper, 16), operation, key,
		"", g.pick("200", "206", "403", "404", "503", "100", "999"), g.pick("-", "-", "AccessDenied", "NoSuchKey", "SlowDown"),
		g.number(), g.number(), g.number(), g.number(), g.pick("-", `"-"`, `"https://example.com/?a=b"`, `"https://example.com/x y"`),
		g.pick("-", `"-"`, `"aws-cli/2.0 Python/3.7 Linux"`, `"Mozilla/5.0 (X11; "Linux")"`, `"S3Console/0.4, aws-internal/3"`, `""`),
		g.pick("-", "-", g.from(base64, 32), "null", g.from(upper, 20)),
		g.pick("-", g.from(base64, 75)+"=", g.from(base64, 56), g.from(base64, 64), g.from(upper, 16)),
	}
	if g.chance(10) {
		w[18], w[19] = "-", g.from(upper, 21)+" "+g.from(base64, g.rng.IntN(2)*12+64)
	}
	target := g.pick("/"+key, "/example-bucket/"+key, "/"+key+"?versionId=1&x-id=GetObject", "/", "*", "/%22%20"+key)
	w[9] = `"` + g.pick("GET", "PUT", "HEAD", "FOO") + " " + target + g.pick(" HTTP/1.1", " HTTP/1.1", " HTTP/2.0", "") + `"`
	if g.chance(10) {
		w[9], w[10] = g.pick("-", `"-"`), g.pick("-", "200")
	}
	host := g.pick("example-bucket.s3.us-west-1.amazonaws.com", "s3.amazonaws.com:443", "localhost", "[::1]:9000", "-")
	tls := []string{g.pick("ECDHE-RSA-AES128-GCM-SHA256", "TLS_AES_128_GCM_SHA256"), "AuthHeader", host, g.pick("TLSv1.2", "TLSV1.1", "TLSv1", "TLSv1.3")}
	sig := g.pick("SigV4", "SigV2", "SigV4A")
	switch g.rng.IntN(5) {
	case 0: // anonymous
		sig, tls[1] = "-", "-"
	case 1: // without TLS
		tls[0], tls[3] = "-", "-"
	case 2: // both
		sig, tls[0], tls[1], tls[3] = "-", "-", "-", "-"
	case 3:
		tls[1] = "QueryString"
	}
	w = append(append(w, sig), tls...)
	w = append(w, g.pick("-", "-", "arn:aws:s3:us-east-1:123456789012:accesspoint/x"), g.pick("-", "Yes"), g.pick("us-east-1", "eu-central-1", "-", "eusc-de-east-1"))
	for range g.rng.IntN(6) {
		w = append(w, g.pick("-", "new", "x=1", "123", `"`, `"a"`, "us-east-1", "arn:aws:s3:::x", g.from(base64, 64), g.from("abcXYZ09.-_\"", 6)))
	}
	age := []int{19, 25, 26, 27, 28, 28, 28, len(w)}[g.rng.IntN(8)]
	return w[:age]
}

func (g *Generator) number() string {
	return g.pick("-", "0", "7", strconv.Itoa(g.rng.IntN(1e9)), strconv.FormatInt(g.rng.Int64N(1e18), 10))
}

func (g *Generator) time() string {
	t := time.Unix(g.rng.Int64N(9_000_000_000), 0).In(time.FixedZone("", (g.rng.IntN(29)-14)*3600*g.rng.IntN(2)))
	s := t.Format("[02/Jan/2006:15:04:05 -0700]")
	switch g.rng.IntN(60) {
	case 0:
		return s[:19] + "60" + s[21:]
	case 1:
		i := 1 + g.rng.IntN(26)
		return s[:i] + g.pick("9", "0", " ", "x", "-", "2") + s[i+1:]
	}
	return s
}

func (g *Generator) ip() string {
	if g.chance(80) {
		return g.pick("192.0.2.3", "2001:db8::1", "-", "10.0.0.1")
	}
	return g.pick("192.0.2.xxx", "AWS", "host.example.com", "192.0.2.1:1234", "[2001:db8::1]:443", "[::1]", "::ffff:192.0.2.1", "192.0.2.1:0", "192.0.2.1:65536",
		"192.0.2.1:", "1.2.3.4:05", ":", ".", "a.b", ".1", "dead", "fe80::1%eth0", "x\"", g.from("0123456789abcdef.:[]", 1+g.rng.IntN(20)), g.from(base64, 64), g.from(base64, 65),
		"::1:80", "a:80", "host:80", "x]")
}

func (g *Generator) requester() string {
	return g.pick("-", g.from(hex, 64), "arn:aws:iam::123456789012:user/alice", "arn:aws:sts::123456789012:assumed-role/R/s", "AmazonS3",
		"svc:delivery.logs.amazonaws.com", "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLE",
		"arn:aws-cn:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLE")
}

// dialect gives a few records what other servers write.
func (g *Generator) dialect(w []string) {
	if g.chance(5) {
		w[14], w[15] = g.pick("45.5", "0.5", "1e+06", "12ms", "1.5e3", "1.5ms", "1e17"), g.pick("15.2", "0ms", "1.", "-")
	}
	if len(w) > 23 && g.chance(5) && w[23] != "-" {
		w[23] = `"` + w[23] + `"`
	}
}

func (g *Generator) duration() string {
	return g.pick("45.5", "0.5", "1e+06", "12ms", "1.5e3", "1e", "e", "1.", ".5", "12s", "1.5ms", "1e17", "1e18", "1e+400", "1e-9", "12msms", "ms", "+1", "1+1", "1-1",
		"0x1", "1_0", "999999999999999999", "1000000000000000000", "0.00000000000000000000000001", g.from("0123456789.eE+-ms", 1+g.rng.IntN(6)))
}

// unexpected changes one or two values of the tail to ones that are not known and
// returns how many.
func (g *Generator) unexpected(w []string) (n int) {
	if len(w) < 25 {
		return 0
	}
	fields := []int{20, 21, 22, 24, 25, 26, 27}
	g.rng.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	for _, field := range fields[:1+g.rng.IntN(2)] {
		if field < len(w) {
			w[field] = g.newValue(field)
			n++
		}
	}
	return n
}

// newValue returns a value that the field does not have today, of one word.
func (g *Generator) newValue(field int) string {
	for {
		v := g.pick("SigV5", "QUIC", "Session", "No", "eu_west", "TLS_A+B", "DTLS1.3", "ARN:x", "local*", "é", "x.y_z-1", "UNKNOWN(0x1303)", "Yes?", "yes",
			g.from("abcXYZ019.-_/+=:*@\xc3\xa9\x7f\t\x01'{}[]", 1+g.rng.IntN(40)))
		row := &tailFields[field-18]
		if v != "-" && !row.known.MatchString(v) && !anchorValue.MatchString(v) && !isRegionName(v) && !likeHostID(v) &&
			(!row.anchor || newWord.MatchString(v)) {
			return v
		}
	}
}
