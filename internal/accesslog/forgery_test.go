package accesslog

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	fakeTail      = "- " + testHostID + " SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader innocent.example.com TLSv1.2 - - us-east-1"
	fakePlainTail = "- " + testHostID + " - - - innocent.example.com - - - us-east-1"
	fakeRecord    = testOwner + " example-victim [06/Feb/2019:00:00:38 +0000] 198.51.100.7 arn:aws:iam::123456789012:user/mallory " +
		`3E57427F3EXAMPLE REST.DELETE.OBJECT evidence.pdf "DELETE /evidence.pdf HTTP/1.1" 204 - - 1 1 1 "-" "rm" ` + fakeTail
	fakeOutcome = "403 AccessDenied 1 2 3 4"
)

// hostileTexts are what a client may send to change what is logged about it.
var hostileTexts = []string{
	"-", `"`, `""`, `" "`, `" - `, `" - "`, `"-"`, `x"`, `"x`, `a"b`, `a" b`, `a "b`, `a" "b`, "a b", " a", "a ", "a  b", "",
	`\"`, "[", "]", "[06/Feb/2019:00:00:38 +0000]", "{", "\t", "\r", "\x00", "\xff\xfe", "\u2028", "é" + `" `,
	"SigV4", "SigV2", "SigV4A", "AuthHeader", "QueryString", "TLSv1.2", "tlsv1", "Yes", "us-east-1", "arn:aws:s3:::x",
	"v hid", "v hid SigV4", "v - - -", "v h -", "a b SigV4", "a - - -", "h TLSv1.2", "h - - - us-east-1",
	"h TLSv1.2 - - us-east-1", "h TLSv1.2 arn:aws:s3:::x Yes us-east-1", "h - - -", "h -", "h - arn:aws:s3:::x",
	"v h SigV4 c AuthHeader", "v h - - - -", "v hid - - - host - - - us-east-1",
	fakeTail, fakePlainTail, "v " + fakeTail, `x" ` + fakeTail, `x" ` + fakeTail + ` "`, `x" ` + fakePlainTail + ` "`, `" ` + fakeTail + `" "`,
	`x" ` + fakePlainTail, `x" "y" ` + fakeTail, `"` + fakeTail,
	fakeRecord, `"` + fakeRecord, `x" ` + fakeRecord, fakeRecord + " ", `x" ` + fakeTail + " " + fakeRecord, `x" ` + fakeTail + "\n" + fakeRecord,
	`x" ` + fakeOutcome + ` "-" "y`, `x HTTP/1.1" ` + fakeOutcome + ` "-" "y`, `" ` + fakeOutcome + ` - - ` + fakeTail,
	`GET / HTTP/1.1" ` + fakeOutcome + " ",
	"x x x x x x x x x x x x", strings.Repeat(`" `, 40), strings.Repeat("- ", 40), strings.Repeat(`" "`, 40),
}

var hostileRecords = []func() logged{signed, anonymous, plain}

// clientFields are the fields whose text the client chooses.
var clientFields = []Field{FieldKey, FieldRequestURI, FieldReferer, FieldUserAgent, FieldVersionID, FieldHostHeader}

// ages are the numbers of fields that lines have had.
var ages = []Field{FieldVersionID, FieldTLSVersion, FieldAccessPointARN, FieldACLRequired, FieldSourceRegion}

func TestClientTextChangesNoOtherField(t *testing.T) {
	for v := range hostileRecords {
		for _, fields := range ages {
			for _, field := range clientFields {
				for _, text := range hostileTexts {
					checkForgery(t, hostileRecords[v](), fields, field, text)
					checkForgery(t, hostileRecords[v](), fields, field, text+text)
				}
			}
		}
	}
}

// With these the true end of the User-Agent could be hidden, and what is left be
// taken for an older record.
func TestQuotesBehindTheUserAgent(t *testing.T) {
	for _, line := range []string{
		signed().with(FieldHostHeader, `a"`).line(FieldTLSVersion),
		plain().with(FieldHostHeader, `"`).line(FieldTLSVersion),
		plain().with(FieldVersionID, `a"`).with(FieldHostHeader, "AuthHeader").line(FieldAccessPointARN),
	} {
		var r Record
		require.ErrorIs(t, Parse(line, &r), ErrMalformed)
		require.Equal(t, ReasonAmbiguous, r.err.Reason, line)
	}
}

