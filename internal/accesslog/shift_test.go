package accesslog

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	shiftStart  = testOwner + " bucket [06/Feb/2026:00:00:38 +0000] 192.0.2.3 - 3E57427F3EXAMPLE REST.GET.OBJECT k "
	shiftWhole  = `"GET /k HTTP/1.1" 200 - 1 1 1 1 `
	shiftHostID = "AIDAEXAMPLEEXAMPLE123 " + testHostID
)

// In each of these a reading of a higher rank would find the fields of the true
// tail in other places. The lines were found by slowreader.
func TestNoFieldOfTheTailIsFoundElsewhere(t *testing.T) {
	for name, text := range map[string]string{
		"a quoted Host behind a Host Id of two tokens":                          `"-" "curl" - ` + shiftHostID + ` SigV2 AES128 QueryString "h" TLSv1.2`,
		"a quoted Host without a Host Id":                                       `"-" "curl" - - SigV4 - AuthHeader "h:9020" -`,
		"a quoted Host with TLS only":                                           `"-" "curl" - - - AES128 - "h" TLSv1.3`,
		"a quoted Host and what could be a tail behind it":                      `"-" "curl" - ` + testHostID + ` - AES128 - "h" TLSv1.2 arn:aws:s3:::x - - - x -`,
		"a quote in the Host behind a bare User-Agent":                          `"-" - - ` + testHostID + ` - - - h" - -`,
		"quotes in Version Id and Host":                                         `"-" "curl" a"b - SigV2 AES128 QueryString h" TLSv1`,
		"a quote that ends a Version Id, a new signature":                       `"-" "curl" a" ` + testHostID + ` eu_west - - - - - -`,
		"a Host with spaces, a cipher suite and more fields":                    `"-" "curl" v ` + testHostID + ` SigV4 AES128 AuthHeader - - - - - h - QUIC arn:aws:s3:::x Yes`,
		"a quote that ends a Version Id, quotes in field 28":                    `"-" "cu"rl" v" ` + testHostID + ` - - N.o - - - - local* - a""b x y`,
		"a bare User-Agent behind quotes, a quoted Host":                        `"a" - - " " - - ` + testHostID + ` SigV4 AES128 QueryString "h" TLSv1.2`,
		"a whole tail in the User-Agent, a new TLS version, quotes in field 28": `"-" "x" - ` + testHostID + ` SigV4 AES128 QueryString h TLSv1.2 - - us-east-1 y" - - - AES128 - - QUIC - Yes us+east " new "a"`,
		"a new TLS version and dashes":                                          `"-" "curl" - - - - - - QUIC - - -`,
		"a new TLS version, dashes and a region":                                `"-" "curl" - - - - - - No - - us-east-1`,
		"a new authentication behind a User-Agent of tails":                     `- "a" "]" "" - - - - No - - arn:aws:s3:::x`,
		"a new authentication, and what could be a tail":                        `"-" "curl" - ` + testHostID + ` SigV4 - No h" - - - - x - 123 -`,
	} {
		var r Record
		assert.ErrorIs(t, Parse(shiftStart+shiftWhole+text, &r), ErrMalformed, name)
	}
}

// The bare "-" of a Version Id is none of a User-Agent, and the reverse.
func TestBareUserAgentIsReadBehindAReferer(t *testing.T) {
	for _, referer := range []string{"-", "https://example.org/", `a" "b`} {
		var r Record
		require.NoError(t, Parse(shiftStart+shiftWhole+`"`+referer+`" - v `+testHostID+" SigV5 AES128 AuthHeader h TLSv1.2 - - -", &r), referer)
		assert.Equal(t, []string{absent(referer), "", "v", testHostID}, []string{r.Referer, r.UserAgent, r.VersionID, r.HostID})
	}
}

func TestOutcomeIsTheLastOneOfARequestWithSpaces(t *testing.T) {
	const tail = ` "curl" - ` + testHostID + " SigV4 AES128 AuthHeader h TLSv1.2 - - -"
	for _, request := range []string{
		`"GET /k?a=" 200 - 1 1 1 1 "-" "x HTTP/1.1" 403 - 1 1 1 1 "-"`,
		`"GET /k?a=" 200 - 1 1 1 1 "-" "x" 403 - 1 1 1 1 "-"`,
		`"GET /x HTTP/1.1" 200 - 1 1 1 1 "-" "x" 403 - 1 1 1 1 -`,
	} {
		var r Record
		require.ErrorIs(t, Parse(shiftStart+request+tail, &r), ErrMalformed, request)
		require.Equal(t, ReasonAmbiguous, r.err.Reason, request)
	}
}

func TestCephTellsTheTailFromTheReferer(t *testing.T) {
	const tail = ` "curl" - - SigV4 - AuthHeader localhost:8000 - - -`
	var r Record
	require.NoError(t, FormatCeph.Parse(shiftStart+shiftWhole+"http://a/?b c"+tail, &r))
	assert.Equal(t, []string{"http://a/?b c", "SigV4"}, []string{r.Referer, r.SignatureVersion})
	for name, text := range map[string]string{
		"a bare Referer behind a second outcome": `"GET /k?a=" 200 - 1 1 1 1 "-" "x HTTP/1.1" 403 - 1 1 1 1 http://a/` + tail,
		"an outcome without a request in a key":  `- 200 - - - - - x "GET x" y HTTP/1.1" 403 - 1 1 1 1 -` + tail,
		"a quote in the Host, no User-Agent":     shiftWhole + `http://a/ - v ` + testHostID + ` SigV4 - AuthHeader "h" -`,
		"an outcome that ends the Referer":       `"GET /k" 200 - 1 1 1 1 "x x " 403 - 1 1 1 1 http://a/ "" - - SigV4 - AuthHeader h - - -`,
		"dashes before a Referer of a tail":      shiftWhole + `- - v ` + testHostID + ` SigV4 - AuthHeader h - - - us-east-1 "" -`,
	} {
		assert.ErrorIs(t, FormatCeph.Parse(shiftStart+text, &r), ErrMalformed, name)
	}
}
