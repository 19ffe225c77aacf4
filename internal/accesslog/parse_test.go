package accesslog

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func mustParse(t *testing.T, line string) Record {
	t.Helper()
	var r Record
	require.NoError(t, Parse(line, &r), line)
	return r
}

func TestEveryFieldIsRead(t *testing.T) {
	l := signed().with(FieldAccessPointARN, "arn:aws:s3:eu-west-1:123456789012:accesspoint/example-AP").with(FieldACLRequired, "Yes").
		with(FieldErrorCode, "SlowDown")
	want := Record{
		Owner: testOwner, Bucket: "example-bucket", Time: 1770336038, RemoteIP: "192.0.2.3",
		Requester: "arn:aws:iam::123456789012:user/alice", RequestID: "3E57427F3EXAMPLE", Operation: "REST.GET.OBJECT", Key: "photos/puppy.jpg",
		Method: "GET", Target: "/photos/puppy.jpg?versionId=3HL4kqtJvjVBH40Nrjfkd", Version: "1.1",
		Status: 200, ErrorCode: "SlowDown", BytesSent: 2662992, ObjectSize: 3462992, TotalTime: 70, TurnAroundTime: 10,
		Referer: "https://example.org/", UserAgent: "curl/8.17.0", VersionID: "3HL4kqtJvjVBH40Nrjfkd", HostID: testHostID,
		SignatureVersion: "SigV4", CipherSuite: "ECDHE-RSA-AES128-GCM-SHA256", AuthType: "AuthHeader",
		HostHeader: "example-bucket.s3.eu-west-1.amazonaws.com", TLSVersion: "TLSv1.2",
		AccessPointARN: "arn:aws:s3:eu-west-1:123456789012:accesspoint/example-AP", ACLRequired: ACLNeeded, SourceRegion: "eu-west-1", Fields: 27,
	}
	assert.Equal(t, want, mustParse(t, l.line(FieldSourceRegion)))

	want.Extra, want.Fields = "28th 29th", 29
	assert.Equal(t, want, mustParse(t, l.line(FieldSourceRegion)+" 28th 29th"))
}

func TestOlderLinesLackFields(t *testing.T) {
	full := mustParse(t, signed().line(FieldSourceRegion))
	for fields, cut := range map[Field]func(r *Record){
		FieldACLRequired:    func(r *Record) { r.SourceRegion = "" },
		FieldAccessPointARN: func(r *Record) { r.SourceRegion, r.ACLRequired = "", ACLUnknown },
		FieldTLSVersion:     func(r *Record) { r.SourceRegion, r.ACLRequired = "", ACLUnknown },
		FieldVersionID: func(r *Record) {
			r.SourceRegion, r.ACLRequired = "", ACLUnknown
			r.HostID, r.SignatureVersion, r.CipherSuite, r.AuthType, r.HostHeader, r.TLSVersion = "", "", "", "", "", ""
		},
	} {
		want := full
		cut(&want)
		want.Fields = int(fields)
		assert.Equal(t, want, mustParse(t, signed().line(fields)))
	}
}

func TestDashesAreAbsent(t *testing.T) {
	var l logged
	for f := range l {
		l[f] = "-"
	}
	l[FieldTime], l[FieldOperation] = "[01/Jan/1970:00:00:00 +0000]", "S3.EXPIRE.OBJECT"
	want := Record{
		Operation: "S3.EXPIRE.OBJECT", Status: Absent, BytesSent: Absent, ObjectSize: Absent, TotalTime: Absent, TurnAroundTime: Absent,
		ACLRequired: ACLNotNeeded, Fields: 27,
	}
	for _, uri := range []string{"-", `"-"`} {
		for _, referer := range []string{"-", `"-"`} {
			for _, agent := range []string{"-", `"-"`} {
				l[FieldRequestURI], l[FieldReferer], l[FieldUserAgent] = uri, referer, agent
				assert.Equal(t, want, mustParse(t, l.line(FieldSourceRegion)))
			}
		}
	}
}

