package accesslog

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/samplelogs"
)

// The same requests as text and as JSON are the same records.
func TestTextAndJSONAreTheSameRecord(t *testing.T) {
	lines := samplelogs.Records(7, 2000)
	for _, name := range []string{"aws-doc-examples.log", "quirks.log", "hostile.log"} {
		lines = append(lines, readLines(t, name)...)
	}
	for _, line := range lines {
		want := mustParse(t, line)
		got := mustParse(t, jsonOf(&want))
		require.True(t, got.RawKey)
		got.RawKey, want.Fields, want.Extra = false, 27, ""
		for _, r := range []*Record{&want, &got} { // as JSON has it
			for _, text := range []*string{&r.Key, &r.Target, &r.Referer, &r.UserAgent, &r.VersionID, &r.HostHeader} {
				*text = string([]rune(*text))
			}
		}
		require.Equal(t, want, got, line)
	}
}

// Whatever a client sends stays in the member that it is for.
func TestClientTextInJSONChangesNoOtherField(t *testing.T) {
	texts := append([]string{`","bucket_name":"other`, `"}`, `"},{"`, `"}{"operation":"x.y`, "\\", `\"`, "\u0000", "}", "{}", "\n"}, hostileTexts...)
	want := mustParse(t, lineOf(t, signedJSON(t)))
	for _, member := range jsonMembers {
		if member.kind != jsonString {
			continue
		}
		for _, text := range texts {
			m := signedJSON(t)
			m[member.name] = text
			line := lineOf(t, m)
			record, rest := Next(line, true)
			require.Equal(t, line, record)
			require.Empty(t, rest)
			var got Record
			if Parse(line, &got) != nil {
				require.Equal(t, member.name, got.err.Member, line)
				continue
			}
			got.Unexpected = 0
			clean := want
			for _, r := range []*Record{&clean, &got} {
				switch {
				case member.text != nil:
					*member.text(r) = ""
				case member.field == FieldRemoteIP:
					r.RemoteIP, r.RemotePort = "", 0
				case member.field == FieldOperation:
					r.Operation = ""
				case member.field == FieldRequestURI:
					r.Method, r.Target, r.Version = "", "", ""
				}
			}
			require.Equal(t, clean, got, line)
		}
	}
}

// Records of random members, values and white space, some of them broken, are
// read as encoding/json reads them.
func TestJSONIsReadAsEncodingJSONReadsIt(t *testing.T) {
	rnd := rand.New(rand.NewPCG(16, 3))
	pick := func(list ...string) string { return list[rnd.IntN(len(list))] }
	read := 0
	for range 20_000 {
		var b strings.Builder
		b.WriteString(pick("", "", " ", "\t") + "{")
		rows := rnd.Perm(len(jsonMembers))
		for i, row := range rows[:rnd.IntN(len(rows)+1)] {
			if i > 0 {
				b.WriteString(pick(",", ",", " , "))
			}
			m := &jsonMembers[row]
			value := map[jsonKind]string{
				jsonString:  pick(`"a b"`, `"\u00e9\n\ud83d\ude00"`, "\"\xff\"", `"-"`, `""`, "null"),
				jsonInteger: pick("0", "200", "1000000000000000000", "null", "404"), jsonBoolean: pick("true", "false", "null"),
			}[m.kind]
			if rnd.IntN(60) == 0 {
				value = pick("1", "-0", "1.0", "[]", `{"a":[1,2,{}]}`, "tru", "{", `"`, "1e5", "01")
			}
			b.WriteString(`"` + m.name + `"` + pick(":", ":", " : ") + value)
		}
		line := b.String()
		for name, value := range map[string]string{"request_time": `"2026-02-06T00:00:38.123Z"`, "operation": `"REST.GET.OBJECT"`} {
			if !strings.Contains(line, name) {
				line = strings.TrimLeft(line, " \t")
				line = strings.TrimSuffix("{"+fmt.Sprintf(`%q:%s`, name, value)+","+line[1:], ",")
			}
		}
		for _, name := range []string{"request_time", "operation", "request_uri"} {
			line = strings.Replace(line, fmt.Sprintf(`%q:"a b"`, name), fmt.Sprintf(`%q:%q`, name, map[string]string{
				"request_time": "2026-02-06T00:00:38.123Z", "operation": "REST.GET.OBJECT", "request_uri": "GET / HTTP/1.1",
			}[name]), 1)
		}
		line += "}" + pick("", "", " ", "\r", "x")
		if rnd.IntN(4) == 0 {
			at := rnd.IntN(len(line))
			line = line[:at] + pick("", `"`, "\\", "}", "\x00", "\xff", ",", "[") + line[at+1:]
		}
		if isJSON(line) {
			checkJSON(t, line)
			checkNext(t, line)
		}
		var r Record
		if Parse(line, &r) == nil {
			read++
		}
	}
	assert.Greater(t, read, 2000)
}
