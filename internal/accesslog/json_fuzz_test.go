package accesslog

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func FuzzJSON(f *testing.F) {
	for _, name := range []string{"json.log", "json-malformed.log"} {
		for _, line := range readLines(f, name) {
			f.Add(line)
		}
	}
	for _, text := range []string{
		`{"request_time":"2026-02-06T00:00:38.123Z","operation":"a.b","key_name":"\ud83d\ude00\ud83d\u0041\udc00"}`,
		"{\"request_time\":\"2026-02-06T23:59:60.999Z\",\"operation\":\"a.b\",\"x\xff\":\"\xff\"} \t\r",
		`{"request_time":"2026-02-06T00:00:38.123Z","operation":"a.b","object_size":-0,"x":-0.0e+1}`,
		`{"operation":"\u0061.b","request_t\u0069me":"2026-02-06T00:00:38.123Z","x":[[[[[[[]]]]]]]}`,
		"{}{}", "{} {", "{\"a\":\"}\"}\t{\"b\":{}}", `{"a":01}`, "{\"a\":\"\x1f\"}", `{"a":"\u12g4"}`, `{"a":"\`, `{"a"`, "{",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, line string) {
		checkNext(t, line)
		if isJSON(line) {
			checkJSON(t, line)
		}
	})
}

// checkNext checks that the records of a line are all of it, but for white space
// behind an object.
func checkNext(t *testing.T, line string) {
	t.Helper()
	for rest := line; rest != ""; {
		record, behind := Next(rest, false)
		require.NotEmpty(t, record)
		require.True(t, strings.HasPrefix(rest, record))
		between, ok := strings.CutSuffix(rest[len(record):], behind)
		require.True(t, ok)
		require.True(t, onlyJSONSpace(between))
		if behind != "" {
			require.True(t, json.Valid([]byte(record)), record)
			require.False(t, isJSONSpace(behind[0]))
		}
		rest = behind
	}
}

// checkJSON checks a line that begins with an object against slowJSON.
func checkJSON(t *testing.T, line string) {
	t.Helper()
	var r Record
	err := Parse(line, &r)
	if !strings.Contains(line, `\`) {
		checkParts(t, line, &r)
	}
	want, wanted := slowJSON(line)
	if err != nil {
		require.ErrorIs(t, err, ErrMalformed)
		require.LessOrEqual(t, len(r.err.Value), maxErrorValue)
		require.False(t, wanted, "%v\n%s", err, line)
		return
	}
	require.True(t, json.Valid([]byte(line)), line)
	require.True(t, wanted, line)

	got := r
	for _, text := range []*string{
		&got.Owner, &got.Bucket, &got.RemoteIP, &got.Requester, &got.RequestID, &got.Operation, &got.Key, &got.Method, &got.Target,
		&got.ErrorCode, &got.Referer, &got.UserAgent, &got.VersionID, &got.HostID, &got.SignatureVersion, &got.CipherSuite,
		&got.AuthType, &got.HostHeader, &got.TLSVersion, &got.AccessPointARN, &got.SourceRegion,
	} {
		*text = string([]rune(*text)) // as encoding/json repairs it
	}
	want.RemoteIP, want.RemotePort, want.Unexpected = got.RemoteIP, got.RemotePort, got.Unexpected
	require.Equal(t, want, got, line)
}

var (
	slowOperation = regexp.MustCompile(`^[\w-]+\.[\w.-]*$`)
	slowRequest   = regexp.MustCompile(`^([^ ]+) ([^ ]+)(?: HTTP/([0-9]\.[0-9]))?$`)
	slowTime      = regexp.MustCompile(`^(19[7-9]\d|2[01]\d\d|22[0-5]\d|226[01])-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ$`)
)

// slowJSON reads a JSON record with encoding/json, but for Remote IP and what is
// unexpected.
func slowJSON(line string) (r Record, ok bool) {
	if !json.Valid([]byte(line)) || slowDepth(line) > maxJSONDepth {
		return r, false
	}
	known := map[string]json.RawMessage{}
	d := json.NewDecoder(strings.NewReader(line))
	_, _ = d.Token() // the brace
	for d.More() {
		before := d.InputOffset()
		token, _ := d.Token()
		written := strings.TrimLeft(line[before:d.InputOffset()], ", \t\r\n")
		var raw json.RawMessage
		_ = d.Decode(&raw)
		name := token.(string)
		if !slices.ContainsFunc(jsonMembers[:], func(m jsonMember) bool { return m.name == name }) {
			if len(r.Members) < maxMembers {
				r.Members = append(r.Members, Member{CutText(written[1:len(written)-1], maxMemberValue), CutText(string(raw), maxMemberValue)})
			}
			continue
		}
		if _, twice := known[name]; twice {
			return r, false
		}
		known[name] = raw
	}
	if _, ok := known["operation"]; !ok {
		return r, false
	}
	text, _ := json.Marshal(known)
	var m members
	if json.Unmarshal(text, &m) != nil {
		return r, false
	}
	for _, n := range []struct {
		name  string
		value *int64
	}{
		{"http_status", m.HTTPStatus},
		{"bytes_sent_size", m.BytesSentSize},
		{"object_size", m.ObjectSize},
		{"total_duration", m.TotalDuration},
		{"turn_around_duration", m.TurnAroundDuration},
	} {
		if n.value != nil && (bytes.ContainsAny(known[n.name], "-") || *n.value > 1e18) {
			return r, false
		}
	}
	return slowRecord(r, &m)
}

func slowRecord(r Record, m *members) (Record, bool) {
	r.Fields, r.RawKey = 27, true
	r.Owner, r.Bucket, r.Requester, r.RequestID = slowText(m.BucketOwnerID), slowText(m.BucketName), slowText(m.Requester), slowText(m.RequestID)
	r.Operation, r.Key, r.ErrorCode = slowText(m.Operation), slowText(m.KeyName), slowText(m.ErrorCode)
	r.Referer, r.UserAgent, r.VersionID, r.HostID = slowText(m.Referer), slowText(m.UserAgent), slowText(m.VersionID), slowText(m.HostID)
	r.SignatureVersion, r.CipherSuite, r.AuthType = slowText(m.SignatureVersion), slowText(m.CipherSuite), slowText(m.AuthenticationType)
	r.HostHeader, r.TLSVersion = slowText(m.HostHeader), slowText(m.TLSVersion)
	r.AccessPointARN, r.SourceRegion = slowText(m.AccessPointARN), slowText(m.SourceRegion)
	r.BytesSent, r.ObjectSize = slowNumber(m.BytesSentSize), slowNumber(m.ObjectSize)
	r.TotalTime, r.TurnAroundTime = slowNumber(m.TotalDuration), slowNumber(m.TurnAroundDuration)
	status := slowNumber(m.HTTPStatus)
	if status != Absent && (status < 100 || status > 999) {
		return r, false
	}
	r.Status = int32(status)
	if m.ACLRequired != nil {
		r.ACLRequired = map[bool]ACLRequired{false: ACLNotNeeded, true: ACLNeeded}[*m.ACLRequired]
	}
	if uri := slowText(m.RequestURI); uri != "" {
		parts := slowRequest.FindStringSubmatch(uri)
		if parts == nil {
			return r, false
		}
		r.Method, r.Target, r.Version = parts[1], parts[2], parts[3]
	}
	at := slowText(m.RequestTime)
	leap := strings.Contains(at, ":60.")
	at = strings.Replace(at, ":60.", ":59.", 1)
	when, err := time.Parse("2006-01-02T15:04:05.000Z", at)
	if leap {
		when = when.Add(time.Second)
	}
	r.Time, r.Millis = when.Unix(), int16(when.UnixMilli()%1000)
	return r, err == nil && slowTime.MatchString(at) && (r.Operation == "" || slowOperation.MatchString(r.Operation))
}

func slowText(s *string) string {
	if s == nil {
		return ""
	}
	return absent(*s)
}

func slowNumber(n *int64) int64 {
	if n == nil {
		return Absent
	}
	return *n
}

// slowDepth returns how deep valid JSON nests.
func slowDepth(line string) (deepest int) {
	depth := 0
	d := json.NewDecoder(strings.NewReader(line))
	d.UseNumber()
	for {
		token, err := d.Token()
		if err != nil {
			return deepest
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
			deepest = max(deepest, depth)
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
}
