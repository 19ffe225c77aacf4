package accesslog

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// signedJSON is the record of signed as JSON.
func signedJSON(t testing.TB) map[string]any {
	t.Helper()
	var r Record
	require.NoError(t, Parse(signed().with(FieldErrorCode, "SlowDown").with(FieldACLRequired, "Yes").line(FieldSourceRegion), &r))
	r.AccessPointARN, r.Millis = "arn:aws:s3:eu-west-1:123456789012:accesspoint/example-AP", 7
	m := map[string]any{}
	d := json.NewDecoder(strings.NewReader(jsonOf(&r)))
	d.UseNumber()
	require.NoError(t, d.Decode(&m))
	require.Len(t, m, len(jsonMembers))
	return m
}

func lineOf(t testing.TB, m map[string]any) string {
	t.Helper()
	text, err := json.Marshal(m)
	require.NoError(t, err)
	return string(text)
}

func TestEveryMemberIsRead(t *testing.T) {
	want := Record{
		Owner: testOwner, Bucket: "example-bucket", Time: 1770336038, Millis: 7, RemoteIP: "192.0.2.3",
		Requester: "arn:aws:iam::123456789012:user/alice", RequestID: "3E57427F3EXAMPLE", Operation: "REST.GET.OBJECT", Key: "photos/puppy.jpg", RawKey: true,
		Method: "GET", Target: "/photos/puppy.jpg?versionId=3HL4kqtJvjVBH40Nrjfkd", Version: "1.1",
		Status: 200, ErrorCode: "SlowDown", BytesSent: 2662992, ObjectSize: 3462992, TotalTime: 70, TurnAroundTime: 10,
		Referer: "https://example.org/", UserAgent: "curl/8.17.0", VersionID: "3HL4kqtJvjVBH40Nrjfkd", HostID: testHostID,
		SignatureVersion: "SigV4", CipherSuite: "ECDHE-RSA-AES128-GCM-SHA256", AuthType: "AuthHeader",
		HostHeader: "example-bucket.s3.eu-west-1.amazonaws.com", TLSVersion: "TLSv1.2",
		AccessPointARN: "arn:aws:s3:eu-west-1:123456789012:accesspoint/example-AP", ACLRequired: ACLNeeded, SourceRegion: "eu-west-1", Fields: 27,
	}
	assert.Equal(t, want, mustParse(t, lineOf(t, signedJSON(t))))
}

// The table has the members of the struct that encoding/json fills, in its order.
func TestTheTableHasEveryMember(t *testing.T) {
	line := jsonOf(&Record{})
	at := 0
	for _, m := range jsonMembers {
		i := strings.Index(line[at:], `"`+m.name+`":`)
		require.GreaterOrEqual(t, i, 0, m.name)
		at += i
	}
	assert.Len(t, jsonMembers, 29)
}

func TestNullMissingEmptyAndDashAreAbsent(t *testing.T) {
	want := Record{
		Operation: "REST.GET.OBJECT", Time: 1770336038, Millis: 7, Status: Absent, BytesSent: Absent, ObjectSize: Absent,
		TotalTime: Absent, TurnAroundTime: Absent, Fields: 27, RawKey: true,
	}
	for name, values := range map[string]map[jsonKind]any{
		"null":  {},
		"empty": {jsonString: ""},
		"dash":  {jsonString: "-"},
	} {
		m := signedJSON(t)
		for _, member := range jsonMembers {
			if member.field != FieldTime && member.field != FieldOperation {
				m[member.name] = values[member.kind]
			}
		}
		assert.Equal(t, want, mustParse(t, lineOf(t, m)), name)
	}
	assert.Equal(t, want, mustParse(t, `{"request_time":"2026-02-06T00:00:38.007Z","operation":"REST.GET.OBJECT"}`))
}

func TestRequiredMembersAreNamed(t *testing.T) {
	for _, name := range []string{"request_time", "operation"} {
		for _, value := range []any{nil, "", "-", "missing"} {
			m := signedJSON(t)
			m[name] = value
			if value == "missing" {
				delete(m, name)
			}
			var r Record
			if name == "operation" && value != "missing" {
				require.NoError(t, Parse(lineOf(t, m), &r)) // "Defaults to null if not available"
				assert.Empty(t, r.Operation)
				continue
			}
			require.EqualError(t, Parse(lineOf(t, m), &r), "member "+name+": is missing or null")
			assert.Equal(t, "example-bucket", r.Bucket)
			assert.Equal(t, testOwner, r.Owner)
		}
	}
	var r Record
	require.NoError(t, Parse(`{"request_time":"1970-01-01T00:00:00.000Z","operation":"S3.EXPIRE.OBJECT"}`, &r))
	assert.Zero(t, r.Time)
}