func TestRecordIsOverwritten(t *testing.T) {
	var r Record
	require.NoError(t, Parse(signed().line(FieldSourceRegion)+" extra", &r))
	require.NoError(t, Parse(plain().line(FieldVersionID), &r))
	assert.Equal(t, mustParse(t, plain().line(FieldVersionID)), r)
}

// Each quirk is a field's text, and what one field of the record is then.
func TestQuirks(t *testing.T) {
	const oai = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLE"
	for _, test := range []struct {
		field Field
		text  string
		got   func(r *Record) any
		want  any
	}{
		{FieldRequester, oai, func(r *Record) any { return r.Requester }, oai},
		{FieldRequester, "arn:aws-cn:iam::cloudfront:user/CloudFront Origin Access Identity E1", func(r *Record) any { return r.Operation }, "REST.GET.OBJECT"},
		{FieldRemoteIP, "2001:db8::1", func(r *Record) any { return r.RemoteIP }, "2001:db8::1"},
		{FieldRemoteIP, "::ffff:192.0.2.3", func(r *Record) any { return r.RemoteIP }, "::ffff:192.0.2.3"},
		{FieldRequestID, "0d5f8c2e-8f6b-4c9a-9d1c-6a1f1f0f3a55", func(r *Record) any { return r.RequestID }, "0d5f8c2e-8f6b-4c9a-9d1c-6a1f1f0f3a55"},
		{FieldOperation, "SOAP.ListBucket", func(r *Record) any { return r.Operation }, "SOAP.ListBucket"},
		{FieldOperation, "S3.COMPUTE.OBJECT.CHECKSUM", func(r *Record) any { return r.Operation }, "S3.COMPUTE.OBJECT.CHECKSUM"},
		{FieldRequestURI, `"GET /x"`, func(r *Record) any { return []string{r.Method, r.Target, r.Version} }, []string{"GET", "/x", ""}},
		{FieldRequestURI, `"GET /" HTTP/1.1"`, func(r *Record) any { return []string{r.Method, r.Target, r.Version} }, []string{"GET", `/"`, "1.1"}},
		{FieldRequestURI, `"GET /a"b""`, func(r *Record) any { return []string{r.Method, r.Target, r.Version} }, []string{"GET", `/a"b"`, ""}},
		{FieldRequestURI, `"G" /x HTTP/1.0"`, func(r *Record) any { return []string{r.Method, r.Target, r.Version} }, []string{`G"`, "/x", "1.0"}},
		{FieldRequestURI, `"- /x HTTP/1.0"`, func(r *Record) any { return []string{r.Method, r.Target, r.Version} }, []string{`-`, "/x", "1.0"}},
		{FieldRequestURI, `"OPTIONS * HTTP/1.0"`, func(r *Record) any { return r.Target }, "*"},
		{FieldStatus, "-", func(r *Record) any { return r.Status }, int32(Absent)},
		{FieldBytesSent, "999999999999999999", func(r *Record) any { return r.BytesSent }, int64(999999999999999999)},
		{FieldReferer, `"http://example.org/?id=452""`, func(r *Record) any { return []string{r.Referer, r.UserAgent} }, []string{`http://example.org/?id=452"`, "curl/8.17.0"}},
		{FieldReferer, "-", func(r *Record) any { return []string{r.Referer, r.UserAgent} }, []string{"", "curl/8.17.0"}},
		{FieldReferer, `""`, func(r *Record) any { return []string{r.Referer, r.UserAgent} }, []string{"", "curl/8.17.0"}},
		{FieldUserAgent, "-", func(r *Record) any { return []string{r.Referer, r.UserAgent} }, []string{"https://example.org/", ""}},
		{FieldUserAgent, `""`, func(r *Record) any { return []string{r.Referer, r.UserAgent} }, []string{"https://example.org/", ""}},
		{FieldUserAgent, `"my "quoted" agent"`, func(r *Record) any { return r.UserAgent }, `my "quoted" agent`},
		{FieldUserAgent, `"Safari/604.1""`, func(r *Record) any { return r.UserAgent }, `Safari/604.1"`},
		{FieldUserAgent, `"a" b"`, func(r *Record) any { return r.UserAgent }, `a" b`},
		{FieldUserAgent, "\"\xff\xfe\"", func(r *Record) any { return r.UserAgent }, "\xff\xfe"},
		{FieldSignatureVersion, "SigV4A", func(r *Record) any { return r.SignatureVersion }, "SigV4A"},
		{FieldAuthType, "QueryString", func(r *Record) any { return r.AuthType }, "QueryString"},
		{FieldHostHeader, "SigV4", func(r *Record) any { return r.HostHeader }, "SigV4"},
		{FieldHostHeader, "AuthHeader", func(r *Record) any { return r.HostHeader }, "AuthHeader"},
		{FieldVersionID, "TLSv1.2", func(r *Record) any { return r.VersionID }, "TLSv1.2"},
		{FieldTLSVersion, "TLSV1.1", func(r *Record) any { return r.TLSVersion }, "TLSV1.1"},
		{FieldSourceRegion, "us-gov-west-1", func(r *Record) any { return r.SourceRegion }, "us-gov-west-1"},
	} {
		r := mustParse(t, signed().with(test.field, test.text).line(FieldSourceRegion))
		assert.Equal(t, test.want, test.got(&r), "%s: %s", test.field, test.text)
		assert.Equal(t, 27, r.Fields, "%s: %s", test.field, test.text)
	}
}

