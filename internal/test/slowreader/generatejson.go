package slowreader

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// jsonOrder are the members in the order of AWS's page.
var jsonOrder = []string{
	"schema_version_id", "bucket_arn", "bucket_name", "request_time", "bucket_owner_id", "remote_ip", "requester", "request_id", "operation", "key_name",
	"request_uri", "http_status", "error_code", "bytes_sent_size", "object_size", "total_duration", "turn_around_duration", "referer", "user_agent",
	"version_id", "host_id", "signature_version", "cipher_suite", "authentication_type", "host_header", "tls_version", "access_point_arn", "acl_required",
	"source_region",
}

// JSON returns a line that begins with an object.
func (g *Generator) JSON() string {
	parts := []string{g.object()}
	for g.chance(7) {
		parts = append(parts, g.pick("", " ", "\t", "\n", " \r "), g.pick(g.object(), g.object(), "{", "x", `{"a":1}`, `{"a":"`, "}", ",", "[]", g.Text().Text))
	}
	line := strings.Join(parts, "")
	if g.chance(6) {
		at := g.rng.IntN(len(line))
		switch g.rng.IntN(4) {
		case 0:
			line = line[:max(at, 1)]
		case 1:
			line = line[:at] + line[min(at+1, len(line)):]
		default:
			line = line[:at] + g.pick(`"`, "{", "}", ",", ":", " ", "\\", "[", "]", "\x01", "0", "\t", "-", "\xff", "e") + line[at:]
		}
	}
	return line
}

func (g *Generator) object() string {
	w := g.words()
	for len(w) < 28 {
		w = append(w, "-")
	}
	if g.chance(20) {
		g.unexpected(w)
	}
	values := map[string]string{
		"schema_version_id": `"` + g.pick("V_1_0", "V_1_0", "V_1_0", "V_2_0", "", "-") + `"`, "bucket_arn": g.quote("arn:aws:s3:::" + w[2]),
		"bucket_name": g.quote(w[2]), "request_time": g.jsonTime(), "bucket_owner_id": g.quote(w[1]), "remote_ip": g.quote(w[4]), "requester": g.quote(w[5]),
		"request_id": g.quote(w[6]), "operation": g.quote(w[7]), "key_name": g.quote(w[8]), "request_uri": g.quote(strings.Trim(w[9], `"`)),
		"http_status": w[10], "error_code": g.quote(w[11]), "bytes_sent_size": w[12], "object_size": w[13], "total_duration": w[14],
		"turn_around_duration": w[15], "referer": g.quote(strings.Trim(w[16], `"`)), "user_agent": g.quote(strings.Trim(w[17], `"`)), "version_id": g.quote(w[18]),
		"host_id": g.quote(w[19]), "signature_version": g.quote(w[20]), "cipher_suite": g.quote(w[21]), "authentication_type": g.quote(w[22]),
		"host_header": g.quote(w[23]), "tls_version": g.quote(w[24]), "access_point_arn": g.quote(w[25]), "acl_required": g.pick("true", "false", "null"),
		"source_region": g.quote(w[27]),
	}
	for _, name := range jsonOrder {
		if value := values[name]; value == "-" || value == `"-"` {
			values[name] = g.pick("null", "null", `"-"`, `""`)
			if members[name] != 's' {
				values[name] = "null"
			}
		}
	}
	order := append([]string(nil), jsonOrder...)
	if g.chance(20) {
		g.rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	}
	for g.chance(20) {
		i := g.rng.IntN(len(order))
		switch g.rng.IntN(5) {
		case 0:
			order = append(order[:i], order[i+1:]...)
		case 1:
			order = append(order, order[i])
		case 2:
			order[i] = g.pick("new_member", "", "Operation", "é", "\u2028", `bucket_namf`, strings.Repeat("n", 300), `op\u0065ration`, `a\"b`, `\ud800`)
			values[order[i]] = g.value(0)
		default:
			values[order[i]] = g.value(0)
		}
	}
	for g.chance(10) { // many
		for range g.rng.IntN(40) {
			name := fmt.Sprintf("n%d", g.rng.IntN(50))
			order, values[name] = append(order, name), g.value(3)
		}
	}
	space := g.pick("", "", " ", "\t", " \n")
	var b strings.Builder
	b.WriteString(g.pick("", "", "", " ", "\t") + "{" + space)
	for i, name := range order {
		if i > 0 {
			b.WriteString(space + ",")
		}
		b.WriteString(space + `"` + name + `"` + space + ":" + space + values[name])
	}
	return b.String() + "}" + space
}

// jsonTime returns a time, in quotes.
func (g *Generator) jsonTime() string {
	t := time.UnixMilli(g.rng.Int64N(9_000_000_000_000)).UTC()
	s := t.Format("2006-01-02T15:04:05.000Z")
	switch g.rng.IntN(60) {
	case 0:
		s = s[:17] + "60" + s[19:]
	case 1:
		i := g.rng.IntN(len(s))
		s = s[:i] + g.pick("9", "0", " ", "x", "-", "2", "") + s[i+1:]
	}
	return `"` + s + `"`
}

// quote returns s as a JSON string, now and then with escapes that nothing asks
// for, with bytes that are not UTF-8, or with hostile text.
func (g *Generator) quote(s string) string {
	if g.chance(3) {
		s = g.hostile()
	}
	quoted, _ := json.Marshal(s)
	text := string(quoted)
	switch g.rng.IntN(40) {
	case 0:
		at := 1 + g.rng.IntN(len(text)-1)
		return text[:at] + g.pick(`\u0041`, `\n`, `\/`, `\ud83d\ude00`, `\ud800`, `\udc00x`, `\u00`, `\x`, "\xff", "\xc3", "\x7f", "é", `\\`, `\"`, `\ud800\u0041`, `\uD83D\uDE00`) + text[at:]
	case 1:
		if len(text) > 2 && text[1] < 0x7f && text[1] != '\\' {
			return fmt.Sprintf(`"\u%04x%s`, text[1], text[2:])
		}
	}
	return text
}

// value returns any value of JSON, and some that are none.
func (g *Generator) value(depth int) string {
	if depth < 9 && g.chance(35) {
		if g.chance(50) {
			return "[" + g.value(depth+1) + g.pick("", ","+g.value(depth+1), " ") + "]"
		}
		return `{"a":` + g.value(depth+1) + g.pick("", `,"a":`+g.value(depth+1), " ") + "}"
	}
	return g.pick("0", "1", "-1", "1.5", "1e3", "01", "-0", "+1", "1000000000000000000", "1000000000000000001", "99999999999999999999", strconv.FormatUint(g.rng.Uint64(), 10), "200", "true", "false", "null", "nul",
		`"x"`, `"1"`, `""`, `"-"`, "[]", "{}", `"`+strings.Repeat("é", 140)+`"`, `"a`+strings.Repeat("😀", 80)+`"`, "[[[[[[[]]]]]]]", "[[[[[[[[]]]]]]]]", `{"a":{"b":{"c":{"d":{"e":{"f":{"g":{}}}}}}}}`, "NaN",
		strings.Repeat("[", 9)+strings.Repeat("]", 9))
}
