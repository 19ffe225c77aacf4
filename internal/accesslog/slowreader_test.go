package accesslog

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/test/slowreader"
)

// tally is what became of the lines of a format.
type tally struct {
	lines, wellFormed, malformed, differences, forged int
}

func (c *tally) String() string {
	return fmt.Sprintf("%d lines: %d well-formed and %d malformed records, %d differences, %d forged", c.lines, c.wellFormed, c.malformed, c.differences, c.forged)
}

// rounds returns how many lines of a format are compared.
func rounds(short, full int) int {
	switch {
	case os.Getenv("SLOWREADER") != "":
		return full
	case raceEnabled:
		return short / 20
	}
	return short
}

func seed(t *testing.T) uint64 {
	text := os.Getenv("SLOWREADER_SEED")
	if text == "" {
		return 1
	}
	n, err := strconv.ParseUint(text, 10, 64)
	require.NoError(t, err, "SLOWREADER_SEED")
	return n
}

func TestSlowReaderAgrees(t *testing.T) {
	for _, test := range []struct {
		format      string
		name        string
		short, full int
		line        func(*slowreader.Generator) slowreader.Line
	}{
		{"aws", "text", 50_000, 1_000_000, (*slowreader.Generator).Text},
		{"aws", "json", 50_000, 1_000_000, func(g *slowreader.Generator) slowreader.Line { return slowreader.Line{Text: g.JSON()} }},
		{"ceph", "ceph", 50_000, 200_000, (*slowreader.Generator).Ceph},
		{"obs", "obs", 50_000, 200_000, (*slowreader.Generator).OBS},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := seed(t)
			g := slowreader.NewGenerator(s)
			var c tally
			for range rounds(test.short, test.full) {
				c.compare(t, Format(test.format), test.line(g))
			}
			t.Logf("%s, SLOWREADER_SEED=%d: %v", test.name, s, &c)
			require.Zero(t, c.differences)
			require.Zero(t, c.forged)
		})
	}
}

const shown = 12 // differences

// compare reads a line with both readers.
func (c *tally) compare(t *testing.T, format Format, line slowreader.Line) {
	c.lines++
	records := slowreader.Split(line.Text)
	rest := line.Text
	for i, text := range records {
		var one string
		one, rest = Next(rest, false)
		if one != text || (rest == "") != (i == len(records)-1) {
			c.differs(t, line.Text, fmt.Sprintf("record %d is %q, here %q", i, one, text))
			return
		}
		var parsed Record
		err := format.Parse(text, &parsed)
		want, ok := slowreader.Read(string(format), text)
		if err != nil {
			c.malformed++
		} else {
			c.wellFormed++
		}
		if (err == nil) != ok {
			c.differs(t, text, fmt.Sprintf("parser: %v, here well-formed: %v", err, ok))
			return
		}
		if err != nil {
			continue
		}
		if got := asSlow(&parsed); !reflect.DeepEqual(got, want) {
			c.differs(t, text, fmt.Sprintf("\n%+v\n%+v", got, want))
			return
		}
		if name := forged(string(format), &want, line); name != "" {
			if c.forged++; c.forged <= shown {
				t.Errorf("%s is forged by %v: %q\nof %q", name, line.Hostile, text, line.Words)
			}
		}
	}
}

func (c *tally) differs(t *testing.T, text, what string) {
	if c.differences++; c.differences <= shown {
		t.Errorf("%q\n%s", text, what)
	}
}

// asSlow returns r as the slow reader's.
func asSlow(r *Record) slowreader.Record {
	p := slowreader.Record{
		Owner: r.Owner, Bucket: r.Bucket, Seconds: r.Time, Millis: int(r.Millis), RemoteIP: r.RemoteIP, Port: int(r.RemotePort),
		Requester: r.Requester, RequestID: r.RequestID, Operation: r.Operation, Key: r.Key, RawKey: r.RawKey,
		Method: r.Method, Target: r.Target, Version: r.Version, Status: int64(r.Status), ErrorCode: r.ErrorCode,
		BytesSent: r.BytesSent, ObjectSize: r.ObjectSize, TotalTime: r.TotalTime, TurnAroundTime: r.TurnAroundTime,
		Referer: r.Referer, UserAgent: r.UserAgent, VersionID: r.VersionID, HostID: r.HostID, Signature: r.SignatureVersion,
		Cipher: r.CipherSuite, Auth: r.AuthType, Host: r.HostHeader, TLS: r.TLSVersion, ARN: r.AccessPointARN,
		ACL: [...]string{"", "no", "yes"}[r.ACLRequired], UnexpectedACL: r.UnexpectedACL, Region: r.SourceRegion, Extra: r.Extra, Fields: r.Fields,
	}
	for _, m := range r.Members {
		p.Members = append(p.Members, m.Name+"="+m.Value)
	}
	for field := Field(0); field < Fields; field++ {
		if r.Unexpected.Has(field) {
			p.Unexpected = append(p.Unexpected, field.String())
		}
	}
	slices.Sort(p.Unexpected)
	return p
}