func TestMalformedFields(t *testing.T) {
	for _, test := range []struct {
		field Field
		text  string
		want  string
	}{
		{FieldOwner, "", "field 1 (Bucket Owner): is empty"},
		{FieldBucket, "[x]", `field 2 (Bucket): "[x]" holds a bracket, as in a torn record joined to the next`},
		{FieldTime, "[30/Feb/2026:00:00:38 +0000]", `field 3 (Time): "[30/Feb/2026:00:00:38 +0000]" is not a time such as [06/Feb/2019:00:00:38 +0000]`},
		{FieldRemoteIP, "[x", `field 4 (Remote IP): "[x" is neither an IP address nor a word`},
		{FieldRemoteIP, strings.Repeat("x", 65), `field 4 (Remote IP): "` + strings.Repeat("x", 64) + `" is neither an IP address nor a word`},
		{FieldRequester, "a b", `field 7 (Operation): "3E57427F3EXAMPLE" is not an operation such as REST.GET.OBJECT`},
		{FieldRequester, "x[y", `field 5 (Requester): "x[y" holds a bracket, as in a torn record joined to the next`},
		{FieldKey, "a b", `field 9 (Request-URI): "b" is not in quotes`},
		{FieldRequestURI, `"GET"`, `field 9 (Request-URI): "GET" is not a request line such as GET /key HTTP/1.1`},
		{FieldRequestURI, `"GET /a b HTTP/1.1"`, `field 9 (Request-URI): "\"GET /a b HTTP/1.1\" 200 - 2662992 3462992 70 10 \"https://example" is not a request line such as GET /key HTTP/1.1`},
		{FieldStatus, "abc", `field 10 (HTTP status): "abc" is not a number`},
		{FieldStatus, "99", `field 10 (HTTP status): "99" is out of range`},
		{FieldStatus, "1000", `field 10 (HTTP status): "1000" is out of range`},
		{FieldErrorCode, "a=b", `field 11 (Error Code): "a=b" is not a word`},
		{FieldBytesSent, "9999999999999999999", `field 12 (Bytes Sent): "9999999999999999999" is out of range`},
		{FieldObjectSize, "-1", `field 13 (Object Size): "-1" is not a number`},
		{FieldTotalTime, "1.5.2", `field 14 (Total Time): "1.5.2" is not a number`},
		{FieldTotalTime, "5s", `field 14 (Total Time): "5s" is not a number`},
		{FieldTotalTime, "1e30", `field 14 (Total Time): "1e30" is out of range`},
		{FieldTurnAroundTime, "", `field 15 (Turn-Around Time): is empty`},
		{FieldReferer, "x", `field 16 (Referer): "x" is not in quotes`},
		{FieldUserAgent, "x", `field 17 (User-Agent): "x" is not in quotes`},
		{FieldHostID, "SigV4", `field 19 (Host Id): "SigV4" is not one of this field's values`},
		{FieldHostID, "abc def=", `field 20 (Signature Version): "def=" is not one of this field's values`},
		{FieldSignatureVersion, "Sig/9", `field 20 (Signature Version): "Sig/9" is not one of this field's values`},
		{FieldCipherSuite, "SigV4", `field 21 (Cipher Suite): "SigV4" is not one of this field's values`},
		{FieldAuthType, "4", `field 22 (Authentication Type): "4" is not one of this field's values`},
		{FieldTLSVersion, "AuthHeader", `field 24 (TLS version): "AuthHeader" is not one of this field's values`},
		{FieldSourceRegion, "SigV4", `field 27 (Source Region): "SigV4" is not one of this field's values`},
		{FieldSourceRegion, "eu-west-1 a  b", `field 28 (fields 28 and on): is empty`},
		{FieldSourceRegion, "eu-west-1 SigV4", `field 28 (fields 28 and on): "SigV4" leaves more than one way to read the record's end`},
	} {
		var r Record
		err := Parse(signed().with(test.field, test.text).line(FieldSourceRegion), &r)
		assert.EqualError(t, err, test.want)
	}
}