func TestMembersOfTheWrongTypeOrTwiceAreNamed(t *testing.T) {
	for _, member := range jsonMembers {
		for _, value := range []any{true, 5, "5", []int{1}, map[string]int{"a": 1}, 1.5, -1, json.Number("1e2"), json.Number("1000000000000000001"), json.Number("9309419592408455307"), json.Number("99999999999999999999")} {
			m := signedJSON(t)
			m[member.name] = value
			_, isText := value.(string)
			_, isFlag := value.(bool)
			if isText && member.kind == jsonString || isFlag && member.kind == jsonBoolean || value == 5 && member.kind == jsonInteger {
				continue
			}
			var r Record
			require.ErrorContains(t, Parse(lineOf(t, m), &r), "member "+member.name+": ", value)
			require.Equal(t, member.field, r.err.Field)
		}
		line := lineOf(t, signedJSON(t))
		for _, again := range []string{
			fmt.Sprintf(`{%q:null,%s`, member.name, line[1:]),
			fmt.Sprintf(`{"\u%04x%s":null,%s`, member.name[0], member.name[1:], line[1:]),
		} {
			var r Record
			require.EqualError(t, Parse(again, &r), "member "+member.name+": stands twice in the object", again)
		}
	}
}

func TestMembersThatDoNotFitAreNamed(t *testing.T) {
	for _, test := range []struct {
		name   string
		value  any
		reason Reason
	}{
		{"request_time", "2026-02-06T00:00:38Z", ReasonJSONTime},
		{"request_time", "2026-02-06T00:00:38.1234Z", ReasonJSONTime},
		{"request_time", "2026-02-06 00:00:38.123Z", ReasonJSONTime},
		{"request_time", "2026-02-06T00:00:38.123+", ReasonJSONTime},
		{"request_time", "2026-02-06T24:00:38.123Z", ReasonJSONTime},
		{"request_time", "2026-00-06T00:00:38.123Z", ReasonJSONTime},
		{"request_time", "2026-13-06T00:00:38.123Z", ReasonJSONTime},
		{"request_time", "2026-02-29T00:00:38.123Z", ReasonJSONTime},
		{"request_time", "1969-12-31T23:59:59.999Z", ReasonJSONTime},
		{"request_time", "2262-01-01T00:00:00.000Z", ReasonJSONTime},
		{"request_time", "2026-02-06T00:00:38.12x", ReasonJSONTime},
		{"operation", "GET", ReasonOperation},
		{"operation", ".GET", ReasonOperation},
		{"operation", "REST.GET OBJECT", ReasonOperation},
		{"request_uri", "GET", ReasonRequestLine},
		{"request_uri", "GET ", ReasonRequestLine},
		{"request_uri", " /", ReasonRequestLine},
		{"request_uri", "GET  HTTP/1.1", ReasonRequestLine},
		{"request_uri", "GET / HTTP/1.1 ", ReasonRequestLine},
		{"request_uri", "GET / HTTP/11", ReasonRequestLine},
		{"request_uri", "GET / http/1.1", ReasonRequestLine},
		{"request_uri", "GET / 1.1", ReasonRequestLine},
		{"http_status", 99, ReasonRange},
		{"http_status", 1000, ReasonRange},
	} {
		m := signedJSON(t)
		m[test.name] = test.value
		var r Record
		require.Error(t, Parse(lineOf(t, m), &r), test)
		assert.Equal(t, test.reason, r.err.Reason, test)
		assert.Equal(t, test.name, r.err.Member)
	}
}

