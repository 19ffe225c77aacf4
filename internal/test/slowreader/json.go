package slowreader

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

var whole = regexp.MustCompile(`^(0|[1-9][0-9]*)$`)

// Split returns the records of a line: text is one, objects may follow one
// another.
func Split(line string) (records []string) {
	for {
		trimmed := strings.TrimLeft(line, jsonSpace)
		if !strings.HasPrefix(trimmed, "{") {
			return append(records, line)
		}
		var value json.RawMessage
		d := json.NewDecoder(strings.NewReader(line))
		if d.Decode(&value) != nil {
			return append(records, line)
		}
		end := int(d.InputOffset())
		rest := strings.TrimLeft(line[end:], jsonSpace)
		if rest == "" {
			return append(records, line)
		}
		records, line = append(records, line[:end]), rest
	}
}

const jsonSpace = " \t\r\n"

// members are the names and the types: s is a string, n a number, b true or false.
var members = map[string]byte{
	"schema_version_id": 's', "bucket_arn": 's', "bucket_name": 's', "request_time": 's', "bucket_owner_id": 's', "remote_ip": 's',
	"requester": 's', "request_id": 's', "operation": 's', "key_name": 's', "request_uri": 's', "http_status": 'n', "error_code": 's',
	"bytes_sent_size": 'n', "object_size": 'n', "total_duration": 'n', "turn_around_duration": 'n', "referer": 's', "user_agent": 's',
	"version_id": 's', "host_id": 's', "signature_version": 's', "cipher_suite": 's', "authentication_type": 's', "host_header": 's',
	"tls_version": 's', "access_point_arn": 's', "acl_required": 'b', "source_region": 's',
}

func readJSON(line string) (r Record, ok bool) {
	if !json.Valid([]byte(line)) || depth(line) > 8 {
		return r, false
	}
	d := json.NewDecoder(strings.NewReader(line))
	_, _ = d.Token()
	texts, numbers := map[string]string{}, map[string]int64{}
	seen := map[string]bool{}
	for d.More() {
		before := d.InputOffset()
		token, err := d.Token()
		if err != nil {
			return r, false
		}
		written := strings.Trim(line[before:d.InputOffset()], jsonSpace+",")
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return r, false
		}
		name := token.(string)
		kind, known := members[name]
		if !known {
			if len(r.Members) < 32 {
				r.Members = append(r.Members, cut(written[1:len(written)-1], 256)+"="+cut(string(value), 256))
			}
			continue
		}
		if seen[name] {
			return r, false
		}
		seen[name] = true
		if string(value) != "null" && !r.setMember(name, kind, string(value), texts, numbers) {
			return r, false
		}
	}
	if !seen["operation"] || !r.setJSONTime(texts["request_time"]) || !r.setJSONRequest(texts["request_uri"]) {
		return r, false
	}
	return r.setJSON(texts, numbers)
}

// setMember keeps the value of a known member, which has to be of its type.
func (r *Record) setMember(name string, kind byte, value string, texts map[string]string, numbers map[string]int64) bool {
	switch kind {
	case 's':
		if value[0] != '"' {
			return false
		}
		texts[name] = dash(text(value))
	case 'n':
		if !whole.MatchString(value) || len(value) > 19 || len(value) == 19 && value != "1000000000000000000" {
			return false
		}
		numbers[name] = number(value)
	case 'b':
		r.ACL = map[string]string{"true": "yes", "false": "no"}[value]
		return r.ACL != ""
	}
	return true
}

func (r *Record) setJSON(texts map[string]string, numbers map[string]int64) (_ Record, ok bool) {
	of := func(name string) int64 {
		if n, ok := numbers[name]; ok {
			return n
		}
		return -1
	}
	r.Owner, r.Bucket, r.Requester, r.RequestID = texts["bucket_owner_id"], texts["bucket_name"], texts["requester"], texts["request_id"]
	r.Operation, r.Key, r.RawKey, r.ErrorCode = texts["operation"], texts["key_name"], true, texts["error_code"]
	r.Status, r.BytesSent, r.ObjectSize = of("http_status"), of("bytes_sent_size"), of("object_size")
	r.TotalTime, r.TurnAroundTime = of("total_duration"), of("turn_around_duration")
	r.Referer, r.UserAgent, r.VersionID, r.HostID = texts["referer"], texts["user_agent"], texts["version_id"], texts["host_id"]
	r.Signature, r.Cipher, r.Auth, r.Host = texts["signature_version"], texts["cipher_suite"], texts["authentication_type"], texts["host_header"]
	r.TLS, r.ARN, r.Region, r.Fields = texts["tls_version"], texts["access_point_arn"], texts["source_region"], 27
	if r.Operation != "" && !isOperation(r.Operation) || r.Status != -1 && (r.Status < 100 || r.Status > 999) {
		return *r, false
	}
	if ip := texts["remote_ip"]; ip != "" && !r.setRemoteIP(ip) {
		r.RemoteIP = cut(ip, 64)
		r.unexpected("Remote IP")
	}
	if v := texts["schema_version_id"]; v != "" && v != "V_1_0" {
		r.unexpected("Schema Version Id")
	}
	for _, field := range tailFields {
		if v := texts[field.member]; field.member != "" && v != "" && !field.known.MatchString(v) {
			r.unexpected(field.name)
		}
	}
	if r.ErrorCode != "" && !word.MatchString(r.ErrorCode) {
		r.unexpected("Error Code")
	}
	return *r, true
}

var word = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// setJSONTime reads 2019-02-06T00:00:38.000Z.
func (r *Record) setJSONTime(s string) bool {
	leap := int64(0)
	if len(s) == 24 && s[17:19] == "60" {
		s, leap = s[:17]+"59"+s[19:], 1
	}
	const layout = "2006-01-02T15:04:05.000Z"
	t, err := time.Parse(layout, s)
	if err != nil || t.Format(layout) != s || t.Year() < 1970 || t.Year() > 2261 {
		return false
	}
	r.Seconds, r.Millis = t.Unix()+leap, t.Nanosecond()/1e6
	return true
}

func (r *Record) setJSONRequest(s string) bool {
	if s == "" {
		return true
	}
	m := request.FindStringSubmatch(s)
	if m == nil {
		return false
	}
	r.Method, r.Target, r.Version = m[1], m[2], m[3]
	return true
}

// depth returns how deep the brackets of valid JSON nest.
func depth(s string) (deepest int) {
	if n := strings.Count(s, "{") + strings.Count(s, "["); n <= 8 {
		return n // at most
	}
	d := json.NewDecoder(strings.NewReader(s))
	at := 0
	for {
		token, err := d.Token()
		if err != nil {
			return deepest
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			at++
			deepest = max(deepest, at)
		case json.Delim('}'), json.Delim(']'):
			at--
		}
	}
}

// cut cuts s after n bytes, or a few before, not inside a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := range 4 {
		if utf8.RuneStart(s[n-i]) {
			return s[:n-i]
		}
	}
	return s[:n-3]
}

var escapes = regexp.MustCompile(`(?:\\u[0-9a-fA-F]{4})+|\\.`)

// text decodes a JSON string. What is not UTF-8 stays, which encoding/json would
// change.
func text(quoted string) string {
	return escapes.ReplaceAllStringFunc(quoted[1:len(quoted)-1], func(escape string) (decoded string) {
		_ = json.Unmarshal([]byte(`"`+escape+`"`), &decoded)
		return decoded
	})
}