func TestLinesThatAreNoRecords(t *testing.T) {
	line := signed().line(FieldSourceRegion)
	for text, want := range map[string]string{
		"":                            "the line is empty",
		"   ":                         "the line is empty",
		`{"bucket_name":"x"}`:         "member request_time: is missing or null",
		"<xml/>":                      `field 1 (Bucket Owner): "<xml/>" is missing or cut off where the line ends`,
		strings.Repeat("é", 40):       `field 1 (Bucket Owner): "` + strings.Repeat("é", 32) + `" is missing or cut off where the line ends`,
		"a" + strings.Repeat("é", 40): `field 1 (Bucket Owner): "a` + strings.Repeat("é", 31) + `" is missing or cut off where the line ends`,
		line[:100]:                    `field 3 (Time): "[06/Feb/2026:00:00:3" is missing or cut off where the line ends`,
	} {
		var r Record
		assert.EqualError(t, Parse(text, &r), want)
	}
}

// A record that was torn at any byte is malformed, unless what is left has as
// many fields as an older record; then what is there is read right.
func TestTornRecords(t *testing.T) {
	for _, record := range hostileRecords {
		for _, version := range []string{"-", "3HL4kqtJvjVBH40Nrjfkd"} {
			line := record().with(FieldVersionID, version).line(FieldSourceRegion)
			whole := mustParse(t, line)
			for end := range len(line) {
				var r Record
				if err := Parse(line[:end], &r); err == nil {
					assert.Contains(t, []int{18, 24, 25, 26, 27}, r.Fields)
					assert.Equal(t, whole.Referer, r.Referer, line[:end])
					assert.Equal(t, whole.UserAgent, r.UserAgent, line[:end])
					assert.True(t, strings.HasPrefix(whole.VersionID, r.VersionID), line[:end])
					assert.True(t, strings.HasPrefix(whole.HostID, r.HostID), line[:end])
					continue
				}
				if end > len(testOwner)+1 {
					assert.Equal(t, testOwner, r.Owner)
				}
				if end > len(testOwner+" example-bucket")+1 {
					assert.Equal(t, "example-bucket", r.Bucket)
				}
			}
		}
	}
}