// forged returns the name of a field that is not as the line was made, and whose
// text no client chose; "" when there is none.
func forged(format string, r *slowreader.Record, line slowreader.Line) string {
	if line.Words == nil || sameAsHonest(format, r, line.Words) {
		return ""
	}
	words := slices.Clone(line.Words)
	if format == "obs" { // has no fields behind the Version Id that have a name
		words = append(append(words[:19], make([]string, 9)...), words[19:]...)
	}
	acl := map[string]string{"yes": "Yes", "no": "", "": r.UnexpectedACL}[r.ACL]
	for field, got := range map[int]string{
		1: r.Owner, 2: r.Bucket, 5: r.Requester, 6: r.RequestID, 7: r.Operation, 8: r.Key, 11: r.ErrorCode,
		18: r.VersionID, 19: r.HostID, 20: r.Signature, 21: r.Cipher, 22: r.Auth, 23: r.Host, 24: r.TLS, 25: r.ARN, 26: acl, 27: r.Region,
	} {
		want := ""
		if field < len(words) {
			want = words[field]
		}
		if field == 23 && len(want) > 1 {
			want = strings.TrimPrefix(strings.TrimSuffix(want, `"`), `"`)
		}
		if want == "-" {
			want = ""
		}
		if got != want && !slices.Contains(line.Hostile, field) {
			return fmt.Sprintf("field %d", field)
		}
	}
	for field, got := range map[int]int64{10: r.Status, 12: r.BytesSent, 13: r.ObjectSize} {
		want := words[field]
		if strconv.FormatInt(got, 10) != want && (want != "-" || got != -1) {
			return fmt.Sprintf("field %d", field)
		}
	}
	if extra := words[min(28, len(words)):]; r.Extra != strings.Join(extra, " ") {
		return "fields 28 and on"
	}
	return ""
}

// sameAsHonest reports whether the line is the bytes of an honest record with
// other fields, so that no reader can tell: see the comment of ambiguous.go, and
// quotes in fields 28 and on, which no client chooses.
func sameAsHonest(format string, r *slowreader.Record, words []string) bool {
	// No method is a dash, and a whole request line that is about the key is taken
	// as it is.
	if uri := words[9]; r.Method == "" && strings.HasPrefix(uri, `"-" `) ||
		r.Version != "" && strings.HasPrefix(uri, `"`+r.Method+" "+r.Target+" HTTP/"+r.Version+`" `) {
		return true
	}
	// Ceph writes no User-Agent without quotes, and no record without a request.
	if format == "ceph" && (words[17] == "-" || r.Method == "" && strings.HasPrefix(words[9], `"`)) {
		return true
	}
	// A record of 18 fields without Referer and User-Agent, whose Request-URI has
	// spaces: its outcome could as well be the tail of a younger record.
	if len(words) == 19 && words[16] == "-" && words[17] == "-" && strings.Count(words[9], " ") > 2 {
		return true
	}
	if format == "obs" { // nothing behind the Version Id has a type
		return strings.ContainsAny(words[18], ` "`)
	}
	version, host := words[18], ""
	if len(words) > 23 {
		host = words[23]
	}
	spaces := strings.Contains(host, " ")
	id := strings.Split(words[min(19, len(words)-1)], " ")
	long := len(words) > 19 && len(id[len(id)-1]) >= 40
	switch {
	case strings.Contains(version, " ") && !long:
		return true
	case strings.Contains(host, `"`) && !long && !isKnownWord(words[20]) && !isKnownWord(words[22]):
		return true
	case words[17] == "-" && !long && strings.Contains(words[16][1:], `" "`):
		return true
	case strings.Contains(version, `"`) && !long:
		return true
	case spaces && strings.Contains(host, `"`), strings.Contains(version, " ") && strings.Contains(version, `"`):
		return true
	case len(words) == 19 && strings.Contains(version, " "):
		return true
	case strings.Contains(r.HostID, " ") && !strings.Contains(words[19], " "):
		return true
	case spaces && (len(r.Unexpected) > 0 || words[21] == "-" && (len(words) < 28 || words[27] == "-")):
		return true
	case spaces && r.Method == "": // no client sent it
		return true
	case len(words) > 28 && strings.Contains(strings.Join(words[28:], " "), `"`) && !strings.Contains(r.Extra, `"`):
		return true
	}
	return false
}

// isKnownWord reports whether a word of Signature Version or Authentication Type is one
// that a client sent.
func isKnownWord(word string) bool {
	return slices.Contains([]string{"SigV2", "SigV4", "SigV4A", "AuthHeader", "QueryString"}, word)
}