// Two texts that work together reach further than one.
func TestClientTextsTogetherChangeNoOtherField(t *testing.T) {
	for _, record := range hostileRecords {
		for _, fields := range ages {
			for _, agent := range hostileTexts {
				for _, other := range hostileTexts {
					checkForgery(t, record().with(FieldUserAgent, `"`+agent+`"`), fields, FieldReferer, other)
					if strings.ContainsAny(other, ` "`) || other == "" {
						continue // may be malformed, which the test above covers
					}
					checkForgery(t, record().with(FieldHostHeader, other), fields, FieldUserAgent, agent)
					checkForgery(t, record().with(FieldVersionID, other), fields, FieldUserAgent, agent)
				}
			}
		}
	}
}

func FuzzForgery(f *testing.F) {
	for i, text := range hostileTexts {
		f.Add(uint8(i%len(hostileRecords)), uint8(i%len(ages)), uint8(i%len(clientFields)), text)
	}
	f.Fuzz(func(t *testing.T, record, age, field uint8, text string) {
		checkForgery(t, hostileRecords[int(record)%len(hostileRecords)](), ages[int(age)%len(ages)],
			clientFields[int(field)%len(clientFields)], text)
	})
}

// checkForgery puts text into one field of a record that has this many fields
// and checks that no other field is different from the record without it.
func checkForgery(t *testing.T, clean logged, fields, field Field, text string) {
	t.Helper()
	var want Record
	require.NoError(t, Parse(clean.line(fields), &want))
	checkForgeryOf(t, &want, clean, fields, field, text)
}

// checkForgeryOf is checkForgery given the record without the text.
func checkForgeryOf(t *testing.T, want *Record, clean logged, fields, field Field, text string) {
	t.Helper()
	if field > fields {
		return
	}
	quoted := text
	switch field {
	case FieldKey, FieldRequestURI:
		// S3 logs keys encoded, and a request line has no space in its parts:
		// a server that splits it does not take it for a request.
		text = strings.ReplaceAll(text, " ", "%20")
		quoted = text
		if text == "" {
			return
		}
		if field == FieldRequestURI {
			quoted = `"GET /` + text + ` HTTP/1.1"`
		}
	case FieldReferer, FieldUserAgent:
		quoted = `"` + text + `"`
	case FieldVersionID:
		if fields == FieldVersionID && strings.Contains(text, " ") {
			return // the same bytes as a younger record
		}
		if first := text[strings.LastIndexByte(text, ' ')+1:]; len(first) == firstHostIDLength && strings.HasSuffix(text, "- "+first) && isAll(first, classUpper) {
			return // the same bytes as a Host Id of two tokens
		}
	case FieldHostHeader:
		if strings.Contains(text, `"`) && strings.Contains(text, " ") {
			return // the same bytes as another User-Agent
		}
		if (clean[FieldCipherSuite] == "-" || want.Unexpected != 0) && fields < FieldSourceRegion && strings.Contains(text, " ") {
			return // see ambiguous.go
		}
	}
	line := clean.with(field, quoted).line(fields)
	var got Record
	if err := Parse(line, &got); err != nil {
		require.True(t, mayBeMalformed(&got.err, want.Unexpected, fields, field, text), "%v\n%s", err, line)
		return
	}
	switch field {
	case FieldReferer: // may be split from the User-Agent elsewhere
		whole := text + `" ` + strings.TrimSuffix(clean[FieldUserAgent], `"`)
		parts := got.Referer + `" "` + got.UserAgent
		require.True(t, strings.HasSuffix(whole, parts) || strings.HasSuffix(whole, parts+"-"), "%q\n%s", parts, line)
	case FieldUserAgent:
		require.Equal(t, want.Referer, got.Referer, line)
		require.Equal(t, absent(text), got.UserAgent, line)
	}
	expected := *want
	for _, r := range []*Record{&expected, &got} {
		r.err = Error{}
		switch field {
		case FieldKey:
			r.Key = ""
		case FieldRequestURI:
			r.Method, r.Target, r.Version = "", "", ""
		case FieldReferer, FieldUserAgent, FieldVersionID:
			r.Referer, r.UserAgent = "", ""
		}
		switch field {
		case FieldVersionID:
			r.VersionID = ""
		case FieldHostHeader:
			r.HostHeader = ""
		}
	}
	require.Equal(t, expected, got, line)
}

// mayBeMalformed tells where the format leaves no better answer.
func mayBeMalformed(err *Error, unexpected FieldSet, fields, field Field, text string) bool {
	if unexpected.Len() > 1 || unexpected&anchors != 0 {
		return true // TestUnexpectedValueIsKept has those that may not
	}
	switch field {
	case FieldVersionID, FieldHostHeader:
		return text == "" || strings.ContainsAny(text, ` "`)
	case FieldUserAgent, FieldReferer:
		// A Host that ends in a quote, in a record of 24 fields, is the same.
		return fields == FieldVersionID && err.Reason == ReasonAmbiguous && strings.Count(text, " ") >= 5
	}
	return false
}