// A record that was torn behind its owner and joined to the next one, without a
// newline between them, is malformed up to its Referer. Behind that, it is the same as a client
// that sends a record in its Referer or User-Agent.
func TestTornRecordsJoinedToTheNext(t *testing.T) {
	line := signed().line(FieldSourceRegion)
	for end := len(testOwner) + 1; end < strings.Index(line, "https://"); end++ {
		for _, between := range []string{"", " "} {
			var r Record
			assert.Error(t, Parse(line[:end]+between+line, &r), line[:end])
		}
	}
}

// A client's Referer may hold what separates it from a bare User-Agent.
func TestQuotedRefererBeforeBareUserAgent(t *testing.T) {
	for _, referer := range []string{"x", `a" "b`, `a" "`, `" "`, `a" - b`, `" - `, `a" "b" "c`} {
		for _, record := range hostileRecords {
			l := record().with(FieldUserAgent, "-")
			want := mustParse(t, l.line(FieldSourceRegion))
			want.Referer = referer
			assert.Equal(t, want, mustParse(t, l.with(FieldReferer, `"`+referer+`"`).line(FieldSourceRegion)))
		}
	}
}

// Whatever fills a long line, the time it takes grows with its length only.
func TestMegabyteLines(t *testing.T) {
	size := 4 << 20
	if raceEnabled {
		size = 1 << 20
	}
	for _, filling := range []string{"x", `"`, `" "`, `" - `, "[", " ", "- ", "a ", testHostID + " ", " " + fakePlainTail, `" ` + fakeTail} {
		text := strings.Repeat(filling, size/len(filling))
		var r Record
		start := time.Now()
		for _, line := range []string{
			signed().with(FieldUserAgent, `"`+text+`"`).line(FieldSourceRegion),
			signed().with(FieldReferer, `"`+text+`"`).line(FieldSourceRegion),
		} {
			require.NoError(t, Parse(line, &r), filling)
			assert.Equal(t, testHostID, r.HostID)
			NextJoined(line)
		}
		_ = Parse(plain().line(FieldSourceRegion)+" "+text, &r)
		_ = Parse(plain().with(FieldVersionID, text).line(FieldSourceRegion), &r)
		_ = Parse(text, &r)
		assert.Less(t, time.Since(start), 30*time.Second, filling) // minutes, were it quadratic
	}
}

func TestSpacesAtTheEndAreIgnored(t *testing.T) {
	line := signed().line(FieldSourceRegion)
	assert.Equal(t, mustParse(t, line), mustParse(t, line+"  "))
}

func TestParseTime(t *testing.T) {
	const layout = "[02/Jan/2006:15:04:05 -0700]"
	for at := time.Date(1970, 1, 1, 12, 0, 0, 0, time.UTC); at.Year() < 2262; at = at.Add(13*time.Hour + 7*time.Minute + 11*time.Second) {
		for _, zone := range []int{0, 19800, -12600} {
			text := at.In(time.FixedZone("", zone)).Format(layout)
			seconds, ok := parseTime(text)
			if !ok || seconds != at.Unix() {
				t.Fatalf("%s: %d, not %d", text, seconds, at.Unix())
			}
		}
	}
	for _, text := range []string{
		"", "[06/Feb/2019:00:00:38 +0000", "[29/Feb/2019:00:00:38 +0000]", "[31/Apr/2019:00:00:38 +0000]", "[00/Feb/2019:00:00:38 +0000]",
		"[06/feb/2019:00:00:38 +0000]", "[06/Feb/1969:00:00:38 +0000]", "[06/Feb/2262:00:00:38 +0000]", "[06/Feb/2019:24:00:38 +0000]",
		"[06/Feb/2019:00:60:38 +0000]", "[06/Feb/2019:00:00:61 +0000]", "[06/Feb/2019:00:00:38 +1500]", "[06/Feb/2019:00:00:38 +0060]",
		"[06/Feb/2019:00:00:38 00000]", "[01/Jan/1970:00:00:00 +0100]", "[6/Feb/2019:00:00:38 +00000]", "[06/Feb/2019:00:00:3x +0000]",
		"[06-Feb-2019:00:00:38 +0000]",
	} {
		_, ok := parseTime(text)
		assert.False(t, ok, text)
	}
}