func TestValuesThatAreNotKnownAreKeptAndNoted(t *testing.T) {
	for _, test := range []struct {
		name, value string
		field       Field
		got         func(*Record) string
	}{
		{"signature_version", "SigV5", FieldSignatureVersion, func(r *Record) string { return r.SignatureVersion }},
		{"cipher_suite", "a b", FieldCipherSuite, func(r *Record) string { return r.CipherSuite }},
		{"cipher_suite", strings.Repeat("A", 49), FieldCipherSuite, func(r *Record) string { return r.CipherSuite }},
		{"authentication_type", "Session", FieldAuthType, func(r *Record) string { return r.AuthType }},
		{"tls_version", "QUIC", FieldTLSVersion, func(r *Record) string { return r.TLSVersion }},
		{"access_point_arn", "ap", FieldAccessPointARN, func(r *Record) string { return r.AccessPointARN }},
		{"source_region", "eu_west", FieldSourceRegion, func(r *Record) string { return r.SourceRegion }},
		{"error_code", "Slow Down", FieldErrorCode, func(r *Record) string { return r.ErrorCode }},
		{"remote_ip", "AWS Internal", FieldRemoteIP, func(r *Record) string { return r.RemoteIP }},
		{"remote_ip", "host.example:80", FieldRemoteIP, func(r *Record) string { return r.RemoteIP }},
		{"remote_ip", "192.0.2.1:99999", 0, func(r *Record) string { return r.RemoteIP }},
	} {
		m := signedJSON(t)
		m[test.name] = test.value
		r := mustParse(t, lineOf(t, m))
		assert.Equal(t, test.value, test.got(&r))
		if test.field != 0 {
			assert.True(t, r.Unexpected.Has(test.field), test)
			assert.Equal(t, 1, r.Unexpected.Len(), test)
		}
	}
	m := signedJSON(t)
	m["schema_version_id"], m["remote_ip"] = "V_1_1", strings.Repeat("é", 40)
	r := mustParse(t, lineOf(t, m))
	assert.True(t, r.Unexpected.Has(FieldSchemaVersion))
	assert.Equal(t, strings.Repeat("é", 32), r.RemoteIP)
}

func TestRemoteIPMayHaveAPort(t *testing.T) {
	for text, want := range map[string]Record{
		"192.0.2.1":          {RemoteIP: "192.0.2.1"},
		"192.0.2.1:1234":     {RemoteIP: "192.0.2.1", RemotePort: 1234},
		"[2001:db8::1]:1234": {RemoteIP: "2001:db8::1", RemotePort: 1234},
		"2001:db8::1":        {RemoteIP: "2001:db8::1"},
		"::1":                {RemoteIP: "::1"},
		"::ffff:192.0.2.1":   {RemoteIP: "::ffff:192.0.2.1"},
	} {
		m := signedJSON(t)
		m["remote_ip"] = text
		r := mustParse(t, lineOf(t, m))
		assert.Equal(t, want.RemoteIP, r.RemoteIP, text)
		assert.Equal(t, want.RemotePort, r.RemotePort, text)
		assert.Zero(t, r.Unexpected, text)
	}
}

func TestUnknownMembersAreKeptRaw(t *testing.T) {
	line := lineOf(t, signedJSON(t))
	r := mustParse(t, line[:len(line)-1]+`,"Bucket_Name" : [ 1 ,"\u0041"],"a\"b":null,"":1e5,"long":"`+strings.Repeat("é", 200)+`"}`)
	assert.Equal(t, []Member{
		{"Bucket_Name", `[ 1 ,"\u0041"]`}, {`a\"b`, "null"}, {"", "1e5"}, {"long", `"` + strings.Repeat("é", 127)},
	}, r.Members)

	var many strings.Builder
	for i := range 40 {
		fmt.Fprintf(&many, `"m%d":%d,`, i, i)
	}
	require.NoError(t, Parse("{"+many.String()+line[1:], &r))
	require.Len(t, r.Members, maxMembers)
	assert.Equal(t, Member{"m31", "31"}, r.Members[31])
	assert.Equal(t, "example-bucket", r.Bucket)

	require.NoError(t, Parse(signed().line(FieldSourceRegion), &r))
	assert.Empty(t, r.Members, "of the record before")
	assert.False(t, r.RawKey)
}

func TestNestingHasALimit(t *testing.T) {
	line := lineOf(t, signedJSON(t))
	nested := func(depth int) string {
		return line[:len(line)-1] + `,"x":` + strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth) + "}"
	}
	mustParse(t, nested(maxJSONDepth-1))
	var r Record
	require.Error(t, Parse(nested(maxJSONDepth), &r))
	assert.Equal(t, ReasonDepth, r.err.Reason)
	require.Error(t, Parse(nested(1<<20), &r))
}

// A torn object keeps what was read of bucket and owner.
func TestTornObjectsAreMalformed(t *testing.T) {
	line := jsonOf(&Record{Owner: testOwner, Bucket: "example-bucket", Time: 1770336038, Operation: "REST.GET.OBJECT", Status: 200})
	for end := 1; end < len(line); end++ {
		var r Record
		require.ErrorIs(t, Parse(line[:end], &r), ErrMalformed, line[:end])
		require.Equal(t, ReasonJSON, r.err.Reason)
		if end > strings.Index(line, `,"request_time"`) {
			require.Equal(t, "example-bucket", r.Bucket)
		}
		if end > strings.Index(line, `,"remote_ip"`) {
			require.Equal(t, testOwner, r.Owner)
		}
	}
}

// What an object nests too deep for is the object, not what follows it.
func TestNextSplitsBehindADeepObject(t *testing.T) {
	for _, depth := range []int{maxJSONDepth, maxJSONDepth + 1, maxSplitDepth} {
		deep := strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth)
		record, rest := Next(deep+"{}", false)
		assert.Equal(t, deep, record)
		assert.Equal(t, "{}", rest)
	}
	deeper := strings.Repeat(`{"a":`, 1<<20)
	record, rest := Next(deeper+"}{}", false)
	assert.Equal(t, deeper+"}{}", record)
	assert.Empty(t, rest)
}

func TestNext(t *testing.T) {
	const joined = "x " + testOwner + " bucket [06/Feb/2014:00:00:38 +0000] "
	for _, test := range []struct {
		line string
		want []string
	}{
		{"", nil},
		{"text", []string{"text"}},
		{joined, []string{"x", joined[2:]}},
		{"text {}{}", []string{"text {}{}"}},
		{"{}", []string{"{}"}},
		{" {} ", []string{" {} "}},
		{"{}{}", []string{"{}", "{}"}},
		{` {"a":"}{"} ` + "\t\r" + `{"b":{}} `, []string{` {"a":"}{"}`, `{"b":{}} `}},
		{"{}{}{} ", []string{"{}", "{}", "{} "}},
		{"{},{}", []string{"{}", ",{}"}},
		{"{} text", []string{"{}", "text"}},
		{`{"a":"` + joined + `"}`, []string{`{"a":"` + joined + `"}`}},
		{`{"a":}{}`, []string{`{"a":}{}`}},
		{`{}{"a":}{}`, []string{"{}", `{"a":}{}`}},
		{"{", []string{"{"}},
		{"{}}", []string{"{}", "}"}},
	} {
		var got []string
		for rest := test.line; rest != ""; {
			var record string
			record, rest = Next(rest, true)
			got = append(got, record)
		}
		assert.Equal(t, test.want, got, test.line)
	}
	record, rest := Next(joined, false)
	assert.Equal(t, joined, record)
	assert.Empty(t, rest)
}

func TestJSONLineOfAMebibyte(t *testing.T) {
	for _, text := range []string{"a", "é", "}", `\`, `"`, "\xff", "\n"} {
		m := signedJSON(t)
		m["user_agent"] = strings.Repeat(text, 1<<20/len(text))
		line := lineOf(t, m)
		record, rest := Next(line, false)
		require.Len(t, record, len(line))
		require.Empty(t, rest)
		r := mustParse(t, line)
		require.Equal(t, string([]rune(m["user_agent"].(string))), r.UserAgent)
	}
	line := strings.Repeat("{}", 1<<19)
	n := 0
	for line != "" {
		_, line = Next(line, false)
		n++
	}
	require.Equal(t, 1<<19, n)
}

func TestJSONWithoutEscapesAllocatesNothing(t *testing.T) {
	var lines []string
	for _, name := range []string{"json.log", "json-malformed.log"} {
		for _, line := range readLines(t, name) {
			if !strings.Contains(line, `\`) {
				lines = append(lines, line)
			}
		}
	}
	require.Greater(t, len(lines), 20)
	var r Record
	read := 0
	assert.Zero(t, testing.AllocsPerRun(10, func() {
		for _, line := range lines {
			for line != "" {
				var record string
				record, line = Next(line, true)
				if Parse(record, &r) == nil {
					read++
				}
			}
		}
	}))
	assert.Positive(t, read)
}
